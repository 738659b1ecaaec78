"""What a set of rules came to, in points and money. Sums are exact, so that parts add up to the whole in any order."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from msgspec import Struct, structs

from loyalty.engine.quantities import ZERO


class Sums(Struct):
    """Money is net of returns but for `discount` and `points_value`, which are what receipts were given. Points by what
    moved them; `outstanding` and `debt` at the end."""

    receipts: int = 0
    with_client: int = 0
    total: Decimal = ZERO
    to_pay: Decimal = ZERO
    discount: Decimal = ZERO
    points_value: Decimal = ZERO
    money_back: Decimal = ZERO
    discount_back: Decimal = ZERO
    value_back: Decimal = ZERO
    opening: Decimal = ZERO
    earn: Decimal = ZERO
    redeem: Decimal = ZERO
    expire: Decimal = ZERO
    clawback: Decimal = ZERO
    reinstate: Decimal = ZERO
    adjust: Decimal = ZERO
    outstanding: Decimal = ZERO
    debt: Decimal = ZERO
    coupons: int = 0

    def add(self, other: Sums) -> None:
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class OfRule(Struct):
    """Points given (gross), discount given, and on how many receipts (or to how many clients on joining)."""

    points: Decimal = ZERO
    discount: Decimal = ZERO
    receipts: int = 0


class OfTier(Struct):
    receipts: int = 0
    to_pay: Decimal = ZERO
    discount: Decimal = ZERO
    earned: Decimal = ZERO
    redeemed: Decimal = ZERO
    clients: int = 0


class OfMonth(Struct):
    to_pay: Decimal = ZERO
    discount: Decimal = ZERO
    earn: Decimal = ZERO
    redeem: Decimal = ZERO
    expire: Decimal = ZERO


class Totals(Struct):
    sums: Sums
    rules: dict[str, OfRule]
    tiers: dict[str, OfTier]
    months: dict[str, OfMonth]

    @classmethod
    def empty(cls) -> Totals:
        return cls(Sums(), defaultdict(OfRule), defaultdict(OfTier), defaultdict(OfMonth))

    def add(self, other: Totals) -> None:
        self.sums.add(other.sums)
        for mine, theirs in ((self.rules, other.rules), (self.tiers, other.tiers), (self.months, other.months)):
            for key, sums in theirs.items():
                _add(mine[key], sums)

    def told(self) -> dict[str, Any]:
        """In one order, whoever counted first."""
        return {
            "sums": structs.asdict(self.sums),
            "rules": {key: structs.asdict(self.rules[key]) for key in sorted(self.rules)},
            "tiers": {key: structs.asdict(self.tiers[key]) for key in sorted(self.tiers)},
            "months": {key: structs.asdict(self.months[key]) for key in sorted(self.months)},
        }


def _add(mine: Struct, theirs: Struct) -> None:
    for name in mine.__struct_fields__:
        setattr(mine, name, getattr(mine, name) + getattr(theirs, name))
