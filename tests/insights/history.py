"""A shop's days, at random: receipts with and without a client, late and held ones, returns, voids, moves,
points by hand."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Callable

from loyalty.models import Account, Sale
from loyalty.refusals import Refused
from loyalty.sales import moving
from loyalty.sales.moving import CannotMove
from loyalty.sales.receipt import Receipt
from tests.loyalty.shop import TillStory, id_of

RULES = {
    "points": {"expiry": {"kind": "days", "days": 3}},
    "tiers": [
        {"id": "b", "title": "B", "earn_percent": "5"},
        {"id": "s", "title": "S", "spent": "2000", "earn_percent": "10", "discount_percent": "7", "gift": "50"},
    ],
}


class History:
    def __init__(self, story: TillStory, seed: int) -> None:
        self.story = story
        self.random = random.Random(seed)
        self.people: list[Account] = [story.join("+79160000000")]
        self.sold: list[Receipt] = []
        self.held: list[Receipt] = []

    def step(self) -> None:
        acts: list[tuple[int, Callable[[], object]]] = [
            (6, self.sell),
            (2, self.sell_late),
            (2, self.hold),
            (2, self.commit),
            (2, self.give_back),
            (1, self.void),
            (1, self.move),
            (1, self.adjust),
            (1, self.join),
            (1, self.story.sweep),
            (3, self.wait),
        ]
        act = self.random.choices([act for _weight, act in acts], [weight for weight, _act in acts])[0]
        with contextlib.suppress(Refused, CannotMove):
            act()

    def wait(self) -> None:
        self.story.later(minutes=self.random.choice([0.1, 1, 5, 12, 60, 300, 1500]))

    def sell(self, at: dt.datetime | None = None) -> None:
        who = self.random.choice([None, *self.people])
        points = "max" if who and self.random.random() < 0.3 else None
        receipt = self.story.sell(
            who, *self.prices(), points=points, at=at, cashier=self.random.choice(["anna", "boris", ""])
        )
        self.sold.append(receipt)

    def sell_late(self) -> None:
        self.sell(at=self.story.now - dt.timedelta(hours=self.random.choice([0.2, 3, 30, 100])))

    def hold(self) -> None:
        who = self.random.choice([None, *self.people])
        self.held.append(self.story.hold(who, *self.prices(), minutes=self.random.choice([1, 15, 400])))

    def commit(self) -> None:
        if self.held:
            self.sold.append(self.story.commit(self.held.pop(self.random.randrange(len(self.held)))))

    def give_back(self) -> None:
        if self.sold:
            self.story.give_back(self.random.choice(self.sold), amount=str(self.random.choice([1, 10, "33.33"])))

    def void(self) -> None:
        if self.sold:
            self.story.void(self.random.choice(self.sold))

    def move(self) -> None:
        """A receipt that nobody moved yet."""
        if self.sold:
            sale = Sale.objects.get(public_id=id_of(self.random.choice(self.sold)))
            moving.move(sale=sale, to=self.random.choice(self.people), reason="", now=self.story.now, by="test")

    def adjust(self) -> None:
        self.story.give(self.random.choice(self.people), self.random.choice(["100", "-5"]))

    def join(self) -> None:
        self.people.append(self.story.join(f"+7916{len(self.people):07}"))

    def prices(self) -> list[str]:
        return [self.random.choice(["10", "99.90", "250", "1200"]) for _ in range(self.random.randint(1, 3))]
