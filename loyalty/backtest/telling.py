"""The figures of a report that people compare: both sides and the difference, in points and in money."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from loyalty.engine.quantities import HUNDRED, ZERO, half_up
from loyalty.engine.rulebook import Rulebook

POINTS: Final = ("earn", "redeem", "expire", "clawback", "reinstate", "adjust", "outstanding", "debt")


class Compared(Struct, frozen=True):
    """`live` and `draft` are None where it can't be said: a profit without a margin."""

    key: str
    live: Decimal | None
    draft: Decimal | None

    @property
    def change(self) -> Decimal | None:
        return None if self.live is None or self.draft is None else self.draft - self.live


def points(report: Mapping[str, Any]) -> list[Compared]:
    live, draft = report["live"]["sums"], report["draft"]["sums"]
    return [Compared(key, Decimal(live[key]), Decimal(draft[key])) for key in POINTS]


def money(report: Mapping[str, Any], live: Rulebook, draft: Rulebook, margin: Decimal | None) -> list[Compared]:
    one = of_side(report["live"]["sums"], live.points.value, margin)
    two = of_side(report["draft"]["sums"], draft.points.value, margin)
    return [Compared(key, one[key], two[key]) for key in one]


def of_side(sums: Mapping[str, Any], value: Decimal, margin: Decimal | None) -> dict[str, Decimal | None]:
    """Money, returns taken off. `cost` is what was given: discounts, points spent, and those added to the liability.

    The liability is at the full value of a point: not all of them will ever be spent. With a margin (of list prices)
    the profit is what was paid less what the goods cost.
    """
    of = {name: Decimal(amount) for name, amount in sums.items()}
    revenue = of["to_pay"] - of["money_back"]
    discount = of["discount"] - of["discount_back"]
    spent = of["points_value"] - of["value_back"]
    profit = None
    if margin is not None:
        listed = revenue + discount + spent
        profit = revenue - half_up(listed * (HUNDRED - margin) / HUNDRED, 2)
    return {
        "revenue": revenue,
        "discount": discount,
        "spent": spent,
        "earned": half_up((of["earn"] + of["clawback"]) * value, 2),
        "liability": half_up(of["outstanding"] * value, 2),
        "cost": discount + spent,
        "profit": profit,
    }


def rules(report: Mapping[str, Any], live: Rulebook, draft: Rulebook) -> list[tuple[str, Compared, Compared, int, int]]:
    """By rule: points given, their cost with the discount given, and receipts touched on both sides."""
    one, two = report["live"]["rules"], report["draft"]["rules"]
    rows = []
    for key in sorted(set(one) | set(two)):
        sides = [side.get(key, {"points": ZERO, "discount": ZERO, "receipts": 0}) for side in (one, two)]
        given = [Decimal(side["points"]) for side in sides]
        values = (live.points.value, draft.points.value)
        cost = [
            half_up(points_ * value, 2) + Decimal(side["discount"])
            for points_, value, side in zip(given, values, sides, strict=True)
        ]
        rows.append(
            (key, Compared(key, *given), Compared(key, *cost), int(sides[0]["receipts"]), int(sides[1]["receipts"]))
        )
    return rows
