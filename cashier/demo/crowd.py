"""Who joins when, who comes when, and what each has in mind: the diary's plan, before anything is counted."""

from __future__ import annotations

import datetime as dt
import random
from bisect import bisect
from itertools import accumulate, pairwise

from msgspec import Struct

from cashier.demo.menu import Menu, part_of_day
from cashier.demo.names import birthday, full_name
from cashier.demo.rhythm import DAYS, Year

WITHOUT_CARD = 0.3
_OUTLETS = (0.45, 0.78, 1.0)
_HOUR = 3600
# Some come daily, most now and then: a log-normal, cut where nobody drinks more coffee.
_SPREAD, _MOST = 1.3, 20.0


class Person(Struct):
    """A client to be: number, who he is, what he is used to."""

    n: int
    name: str
    birthday: dt.date | None
    joins: int
    at_till: bool
    outlet: int
    favourite: int
    habit: float
    advertising: bool
    partners: bool


class Visit(Struct):
    """A receipt to be. `person` is a place in the crowd's list; None buys without a card.

    `wish`: to pay a round number of points, or as many as possible. `regret`: the receipt comes back soon, wholly or
    by one line.
    """

    at: int
    day: int
    person: int | None
    outlet: int
    till: int
    cart: int
    by: str = ""
    wish: str = ""
    regret: str = ""


class Crowd:
    """A share of the clients with a share of the receipts: independent of every other share."""

    def __init__(
        self, *, rng: random.Random, year: Year, menu: Menu, first: int, people: int, receipts: int, outlets: int
    ) -> None:
        self.rng, self.year, self.menu, self.outlets = rng, year, menu, outlets
        with_card = receipts - round(receipts * WITHOUT_CARD) if people else 0
        self.people: list[Person] = []
        self.visits: list[Visit] = []
        spans = [self._span() for _ in range(people)]
        for n, (span, count) in enumerate(zip(spans, self._counts(spans, with_card), strict=True)):
            self._join(first + n, span, count)
        for _ in range(receipts - with_card):
            self._pass_by()
        # By time: rows then lie as they would have been written.
        self.visits.sort(key=lambda visit: visit.at)

    def _span(self) -> tuple[float, float]:
        """From joining to the last visit, on the scale of the year's weights. One of three loses interest."""
        rng, year = self.rng, self.year
        whole = year.until[-1]
        # A fifth joins in the first month, at the opening.
        joined = rng.random() * (year.until[30] if rng.random() < 0.2 else whole)
        left = min(whole, joined + rng.expovariate(4 / whole)) if rng.random() < 0.35 else whole
        return joined, left

    def _counts(self, spans: list[tuple[float, float]], receipts: int) -> list[int]:
        rng, whole = self.rng, self.year.until[-1]
        counts = [0] * len(spans)
        if not spans:
            return counts
        zeal = [min(rng.lognormvariate(0, _SPREAD), _MOST) * ((left - joined) / whole + 0.01) for joined, left in spans]
        added = list(accumulate(zeal))
        for _ in range(receipts):
            counts[min(bisect(added, rng.random() * added[-1]), len(counts) - 1)] += 1
        return counts

    def _join(self, n: int, span: tuple[float, float], count: int) -> None:
        rng, year = self.rng, self.year
        joined, left = span
        person = Person(
            n=n,
            name=full_name(rng),
            birthday=birthday(rng, year.days[-1]),
            joins=0,
            at_till=bool(count) and rng.random() < 0.75,
            outlet=self._outlet(),
            favourite=rng.choices(range(len(self.menu.weights)), cum_weights=self.menu.weights)[0],
            habit=rng.random(),
            advertising=rng.random() < 0.7,
            partners=rng.random() < 0.15,
        )
        self.people.append(person)
        place = len(self.people) - 1
        visits = [self._visit(place, person, joined + rng.random() * (left - joined)) for _ in range(count)]
        visits.sort(key=lambda visit: visit.at)
        if person.at_till:
            person.joins = max(visits[0].at - rng.randrange(60, 180), year.begin)
        else:
            # On the web page, late in the evening before.
            person.joins = max(year.starts[year.day_at(joined)] - rng.randrange(_HOUR, 4 * _HOUR), year.begin)
        for this, following in pairwise(visits):
            # Whoever brings something back does it before the next cup.
            if following.at - this.at > _HOUR:
                this.regret = self._regret()
        self.visits += visits

    def _visit(self, place: int, person: Person, weight: float) -> Visit:
        rng, year = self.rng, self.year
        day = year.day_at(weight)
        habitual = rng.random() < 0.5
        part = (person.habit + rng.random() * 0.06) % 1 if habitual else rng.random()
        at = year.moment(day, part)
        outlet = person.outlet if rng.random() < 0.85 else self._outlet()
        cart = self._cart(at, day, person.favourite if rng.random() < 0.5 else None)
        wish = rng.random()
        by = rng.random()
        return Visit(
            at=at,
            day=day,
            person=place,
            outlet=outlet,
            till=rng.random() < 0.35,
            cart=cart,
            by="phone" if by < 0.5 else "card" if by < 0.9 else "code",
            wish="max" if wish < 0.04 else "round" if wish < 0.34 else "",
        )

    def _pass_by(self) -> None:
        rng, year = self.rng, self.year
        day = year.day_at(rng.random() * year.until[-1])
        at = year.moment(day, rng.random())
        visit = Visit(at, day, None, self._outlet(), rng.random() < 0.35, self._cart(at, day, None))
        if day < DAYS - 1:
            visit.regret = self._regret()
        self.visits.append(visit)

    def _regret(self) -> str:
        chance = self.rng.random()
        return "whole" if chance < 0.007 else "line" if chance < 0.011 else ""

    def _cart(self, at: int, day: int, favourite: int | None) -> int:
        carts = self.menu.of_part[part_of_day((at - self.year.starts[day]) // _HOUR)]
        if favourite is not None:
            return carts[favourite]
        weights = self.menu.weights
        return carts[min(bisect(weights, self.rng.random() * weights[-1]), len(carts) - 1)]

    def _outlet(self) -> int:
        return min(bisect(_OUTLETS, self.rng.random()), self.outlets - 1)
