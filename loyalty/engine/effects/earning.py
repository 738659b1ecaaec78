"""Points that a receipt earns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from loyalty.engine.conditions.base import Sold, total
from loyalty.engine.effects.base import BaseEffect, BonusEffect, Effect
from loyalty.engine.fields import field
from loyalty.engine.quantities import HUNDRED, ONE, ZERO
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop


class Percent(BaseEffect, frozen=True, tag="percent"):
    """Earn a percent of the money paid, as points."""

    name = "percent"
    title = _("Percent of the purchase")
    says = _("%(percent)s of what is paid comes back as points")

    percent: Annotated[Decimal, field("percent", _("Percent"), _("Points for 100 units of money."), positive=True)]

    @property
    def rate(self) -> Decimal:
        return self.percent / HUNDRED

    @property
    def shown(self) -> Decimal:
        return self.percent


class PerUnit(BaseEffect, frozen=True, tag="per_unit"):
    """Earn so many points for each unit of money, in proportion."""

    name = "per_unit"
    title = _("Points for each unit of money")
    says = _("%(points)s for every %(unit)s paid, in proportion")
    parts = {"points": "%(as_points)s"}

    points: Annotated[Decimal, field("factor", _("Points for a unit of money"), positive=True)]

    @property
    def rate(self) -> Decimal:
        return self.points

    @property
    def shown(self) -> Decimal:
        return self.points


class ForEvery(BonusEffect, frozen=True, tag="for_every"):
    """Earn so many points for every full `amount` of money on the receipt."""

    name = "for_every"
    title = _("Points for every full sum")
    says = _("%(points)s for every full %(amount)s")

    points: Annotated[Decimal, field("points", _("Points"), positive=True)]
    amount: Annotated[Decimal, field("money", _("For every full sum"), positive=True)]

    @property
    def shown(self) -> tuple[Decimal, Decimal | None]:
        return self.points, self.amount

    def earns(self, lines: Sequence[Sold]) -> Decimal:
        return self.points * (total(lines) // self.amount)

    def short(self, lines: Sequence[Sold]) -> Decimal | None:
        return self.amount - total(lines)


class PerItem(BonusEffect, frozen=True, tag="per_item"):
    """Earn so many points for every `quantity` pieces of the goods."""

    name = "per_item"
    title = _("Points for pieces of goods")
    says = (
        ngettext("%(points)s for every %(quantity)s piece", "%(points)s for every %(quantity)s pieces", "quantity"),
        _("%(points)s for each piece"),
    )

    points: Annotated[Decimal, field("points", _("Points"), positive=True)]
    quantity: Annotated[Decimal, field("quantity", _("For every so many pieces"), positive=True)] = ONE

    @property
    def shown(self) -> tuple[Decimal, Decimal | None]:
        return self.points, self.quantity

    def earns(self, lines: Sequence[Sold]) -> Decimal:
        return self.points * (sum((sold.line.quantity for sold in lines if sold.cost > 0), ZERO) // self.quantity)


class Multiply(Effect, frozen=True, tag="multiply"):
    """Multiply the base points. Several multipliers add up: ×2 and ×3 give ×4, not ×6."""

    name = "multiply"
    title = _("Multiply the points")
    says = _("the base points × %(by)s")

    by: Annotated[
        Decimal, field("factor", _("Times"), _("2 is twice as many. Several multipliers add up."), positive=True)
    ]


class Give(Effect, frozen=True, tag="give"):
    """Give a fixed number of points for the receipt as a whole: a large receipt, the N-th visit, a birthday. A return
    takes them back only when what is left of the receipt no longer meets the conditions."""

    name = "give"
    title = _("Points for the receipt")
    says = _("%(points)s for the receipt")

    points: Annotated[Decimal, field("points", _("Points"), positive=True)]
