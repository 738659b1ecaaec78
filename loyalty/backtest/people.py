"""The clients of a back test: what the database keeps of an account, in memory, and no more than the rules need."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct

from loyalty import ledger
from loyalty.engine.books import Books, OpenLot
from loyalty.engine.cart import Used
from loyalty.engine.limits import periods
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import AccountState, summed

# Uses of a rule in a period that is over: a return may still look for them.
_PERIODS_KEPT = dt.timedelta(days=62)


class HeldLot(OpenLot):
    """An open lot that knows its rule."""

    rule: str = ""


class Stood(Struct):
    """A receipt of a day that has not been returned wholly."""

    sale: int
    is_visit: bool
    redeemed: Decimal
    kept: bool


class Person:
    """One client under one set of rules."""

    __slots__ = (
        "bought",
        "coupons",
        "discount",
        "earned",
        "last_used",
        "referees",
        "referrer",
        "state",
        "stood",
        "used",
    )

    def __init__(self, state: AccountState, referrer: int | None) -> None:
        self.state, self.referrer = state, referrer
        self.referees: list[Person] = []
        self.used: dict[tuple[str, str], Used] = {}
        self.last_used: dict[tuple[str, str], dt.date] = {}
        self.stood: dict[dt.date, list[Stood]] = {}
        # Unused personal coupons by rule, with their ends.
        self.coupons: dict[str, list[dt.datetime]] = {}
        # What the rules have given in the period that is looked at: points (net of returns), discounts.
        self.earned = ZERO
        self.discount = ZERO
        self.bought = 0

    def books(self, now: dt.datetime) -> Books:
        """With what is due already expired, as the sweep leaves them."""
        lapsed = self.state.inactive_at is not None and self.state.inactive_at <= now
        books = ledger.books_of(self.state, now)
        if lapsed:
            # The sweep has been there: what comes now lives as long as it may, and what holds keep is past its time.
            for lot in books.lots:
                lot.own_expires_at = lot.expires_at
        return books

    def look_back(self, rulebook: Rulebook, day: dt.date) -> None:
        """What a sale of this day has to know besides the books."""
        state = self.state
        if rulebook.remembers:
            wanted = _periods(day)
            state.used = [
                (one.rule, one.period, one.given, one.times, one.measure)
                for (_rule, period), one in self.used.items()
                if period in wanted
            ]
        if self.referees:
            firsts = (person.state for person in self.referees if person.state.purchases > 0)
            state.referred = [first.first_purchase_at for first in firsts if first.first_purchase_at is not None]

    def remember(self, day: dt.date, back: int) -> None:
        """After a write: what rules have given, and so many days of history."""
        state = self.state
        if state.changes:
            for change in summed(state.changes):
                key = (change.rule, change.period)
                known = self.used.get(key, Used(*key))
                self.used[key] = Used(
                    *key, known.given + change.given, known.times + change.times, known.measure + change.measure
                )
                self.last_used[key] = day
            state.changes = []
            if len(self.used) > 40:
                self._forget(day)
        if not back:
            state.days = []
        elif len(state.days) > 8:
            # A late receipt looks back from its own day.
            oldest = day - dt.timedelta(days=back) - _PERIODS_KEPT
            state.days = [one for one in state.days if one[0] >= oldest]

    def _forget(self, day: dt.date) -> None:
        old = [key for key, last in self.last_used.items() if key[1] and last < day - _PERIODS_KEPT]
        for key in old:
            del self.used[key], self.last_used[key]

    def stand(self, day: dt.date, stood: Stood, keep: int) -> None:
        known = self.stood.get(day)
        if known is not None:
            known.append(stood)
            return
        oldest = day - dt.timedelta(days=keep)
        for old in [one for one in self.stood if one < oldest]:
            if not any(each.kept for each in self.stood[old]):
                del self.stood[old]
        self.stood[day] = [stood]

    def settle(self, lots: Iterable[HeldLot]) -> None:
        """The open lots after a write, each with the end that it really has."""
        state = self.state
        end = state.inactive_at
        living: list[OpenLot] = [lot for lot in lots if lot.rest]
        state.lots = living
        if end is None:
            for lot in living:
                lot.expires_at = lot.own_expires_at
            return
        for lot in living:
            own = lot.own_expires_at
            lot.expires_at = end if own is None else min(own, end)

    def copy(self) -> Person:
        """As a second set of rules finds him; `referees` are the caller's to find anew."""
        state = self.state
        twin = Person(_copied(state), self.referrer)
        twin.used, twin.last_used = dict(self.used), dict(self.last_used)
        twin.stood = {
            day: [Stood(s.sale, s.is_visit, s.redeemed, s.kept) for s in stood] for day, stood in self.stood.items()
        }
        twin.coupons = {rule: list(ends) for rule, ends in self.coupons.items()}
        return twin


@lru_cache(maxsize=400)
def _periods(day: dt.date) -> frozenset[str]:
    return frozenset(periods(day).values())


def _copied(state: AccountState) -> AccountState:
    values = {name: getattr(state, name) for name in state.__struct_fields__}
    values |= {name: list(value) for name, value in values.items() if isinstance(value, list)}
    values["lots"] = [
        HeldLot(
            lot.id, lot.rest, lot.reserved, lot.available_at, lot.expires_at, lot.sale_id, lot.own_expires_at, lot.rule
        )
        for lot in state.lots
        if isinstance(lot, HeldLot)
    ]
    return AccountState(**values)
