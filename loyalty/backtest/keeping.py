"""A sale that will be returned, kept until then, and what a return asks about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from msgspec import Struct

from loyalty.backtest.events import Back, Receipt
from loyalty.backtest.people import Person, Stood
from loyalty.engine import giving_back
from loyalty.engine.books import Books
from loyalty.engine.earning import Earning
from loyalty.engine.giving_back import LineBack, SoldLine, TooMuch
from loyalty.engine.limits import Spent
from loyalty.engine.quantities import ZERO, half_up
from loyalty.engine.quote import Quote
from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import AccountState
from loyalty.sales.consequences import NOTHING, Consequences
from loyalty.sales.past import SpentLot

if TYPE_CHECKING:
    from loyalty.backtest.side import Side


class Kept(Struct):
    """A sale as it stood in one set of rules. `lots` are those that it earned, by id: rule and what has expired."""

    receipt: Receipt
    rulebook: Rulebook
    quote: Quote
    person: Person | None
    returns_left: int
    stood: Stood | None = None
    earnings: list[Earning] = []
    consequences: Consequences = NOTHING
    tier_before: str = ""
    tier_after: str = ""
    taken: list[tuple[SpentLot | None, Decimal]] = []
    lots: dict[int, str] = {}
    expired: dict[int, Decimal] = {}
    back: dict[int, list[LineBack]] = {}
    points_back: Decimal = ZERO
    expired_counted: Decimal = ZERO
    one_offs: set[str] = set()
    awards_back: set[str] = set()
    tier_undone: bool = False

    @property
    def pk(self) -> int:
        return self.receipt.id

    @property
    def occurred_at(self) -> dt.datetime:
        return self.receipt.occurred_at

    @property
    def is_visit(self) -> bool:
        return self.stood is not None and self.stood.is_visit

    def sold(self) -> list[SoldLine]:
        lines = giving_back.as_sold(self.quote.lines)
        return [line.after(self.back.get(line.position, ())) for line in lines]

    def parts(self, sold: Sequence[SoldLine], back: Back) -> list[LineBack]:
        """The same goods come back; of a return by a sum the same share of the sale."""
        frame = self.rulebook.program
        digits, precision = frame.currency_digits, frame.precision
        if back.whole:
            return giving_back.everything(sold, digits=digits, precision=precision)
        try:
            if all(quantity for _position, quantity, _value in back.lines):
                quantities = {position: quantity for position, quantity, _value in back.lines}
                return giving_back.by_quantities(sold, quantities, digits=digits, precision=precision)
            amount = sum((value for _position, _quantity, value in back.lines), ZERO)
            value, was = sum((line.value for line in sold), ZERO), self.receipt.value
            if was and value != was:
                amount = half_up(amount * value / was, digits)
            left = sum((line.value_left for line in sold), ZERO)
            return giving_back.by_sum(sold, min(amount, left), digits=digits, precision=precision)
        except TooMuch:
            return giving_back.everything(sold, digits=digits, precision=precision)

    def count(self, parts: Sequence[LineBack]) -> None:
        for part in parts:
            self.back.setdefault(part.position, []).append(part)


class Returned:
    """What `taking_back.apply` gets: the sale, its client's books, and the past."""

    def __init__(self, side: Side, kept: Kept, back: Back) -> None:
        self.side, self.sale, self.back = side, kept, back
        self.now = back.at
        person = kept.person
        self.account: AccountState | None = person.state if person else None
        self.books: Books | None = person.books(self.now) if person else None
        self.consequences = kept.consequences
        self.earnings = kept.earnings
        self.past = self
        self._others: list[tuple[AccountState, Books]] | None = None

    def books_of_others(self) -> list[tuple[AccountState, Books]]:
        if self._others is None:
            people = [self.side.people[key] for key in self.consequences.accounts]
            self._others = [(person.state, person.books(self.now)) for person in people]
        return self._others

    # ------------------------------------------------------------ the past

    def points_back(self) -> Decimal:
        return self.sale.points_back

    def expired_counted(self) -> Decimal:
        return self.sale.expired_counted

    def one_offs_back(self) -> set[str]:
        return self.sale.one_offs

    def tier_was_undone(self) -> bool:
        return self.sale.tier_undone

    def taken(self) -> Sequence[tuple[SpentLot | None, Decimal]]:
        return self.sale.taken

    def expired(self, gift: str | None = None) -> Decimal:
        kept = self.sale
        gifts = {earning.rule for earning in kept.earnings if earning.one_off}
        chosen = {lot for lot, rule in kept.lots.items() if (rule not in gifts if gift is None else rule == gift)}
        gone = sum((kept.expired.get(lot, ZERO) for lot in chosen), ZERO)
        for posting in self.books.postings if self.books else ():
            if posting.kind == "expire":
                gone -= sum(
                    (part for lot, part in zip(posting.lots, posting.parts, strict=True) if lot in chosen), ZERO
                )
        return gone

    def pass_visit_on(self) -> bool:
        kept = self.sale
        if kept.person is None or kept.stood is None:
            return False
        others = (one for one in kept.person.stood.get(kept.receipt.day, ()) if one.sale != kept.pk)
        other = min((one for one in others if not one.is_visit), key=lambda one: one.sale, default=None)
        if other is None:
            return False
        kept.stood.is_visit, other.is_visit = False, True
        return True

    def dates_without(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        return self.back.dates

    def award_was_back(self, rule: str) -> bool:
        return rule in self.sale.awards_back

    def cancel_coupons(self, rule: str, number: int) -> int:
        person = self.sale.person
        good = [end for end in person.coupons.get(rule, ()) if end > self.now] if person else []
        if person is not None:
            person.coupons[rule] = good[: max(len(good) - number, 0)]
        return min(number, len(good))

    def release_coupons(self) -> None:
        """Coupons used are taken over as they were: a receipt that used one names it."""

    def refill_budget(self, rule: str, given: Decimal, uses: int) -> None:
        spent = self.side.spent.get(rule, Spent())
        self.side.spent[rule] = Spent(spent.given - given, spent.uses - uses)
