"""An account's books in memory: which lots an operation takes from, and what it leaves.

Pure: `Books` starts from the account's open lots, every operation appends postings, and `loyalty.ledger` writes them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from loyalty.engine.quantities import ZERO

Move = tuple[int, Decimal]
PostingKind = Literal["opening", "earn", "redeem", "expire", "clawback", "reinstate", "adjust", "move"]


class NotEnoughPoints(Exception):  # noqa: N818
    """More was to be spent than is usable."""


class OpenLot(Struct, array_like=True):
    """A lot with something left. `reserved` is kept by holds that are still alive."""

    id: int
    rest: Decimal
    reserved: Decimal
    available_at: dt.datetime
    expires_at: dt.datetime | None
    sale_id: int | None
    own_expires_at: dt.datetime | None = None
    """Without the end that an account without purchases sets to all its lots."""

    @property
    def free(self) -> Decimal:
        return self.rest - self.reserved

    def usable(self, now: dt.datetime) -> bool:
        return self.available_at <= now and not self.expired(now)

    def expired(self, now: dt.datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Given(Struct, frozen=True, omit_defaults=True):
    """What a lot keeps that is moved from one account to another: the sale that earned it, who gave it, and when."""

    sale_id: int | None = None
    merchant_id: int | None = None
    created_at: dt.datetime | None = None


class NewLot(Struct, frozen=True, omit_defaults=True):
    """A lot to be written. `rest` is what is left of `amount` after paying a debt."""

    amount: Decimal
    rest: Decimal
    available_at: dt.datetime
    expires_at: dt.datetime | None
    rule: str
    origin: int | None = None
    given: Given | None = None


class Posting(Struct, frozen=True):
    """One entry: the change of the balance, the lots that it moved (signed), and the lot that it made."""

    kind: PostingKind
    points: Decimal
    balance_after: Decimal
    lots: tuple[int, ...] = ()
    parts: tuple[Decimal, ...] = ()
    rule: str = ""
    new_lot: NewLot | None = None
    at: dt.datetime | None = None


class Taken(Struct, frozen=True):
    """What became of points that were to be taken back."""

    taken: Decimal
    forgiven: Decimal


class Books:
    """The books of one account at one moment. Balance = points - debt; one of the two is always zero."""

    def __init__(self, *, points: Decimal, debt: Decimal, lots: Sequence[OpenLot], now: dt.datetime) -> None:
        self.points = points
        self.debt = debt
        self.now = now
        self.lots = sorted(lots, key=_spending_order)
        self.postings: list[Posting] = []
        self.new_lots: list[NewLot] = []
        self.moved: dict[int, Decimal] = {}
        self.unreserved: dict[int, Decimal] = {}
        self.forgiven = ZERO

    @property
    def balance(self) -> Decimal:
        return self.points - self.debt

    @property
    def shown(self) -> Decimal:
        """The balance for everybody's eyes: without what a late receipt earned too long ago to be of use."""
        gone = (lot.rest for lot in self.new_lots if lot.expires_at is not None and lot.expires_at <= self.now)
        return self.balance - sum(gone, ZERO)

    @property
    def available(self) -> Decimal:
        """Points that may be spent at this moment: the free rests of the usable lots."""
        now, found = self.now, ZERO
        for lot in self.lots:
            if lot.available_at <= now and (lot.expires_at is None or lot.expires_at > now):
                found += lot.rest - lot.reserved
        for new in self.new_lots:
            if self._usable(new):
                found += new.rest
        return found

    @property
    def pending(self) -> Decimal:
        lots = sum((lot.rest for lot in self.lots if lot.available_at > self.now), ZERO)
        return lots + sum((lot.rest for lot in self.new_lots if lot.available_at > self.now), ZERO)

    @property
    def pending_until(self) -> dt.datetime | None:
        """When the last of them may be spent; None where none are pending."""
        lots: list[OpenLot | NewLot] = [*self.lots, *self.new_lots]
        return max((lot.available_at for lot in lots if lot.rest and lot.available_at > self.now), default=None)

    @property
    def held(self) -> Decimal:
        return sum((lot.reserved for lot in self.lots), ZERO)

    def next_expiry(self) -> tuple[dt.datetime, Decimal] | None:
        """The next moment at which points will be gone, and how many."""
        rests: dict[dt.datetime, Decimal] = {}
        lots: list[OpenLot | NewLot] = [*self.lots, *self.new_lots]
        for lot in lots:
            if lot.expires_at is not None and lot.expires_at > self.now and lot.rest:
                rests[lot.expires_at] = rests.get(lot.expires_at, ZERO) + lot.rest
        return min(rests.items(), default=None)

    def expire_due(self) -> None:
        """What is past its time goes first, before anything else is written. Held points wait for their hold."""
        now = self.now
        for lot in self.lots:
            if lot.expires_at is not None and lot.expires_at <= now and lot.free > 0:
                self._post("expire", [self._cut(lot, lot.free)], at=lot.expires_at)

    def lapses(self, at: dt.datetime | None) -> None:
        """The account's lots end at this moment at the latest (None: each at its own): a purchase moves it."""
        for lot in self.lots:
            own = lot.own_expires_at
            lot.expires_at = own if at is None else at if own is None else min(own, at)

    def credit(
        self,
        kind: PostingKind,
        points: Decimal,
        *,
        rule: str,
        available_at: dt.datetime,
        expires_at: dt.datetime | None,
        origin: int | None = None,
        mark: str = "",
        given: Given | None = None,
    ) -> None:
        """A new lot. A debt is paid first, out of it. The entry names the lot's rule, or a mark of its own."""
        paid = min(points, self.debt)
        lot = NewLot(points, points - paid, available_at, expires_at, rule, origin, given)
        self.debt -= paid
        self.points += points - paid
        self.new_lots.append(lot)
        self.postings.append(Posting(kind, points, self.balance, rule=mark or rule, new_lot=lot))

    def pick(self, points: Decimal) -> list[tuple[int, Decimal]]:
        """The lots that spending would take from, and how much of each: what a hold reserves."""
        picked = []
        for lot in self._usable_lots():
            part = min(lot.free, points)
            if part > 0:
                picked.append((lot.id, part))
                points -= part
        if points > 0:
            raise NotEnoughPoints
        return picked

    def spend(self, points: Decimal, *, kind: PostingKind = "redeem", mark: str = "") -> None:
        """Take usable points, the soonest to expire first. NotEnoughPoints, and nothing taken, if too few."""
        usable = self._usable_lots()
        if points > sum((lot.free for lot in usable), ZERO):
            raise NotEnoughPoints
        moves, _none = self._take(points, usable)
        self._post(kind, moves, rule=mark)

    def spend_held(self, points: Decimal, reserved: dict[int, Decimal]) -> None:
        """Spend what a hold has kept. If some of it was taken back meanwhile, others pay, and then a debt."""
        moves = []
        for lot in self.lots:
            part = min(reserved.get(lot.id, ZERO), lot.rest, points)
            if part > 0:
                lot.reserved = max(lot.reserved - part, ZERO)
                points -= part
                moves.append(self._cut(lot, part))
        self._spend_or_owe(points, moves)

    def spend_given(self, points: Decimal) -> None:
        """Spend points that the client has already been given at a till: what is missing becomes a debt."""
        self._spend_or_owe(points, [])

    def take_back(self, points: Decimal, *, sale_id: int, rule: str, clamp: bool, coming: Decimal = ZERO) -> Taken:
        """Take earned points back: from the sale's own lots, other usable ones, pending ones, and then as a debt.

        With `clamp` there is no debt: what is not there is forgiven. `coming` points will be credited in the same
        write: they are owed in advance, before holds are touched and before anything is forgiven.
        """
        own = [lot for lot in self._living_lots() if lot.sale_id == sale_id]
        moves, left = self._take(points, own)
        more, left = self._take(left, self._living_lots())
        advance = min(left, max(coming - self.debt, ZERO))
        # Points that holds keep go last; their sales will find them missing and owe them.
        held, left = self._take_held(left - advance)
        forgiven = left if clamp else ZERO
        self.forgiven += forgiven
        self._post("clawback", [*moves, *more, *held], owed=advance + left - forgiven, rule=rule)
        return Taken(points - forgiven, forgiven)

    def unadd(self, points: Decimal, *, lot_id: int, mark: str) -> tuple[Decimal, Decimal]:
        """Take back what was added by hand: from its own lot, other usable ones, pending ones, held ones, and then as
        a debt. Returns what came from elsewhere than its own lot, and the debt."""
        own, left = self._take(points, [lot for lot in self._living_lots() if lot.id == lot_id])
        spent = left
        more, left = self._take(left, self._living_lots())
        held, owed = self._take_held(left)
        self._post("adjust", [*own, *more, *held], owed=owed, rule=mark)
        return spent, owed

    def move_out(self, parts: Mapping[int, Decimal], *, mark: str) -> None:
        """Points that go to another account of the client: so much of each of these lots."""
        self._post("move", [self._cut(lot, parts[lot.id]) for lot in self.lots if parts.get(lot.id)], rule=mark)

    def move_debt_out(self, points: Decimal, *, mark: str) -> None:
        """A debt that another account of the client has from now on."""
        self._post("move", [], owed=-points, rule=mark)

    def move_debt_in(self, points: Decimal, *, mark: str) -> None:
        """Another account's debt is this one's now: its points pay it, usable ones first, then pending ones."""
        moves, owed = self._take(points, self._living_lots())
        self._post("move", moves, owed=owed, rule=mark)

    def write_off(self, *, mark: str) -> None:
        """Nothing is left, whoever had it in mind: all points are gone as if they had expired, a debt is let go."""
        self._post("expire", [self._cut(lot, lot.rest) for lot in self.lots if lot.rest], rule=mark)
        self._post("adjust", [], owed=-self.debt, rule=mark)

    def _spend_or_owe(self, points: Decimal, moves: list[Move]) -> None:
        more, points = self._take(points, self._living_lots())
        held, points = self._take_held(points)
        self._post("redeem", [*moves, *more, *held], owed=points)

    def _usable_lots(self) -> list[OpenLot]:
        return [lot for lot in self.lots if lot.usable(self.now)]

    def _living_lots(self) -> list[OpenLot]:
        """Usable lots, then pending ones."""
        return [*self._usable_lots(), *(lot for lot in self.lots if lot.available_at > self.now)]

    def _take(self, points: Decimal, lots: Iterable[OpenLot]) -> tuple[list[Move], Decimal]:
        """Take free points from lots in their order. Returns the moves, and what could not be taken."""
        moves = []
        for lot in lots:
            part = min(lot.free, points)
            if part > 0:
                moves.append(self._cut(lot, part))
                points -= part
        return moves, points

    def _take_held(self, points: Decimal) -> tuple[list[Move], Decimal]:
        """Take what holds have kept: points and a debt never stand side by side, not even while a hold lasts."""
        moves = []
        for lot in self.lots:
            part = min(lot.reserved, lot.rest, points)
            if part > 0:
                lot.reserved -= part
                self.unreserved[lot.id] = self.unreserved.get(lot.id, ZERO) + part
                moves.append(self._cut(lot, part))
                points -= part
        return moves, points

    def _cut(self, lot: OpenLot, part: Decimal) -> Move:
        lot.rest -= part
        self.moved[lot.id] = self.moved.get(lot.id, ZERO) - part
        return lot.id, -part

    def _usable(self, lot: NewLot) -> bool:
        return lot.available_at <= self.now and (lot.expires_at is None or lot.expires_at > self.now)

    def _post(
        self,
        kind: PostingKind,
        moves: Sequence[Move],
        *,
        owed: Decimal = ZERO,
        rule: str = "",
        at: dt.datetime | None = None,
    ) -> None:
        by_lot: dict[int, Decimal] = {}
        for lot_id, part in moves:
            by_lot[lot_id] = by_lot.get(lot_id, ZERO) + part
        change = sum(by_lot.values(), ZERO)
        if not change and not owed:
            return
        self.points += change
        self.debt += owed
        self.postings.append(
            Posting(kind, change - owed, self.balance, tuple(by_lot), tuple(by_lot.values()), rule=rule, at=at)
        )


def _spending_order(lot: OpenLot) -> tuple[bool, dt.datetime, int]:
    """The soonest to expire first, then the oldest; those that never expire last."""
    return lot.expires_at is None, lot.expires_at or lot.available_at, lot.id
