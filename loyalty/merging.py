"""Two accounts of one person become one, and two again where that was a mistake.

The dropped account becomes an alias of the kept one. Its cards, receipts, coupons and certificates go over; its points
go by a counter-entry there and entries here whose lots keep their rule, sale, giver and dates, so that nothing gets
younger or older; a debt goes likewise, and is paid by the other's points. Entries stay where they were written. What
was moved stands in `AccountMerge.moved`, by keys.

Undoing puts back what is still there: points that were spent or have expired meanwhile do not come back, and no points
are made. Counters are counted anew from the receipts, both times.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, Literal

from django.db import connection, transaction
from msgspec import Struct

from loyalty import ledger
from loyalty.engine import tiers
from loyalty.engine.books import Books, Given
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.kin import kin_of
from loyalty.ledger import AccountState
from loyalty.merging_rows import Moved, hand_back, hand_over, recount
from loyalty.models import Account, AccountMerge, Entry, Lot, Sale
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.standing import NO_RULES, counters_of
from merchants import audit
from merchants.access import Actor, same_tenant

UNDONE_WITHIN: Final = dt.timedelta(days=30)
MARK: Final = "merge:"
UNMARK: Final = "unmerge:"

Why = Literal["same", "blocked", "merged", "removed", "hold", "invited", "done", "late", "merged_on"]


class CannotMerge(Exception):  # noqa: N818  # it reads: `raise CannotMerge("hold")`
    """`same` account twice; one is `blocked`, `merged` or `removed`; a `hold` is open; one `invited` the other.

    Of an undoing: `done` already, `late`, `merged_on` into a third account since, a `hold` is open.
    """

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class Side(Struct, frozen=True):
    """An account in numbers. `balance` is points less debt."""

    balance: Decimal
    spent: Decimal
    visits: int
    purchases: int
    tier: str


class Merging(Struct, frozen=True):
    """What a merge makes: both as they are, and the kept one as it will be. `paid` is the debt that points pay."""

    kept: Side
    dropped: Side
    balance: Decimal
    spent: Decimal
    purchases: int
    paid: Decimal = ZERO


class Unmerging(Struct, frozen=True):
    """What an undoing makes. Of `moved` points `back` come back, the rest (`gone`) has been spent or has expired;
    returns of older receipts may have added some. Of a debt that was moved, `debt_back` is owed by the dropped account
    again."""

    moved: Decimal
    back: Decimal
    kept_before: Decimal
    kept_after: Decimal
    sales: int
    debt_moved: Decimal = ZERO
    debt_back: Decimal = ZERO

    @property
    def gone(self) -> Decimal:
        return max(self.moved - self.back, ZERO)


# ---------------------------------------------------------------- two become one


def foresee_merge(*, keep: Account, drop: Account, now: dt.datetime) -> Merging:
    """What merging would make now; nothing is written. Raises CannotMerge."""
    program_id = same_tenant(keep, drop)
    _check_merge(program_id, keep, drop, now)
    return _Pair(program_id, keep.pk, drop.pk, now).merging()


@transaction.atomic
def merge(*, keep: Account, drop: Account, now: dt.datetime, by: Actor) -> AccountMerge:
    """Whatever finds `drop` finds `keep` from now on. Raises CannotMerge, and nothing has changed."""
    program_id = same_tenant(keep, drop)
    if keep.pk == drop.pk:
        raise CannotMerge("same")
    # The referees, too: they are about to get another referrer, and their sales lock those above them.
    referees = list(Account.objects.filter(program_id=program_id, referrer=drop.pk).values_list("pk", flat=True))
    ledger.lock_all(program_id=program_id, accounts=[keep.pk, drop.pk, *referees])
    keep.refresh_from_db()
    drop.refresh_from_db()
    _check_merge(program_id, keep, drop, now)
    _end_dead_holds(program_id, [keep.pk, drop.pk])
    pair = _Pair(program_id, keep.pk, drop.pk, now)
    row = AccountMerge.objects.create(program_id=program_id, kept=keep, dropped=drop, at=now, actor=str(by)[:120])
    moved = Moved(
        points=pair.theirs.points,
        debt=pair.theirs.debt,
        lots_before=_last_lot(),
        dropped_tier_ends_at=drop.tier_ends_at,
        kept_tier=keep.tier,
        kept_tier_ends_at=keep.tier_ends_at,
    )
    pair.move(f"{MARK}{row.pk}")
    pair.post(by)
    hand_over(moved, keep=keep, drop=drop, referees=referees)
    for account in (keep, drop):
        recount(account)
    _settle(program_id, keep.pk, pair.rulebook, now)
    row.moved = moved.as_json()
    row.save(update_fields=["moved"])
    audit.record(
        program_id=program_id,
        action="account.merged",
        at=now,
        by=by,
        subject=keep,
        details={"dropped": drop.pk, "merge": row.pk, "points": str(moved.points), "debt": str(moved.debt)},
    )
    keep.refresh_from_db()
    drop.refresh_from_db()
    return row


def _check_merge(program_id: int, keep: Account, drop: Account, now: dt.datetime) -> None:
    if keep.pk == drop.pk:
        raise CannotMerge("same")
    for account in (keep, drop):
        match account.status:
            case Account.Status.BLOCKED:
                raise CannotMerge("blocked")
            case Account.Status.MERGED:
                raise CannotMerge("merged")
            case Account.Status.REMOVED:
                raise CannotMerge("removed")
    _check_holds(program_id, [keep.pk, drop.pk], now)
    if _above(keep, drop) or _above(drop, keep) or _awarded(program_id, keep, drop):
        raise CannotMerge("invited")


def _check_holds(program_id: int, accounts: list[int], now: dt.datetime) -> None:
    holds = Sale.objects.filter(program_id=program_id, account__in=accounts, status=Sale.Status.HELD)
    if holds.filter(hold_until__gt=now).exists():
        raise CannotMerge("hold")


def _above(lower: Account, upper: Account) -> bool:
    """Whether `upper` invited `lower`, or somebody above him."""
    above, seen = lower, {lower.pk}
    while True:
        following = above.merged_into or above.referrer
        if following is None or following.pk in seen:
            return False
        if following.pk == upper.pk:
            return True
        seen.add(following.pk)
        above = following


def _awarded(program_id: int, one: Account, other: Account) -> bool:
    """Whether one got points for a receipt of the other: a return of it would find both in one account."""
    first, second = kin_of(program_id, [one.pk]), kin_of(program_id, [other.pk])
    entries = Entry.objects.filter(program_id=program_id)
    return (
        entries.filter(account__in=first, sale__account__in=second).exclude(account__in=second).exists()
        or entries.filter(account__in=second, sale__account__in=first).exclude(account__in=first).exists()
    )


# ---------------------------------------------------------------- and two again


def foresee_unmerge(*, merge: AccountMerge, now: dt.datetime) -> Unmerging:
    """What undoing would make now; nothing is written. Raises CannotMerge."""
    program_id = same_tenant(merge)
    _check_unmerge(merge, now)
    pair, moved = _Pair(program_id, merge.kept_id, merge.dropped_id, now), Moved.from_json(merge.moved)
    return pair.unmerging(moved, pair.still_there(moved))


@transaction.atomic
def unmerge(*, merge: AccountMerge, now: dt.datetime, by: Actor) -> Unmerging:
    """Put back what is still there. Raises CannotMerge, and nothing has changed."""
    program_id = same_tenant(merge)
    referees = list(merge.moved.get("referees", ()))
    ledger.lock_all(program_id=program_id, accounts=[merge.kept_id, merge.dropped_id, *referees])
    merge = AccountMerge.objects.select_for_update(of=("self",)).get(program_id=program_id, pk=merge.pk)
    _check_unmerge(merge, now)
    _end_dead_holds(program_id, [merge.kept_id])
    keep, drop = merge.kept, merge.dropped
    pair = _Pair(program_id, keep.pk, drop.pk, now)
    moved = Moved.from_json(merge.moved)
    parts = pair.still_there(moved)
    done = pair.unmerging(moved, parts)
    pair.move_back(moved, parts, f"{UNMARK}{merge.pk}")
    pair.post(by)
    keep.refresh_from_db()
    hand_back(moved, keep=keep, drop=drop)
    for account in (keep, drop):
        recount(account)
        _settle(program_id, account.pk, pair.rulebook, now)
    AccountMerge.objects.filter(pk=merge.pk).update(undone_at=now, undone_by=str(by)[:120])
    audit.record(
        program_id=program_id,
        action="account.unmerged",
        at=now,
        by=by,
        subject=keep,
        details={"dropped": drop.pk, "merge": merge.pk, "points": str(done.back), "debt": str(done.debt_back)},
    )
    return done


def undoable(account: Account, now: dt.datetime) -> list[AccountMerge]:
    """Merges into this account that may still be undone, the newest first."""
    rows = AccountMerge.objects.filter(program_id=account.program_id, kept=account, undone_at=None)
    return list(rows.filter(at__gt=now - UNDONE_WITHIN).order_by("-pk"))


def _check_unmerge(merge: AccountMerge, now: dt.datetime) -> None:
    if merge.undone_at is not None:
        raise CannotMerge("done")
    if merge.at <= now - UNDONE_WITHIN:
        raise CannotMerge("late")
    match Account.objects.values_list("status", flat=True).get(pk=merge.kept_id):
        case Account.Status.MERGED:
            raise CannotMerge("merged_on")
        case Account.Status.REMOVED:
            raise CannotMerge("removed")
    _check_holds(merge.program_id, [merge.kept_id], now)


# ---------------------------------------------------------------- the books of both


class _Pair:
    """Both accounts' books at one moment; the caller holds their locks where he writes."""

    def __init__(self, program_id: int, kept: int, dropped: int, now: dt.datetime) -> None:
        self.program_id, self.dropped, self.now = program_id, dropped, now
        self.state = ledger.read(program_id=program_id, account_id=kept, now=now)
        self.their_state = ledger.read(program_id=program_id, account_id=dropped, now=now)
        self.ours, self.theirs = ledger.books_of(self.state, now), ledger.books_of(self.their_state, now)
        try:
            self.rulebook = rulebook_at(program_id, now)[1]
        except Refused:
            self.rulebook = NO_RULES

    def merging(self) -> Merging:
        ours, theirs = self._side(self.state, self.ours), self._side(self.their_state, self.theirs)
        return Merging(
            kept=ours,
            dropped=theirs,
            balance=ours.balance + theirs.balance,
            spent=ours.spent + theirs.spent,
            purchases=ours.purchases + theirs.purchases,
            paid=max(min(self.ours.points, self.theirs.debt), min(self.theirs.points, self.ours.debt)),
        )

    def move(self, mark: str) -> None:
        debt = self.theirs.debt
        parts = {lot.id: lot.rest for lot in self.theirs.lots if lot.rest}
        self._carry(parts, self.theirs, self.ours, mark)
        if debt:
            self.theirs.move_debt_out(debt, mark=mark)
            self.ours.move_debt_in(debt, mark=mark)
        # All points go for want of purchases at one moment: the later one.
        ends = [end for end in (self.state.inactive_at, self.their_state.inactive_at) if end is not None]
        self.state.inactive_at = max(ends, default=None)
        ranks = self.rulebook.tiers_by_id
        if ranks.get(self.their_state.tier, -1) > ranks.get(self.state.tier, -1):
            self.state.tier, self.state.tier_ends_at = self.their_state.tier, self.their_state.tier_ends_at
        self.their_state.inactive_at = self.their_state.tier_ends_at = None

    def unmerging(self, moved: Moved, parts: Mapping[int, Decimal]) -> Unmerging:
        """`parts` are those of `still_there`."""
        back = sum(parts.values(), ZERO)
        debt = min(moved.debt, self.ours.debt)
        return Unmerging(
            moved=moved.points,
            back=back,
            kept_before=self.ours.balance,
            kept_after=self.ours.balance - back + debt,
            sales=len(moved.sales),
            debt_moved=moved.debt,
            debt_back=debt,
        )

    def move_back(self, moved: Moved, parts: Mapping[int, Decimal], mark: str) -> None:
        debt = min(moved.debt, self.ours.debt)
        self._carry(parts, self.ours, self.theirs, mark)
        if debt:
            self.ours.move_debt_out(debt, mark=mark)
            self.theirs.move_debt_in(debt, mark=mark)
        self.their_state.inactive_at = self.state.inactive_at
        self.their_state.tier_ends_at = moved.dropped_tier_ends_at
        if self.state.tier_ends_at is not None or moved.kept_tier_ends_at is not None:
            self.state.tier_ends_at = moved.kept_tier_ends_at
        self.state.tier = moved.kept_tier

    def post(self, by: Actor) -> None:
        for state, books in ((self.their_state, self.theirs), (self.state, self.ours)):
            ledger.post(
                ledger.grouped(
                    state,
                    books,
                    program_id=self.program_id,
                    merchant_id=state.merchant_id,
                    at=self.now,
                    now=self.now,
                    actor=str(by),
                )
            )

    def _carry(self, parts: Mapping[int, Decimal], source: Books, target: Books, mark: str) -> None:
        """Points of these lots, the soonest to expire first: a debt of the target is paid out of them in that order."""
        rows = Lot.objects.filter(program_id=self.program_id).in_bulk(list(parts))
        for lot in list(source.lots):
            if part := parts.get(lot.id):
                row = rows[lot.id]
                source.move_out({lot.id: part}, mark=mark)
                target.credit(
                    "move",
                    part,
                    rule=row.rule,
                    available_at=row.available_at,
                    expires_at=row.expires_at,
                    origin=row.pk,
                    mark=mark,
                    given=Given(row.sale_id, row.merchant_id, row.created_at),
                )

    def still_there(self, moved: Moved) -> dict[int, Decimal]:
        """What is left of the lots that the merge moved here, and of points that came back to them since: lots younger
        than the merge that descend from one of the dropped account, be it by way of a third one."""
        before = moved.lots_before
        open_lots = {lot.id: lot.rest for lot in self.ours.lots if lot.rest and lot.id > before}
        above = {key: key for key in open_lots}
        found: dict[int, Decimal] = {}
        lots = Lot.objects.filter(program_id=self.program_id)
        while above:
            rows = {
                pk: (account, origin)
                for pk, account, origin in lots.filter(pk__in=set(above.values())).values_list(
                    "pk", "account_id", "origin_id"
                )
            }
            further = {}
            for key, looked_at in above.items():
                account, origin = rows[looked_at]
                if account == self.dropped:
                    found[key] = open_lots[key]
                elif looked_at > before and origin is not None:
                    further[key] = origin
            above = further
        return found

    def _side(self, state: AccountState, books: Books) -> Side:
        tier = tiers.held(self.rulebook, counters_of(state, self.rulebook), self.now).tier
        return Side(books.balance, state.spent, state.visits, state.purchases, tier.title if tier else "")


def _settle(program_id: int, account_id: int, rulebook: Rulebook, now: dt.datetime) -> None:
    """The tier is looked at with what the account counts now. Nobody gets the gift of a tier by it."""
    state = ledger.read(program_id=program_id, account_id=account_id, now=now)
    held = tiers.held(rulebook, counters_of(state, rulebook), now)
    tier = held.tier.id if held.tier else state.tier
    Account.objects.filter(program_id=program_id, pk=account_id).update(tier=tier, tier_ends_at=held.ends_at)


def _end_dead_holds(program_id: int, accounts: list[int]) -> None:
    """Holds whose time has passed, and which nobody has tidied up: they are without effect, and stay behind nowhere."""
    dead = Sale.objects.filter(program_id=program_id, account__in=accounts, status=Sale.Status.HELD)
    for key in dead.order_by("pk").values_list("pk", flat=True):
        ledger.call("SELECT loyalty_end_hold(%s)", [key])


def _last_lot() -> int:
    """Lots that are written from now on have greater keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM loyalty_lot_id_seq")
        row: Any = cursor.fetchone()
    return int(row[0])
