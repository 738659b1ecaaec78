"""A share of the year, lived receipt by receipt: what `loyalty.sales` does for a till, without the database."""

from __future__ import annotations

import datetime as dt
import random

from cashier.demo.accounts import Accounts
from cashier.demo.crowd import Crowd, Person, Visit
from cashier.demo.premises import Premises
from cashier.demo.pricing import Asked, Dates, Pricing, as_json, earnings_json
from cashier.demo.regrets import take_back
from cashier.demo.rhythm import Year
from cashier.demo.rows import Rows, time_ordered_id
from cashier.demo.sold import Sold, write
from loyalty.engine.books import Books
from loyalty.engine.earning import Earning
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO
from loyalty.ledger import AccountState, books_of
from loyalty.models import Sale, SaleLine
from loyalty.sales import afterwards

_WRITE_EVERY = 4000
# Each share of the crowd numbers its receipts apart.
_NUMBERS_OF_A_SHARE = 10_000


class Diary:
    def __init__(
        self, *, premises: Premises, pricing: Pricing, year: Year, rows: Rows, rng: random.Random, share: int
    ) -> None:
        self.premises, self.pricing, self.year, self.rows, self.rng = premises, pricing, year, rows, rng
        self.accounts = Accounts(rows, rng, premises.program_id, premises.merchant_id)
        self._before_first = share * _NUMBERS_OF_A_SHARE
        self._days = [day.isoformat() for day in year.days]
        self._numbers: dict[tuple[int, int], int] = {}
        self._last_visit: dict[int, int] = {}

    def live(self, crowd: Crowd) -> None:
        """Joining and buying, in the order of time; then the books are closed."""
        waiting = sorted(enumerate(crowd.people), key=lambda pair: pair[1].joins, reverse=True)
        members: dict[int, AccountState] = {}
        for n, visit in enumerate(crowd.visits, 1):
            while waiting and waiting[-1][1].joins <= visit.at:
                place, person = waiting.pop()
                members[place] = self._join(person)
            self._sell(visit, None if visit.person is None else members[visit.person])
            if n % _WRITE_EVERY == 0:
                self.rows.write()
        while waiting:
            self._join(waiting.pop()[1])
        self.accounts.close(_moment(self.year.end))
        self.rows.write()

    def _join(self, person: Person) -> AccountState:
        register = self.premises.outlets[person.outlet].registers[0]
        actor = f"till:{register.id} {register.cashiers[0]}" if person.at_till else "join page"
        return self.accounts.join(person, self.pricing.rules_at(person.joins), actor)

    def _sell(self, visit: Visit, state: AccountState | None) -> None:
        books = books_of(state, _moment(visit.at)) if state else None
        sold = self._priced(visit, state, books)
        dates = self.pricing.dates(sold.rules, visit.day, sold.at)
        # Before the purchase is counted: it was computed with the turnover before it.
        missing = self.pricing.next_tier(sold.rules, sold.priced, state)
        gifts: list[Earning] = []
        more: list[Fact] = []
        if state is not None and books is not None:
            gifts = self._book(state, books, sold, dates, more)
        voided = bool(visit.regret) and self._regretted(sold, state)
        write(
            self.rows,
            sold,
            self.premises,
            self._days[visit.day],
            earnings=_list(earnings_json(sold.quote.earnings, sold.priced.parts, dates), *map(as_json, gifts)),
            facts=_list(sold.priced.facts, missing, *map(as_json, more)),
            digest=self.rng.randbytes(32),
            voided=voided,
        )

    def _priced(self, visit: Visit, state: AccountState | None, books: Books | None) -> Sold:
        at = _moment(visit.at)
        place = self.premises.outlets[visit.outlet]
        rules = self.pricing.rules_at(visit.at)
        available = books.available if books and visit.wish else ZERO
        asked: Asked = None
        if state is not None and available:
            asked = "max" if visit.wish == "max" else self.pricing.round_sum(rules, visit.cart, at, state, available)
        priced = self.pricing.price(
            rules, visit.cart, day=visit.day, at=at, outlet=place.code, state=state, available=available, asked=asked
        )
        register = place.registers[visit.till]
        return Sold(
            id=self.rows.key(Sale),
            public_id=time_ordered_id(self.rng, at),
            visit=visit,
            at=at,
            when=str(at),
            place=place,
            register=register,
            rules=rules,
            priced=priced,
            account=state.id if state else None,
            lines=[self.rows.key(SaleLine) for _ in priced.lines],
            number=self._number(register.id, visit.day),
        )

    def _book(self, state: AccountState, books: Books, sold: Sold, dates: Dates, facts: list[Fact]) -> list[Earning]:
        """Move the points and count the purchase; returns the gifts of tiers."""
        quote = sold.quote
        sold.tier_before = state.tier
        sold.first_and_last = state.first_purchase_at, state.last_purchase_at
        sold.is_visit = self._last_visit.get(state.id) != sold.visit.day
        if quote.points:
            books.spend(quote.points)
            lots = {lot.id: lot for lot in books.lots}
            spent = books.postings[-1]
            sold.taken = [(lots[key], -part) for key, part in zip(spent.lots, spent.parts, strict=True)]
        available_at, expires_at = dates
        for earning in quote.earnings:
            books.credit("earn", earning.points, rule=earning.rule, available_at=available_at, expires_at=expires_at)
        gifts = afterwards.count_purchase(
            state,
            books,
            sold.rules.rulebook,
            paid=quote.to_pay,
            is_visit=sold.is_visit,
            at=sold.at,
            facts=facts,
        )
        sold.tier_after = state.tier
        self.accounts.post(state, books, when=sold.when, actor=sold.actor, sale=sold.id)
        self._last_visit[state.id] = sold.visit.day
        return gifts

    def _regretted(self, sold: Sold, state: AccountState | None) -> bool:
        """Take the sale back, if there is time and it did not raise the client's tier."""
        at = sold.at + dt.timedelta(minutes=self.rng.randrange(4, 50))
        if at.timestamp() >= self.year.end or sold.tier_before != sold.tier_after:
            return False
        whole = take_back(sold=sold, state=state, accounts=self.accounts, rows=self.rows, rng=self.rng, at=at)
        if whole and state is not None and sold.is_visit:
            del self._last_visit[state.id]
        return whole

    def _number(self, till: int, day: int) -> str:
        number = self._numbers.get((till, day), self._before_first) + 1
        self._numbers[till, day] = number
        return f"{day + 1:04}-{number:05}"


def _moment(at: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(at, dt.UTC)


def _list(*parts: str) -> str:
    return f"[{','.join(filter(None, parts))}]"
