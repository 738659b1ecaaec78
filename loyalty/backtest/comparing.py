"""Two sets of rules side by side: what each came to, who wins and who loses."""

from __future__ import annotations

import heapq
from collections import Counter
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from loyalty.backtest.people import Person
from loyalty.backtest.side import Side
from loyalty.backtest.totals import Totals
from loyalty.engine.quantities import ZERO, half_up

SHOWN: Final = 20
# Bounds of the buckets, in money: how much more (or less) a client gets.
BOUNDS: Final = tuple(Decimal(n) for n in (-5000, -1000, -500, -100, 0, 100, 500, 1000, 5000))


class Change(Struct, frozen=True):
    """What the rules gave one client in the period, in money: points at their value, and discounts."""

    account: int
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before


class Part(Struct):
    """What one shard of the clients came to. `spread` counts clients by bucket: by `bucket_of`."""

    live: Totals
    draft: Totals
    winners: list[Change]
    losers: list[Change]
    spread: dict[str, int]
    receipts: int = 0

    def add(self, other: Part) -> None:
        self.live.add(other.live)
        self.draft.add(other.draft)
        self.winners = _first(self.winners + other.winners, most=True)
        self.losers = _first(self.losers + other.losers, most=False)
        self.spread = dict(Counter(self.spread) + Counter(other.spread))
        self.receipts += other.receipts


Changes = tuple[list[Change], list[Change], dict[str, int]]


def changes(live: Side, draft: Side, values: tuple[Decimal, Decimal]) -> Changes:
    """Winners, losers, and how many clients get how much more; of those who bought or got something in the period."""
    found: list[Change] = []
    spread: Counter[str] = Counter()
    for key, person in draft.people.items():
        other = live.people[key]
        if not (person.bought or person.earned or other.earned):
            continue
        one = Change(key, given(other, values[0]), given(person, values[1]))
        spread[bucket_of(one.change)] += 1
        if one.change:
            found.append(one)
    return _first(found, most=True), _first(found, most=False), dict(spread)


def given(person: Person, value: Decimal) -> Decimal:
    return half_up(person.earned * value, 2) + person.discount


def bucket_of(change: Decimal) -> str:
    """«same», or the number of the bounds that lie below."""
    return "same" if not change else str(sum(change > bound for bound in BOUNDS))


def _first(found: list[Change], *, most: bool) -> list[Change]:
    sign = 1 if most else -1
    right = [one for one in found if one.change * sign > ZERO]
    return heapq.nsmallest(SHOWN, right, key=lambda one: (-one.change * sign, one.account))


def told(part: Part) -> dict[str, Any]:
    """As it is kept: plain values, in one order."""
    return {
        "receipts": part.receipts,
        "live": part.live.told(),
        "draft": part.draft.told(),
        "winners": [[one.account, one.before, one.after] for one in part.winners],
        "losers": [[one.account, one.before, one.after] for one in part.losers],
        "spread": {key: part.spread[key] for key in sorted(part.spread)},
    }
