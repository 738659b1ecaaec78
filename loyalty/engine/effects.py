"""What a rule does. An effect is one class; the stage that it derives from says at which step it works."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta, Struct

from loyalty.engine.quantities import HUNDRED


class Effect(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    name: ClassVar[str]
    """The tag, as explanations keep it."""


class BaseEffect(Effect, frozen=True):
    """Earns in proportion to money; each line takes the highest rate that it may."""

    @property
    def rate(self) -> Decimal:
        """Points for one unit of money."""
        raise NotImplementedError

    @property
    def shown(self) -> Decimal:
        """The figure that the owner typed in."""
        raise NotImplementedError


class BonusEffect(Effect, frozen=True):
    """Earns besides the base points, on a sum of money."""

    def earns(self, money: Decimal) -> Decimal:
        raise NotImplementedError


class Percent(BaseEffect, frozen=True, tag="percent"):
    """Earn a percent of the money paid."""

    name = "percent"
    percent: Annotated[Decimal, Meta(description="Points for 100 units of money.")]

    @property
    def rate(self) -> Decimal:
        return self.percent / HUNDRED

    @property
    def shown(self) -> Decimal:
        return self.percent


class PerUnit(BaseEffect, frozen=True, tag="per_unit"):
    """Earn so many points for each unit of money, in proportion."""

    name = "per_unit"
    points: Decimal

    @property
    def rate(self) -> Decimal:
        return self.points

    @property
    def shown(self) -> Decimal:
        return self.points


class ForEvery(BonusEffect, frozen=True, tag="for_every"):
    """Earn so many points for every full `amount` of money."""

    name = "for_every"
    points: Decimal
    amount: Decimal

    def earns(self, money: Decimal) -> Decimal:
        return self.points * (money // self.amount)


class Multiply(Effect, frozen=True, tag="multiply"):
    """Multiply the base points. Several multipliers add up: ×2 and ×3 give ×4, not ×6."""

    name = "multiply"
    by: Decimal


class Discount(Effect, frozen=True, tag="discount"):
    """Take a percent off. Discounts follow one another, each on what the last one left."""

    name = "discount"
    percent: Decimal


class Welcome(Effect, frozen=True, tag="welcome"):
    """Give points to a client on joining."""

    name = "welcome"
    points: Decimal


AnyEffect = Percent | PerUnit | ForEvery | Multiply | Discount | Welcome
