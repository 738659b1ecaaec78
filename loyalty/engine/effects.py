"""What a rule does. An effect is one class; its `stage` says at which step of a receipt it works."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from loyalty.engine.quantities import HUNDRED

Stage = Literal["joining", "discount", "base", "bonus", "multiplier"]


class Effect(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    stage: ClassVar[Stage]


class Percent(Effect, frozen=True, tag="percent"):
    """Earn a percent of the money paid. Of several base rules each line takes the highest."""

    stage: ClassVar[Stage] = "base"
    percent: Annotated[Decimal, Meta(description="Points for 100 units of money.")]

    @property
    def rate(self) -> Decimal:
        return self.percent / HUNDRED


class PerUnit(Effect, frozen=True, tag="per_unit"):
    """Earn so many points for each unit of money, in proportion."""

    stage: ClassVar[Stage] = "base"
    points: Decimal

    @property
    def rate(self) -> Decimal:
        return self.points


class ForEvery(Effect, frozen=True, tag="for_every"):
    """Earn so many points for every full `amount` of money, besides the base points."""

    stage: ClassVar[Stage] = "bonus"
    points: Decimal
    amount: Decimal

    def earns(self, base: Decimal) -> Decimal:
        return self.points * (base // self.amount)


class Multiply(Effect, frozen=True, tag="multiply"):
    """Multiply the base points. Several multipliers add up: ×2 and ×3 give ×4, not ×6."""

    stage: ClassVar[Stage] = "multiplier"
    by: Decimal


class Discount(Effect, frozen=True, tag="discount"):
    """Take a percent off. Discounts follow one another, each on what the last one left."""

    stage: ClassVar[Stage] = "discount"
    percent: Decimal


class Welcome(Effect, frozen=True, tag="welcome"):
    """Give points to a client on joining."""

    stage: ClassVar[Stage] = "joining"
    points: Decimal


AnyEffect = Percent | PerUnit | ForEvery | Multiply | Discount | Welcome
