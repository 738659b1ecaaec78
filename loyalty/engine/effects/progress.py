"""What is given each time something that grows with purchases passes a step."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from loyalty.engine.effects.base import ProgressEffect, stepped
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.quantities import HUNDRED, ZERO
from loyalty.engine.words import gettext_noop, ngettext

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop


class Milestone(ProgressEffect, frozen=True, tag="milestone"):
    """Give points each time the client's purchases pass another full `every`, or once at `at`. The measure is all the
    money paid since joining, this receipt included."""

    name = "milestone"
    title = _("Points at sums of purchases")
    says = (
        _("%(points)s for every %(every)s of purchases altogether"),
        _("%(points)s when all purchases together reach %(at)s"),
    )
    of_goods = False

    points: Annotated[Decimal, field("points", _("Points"), positive=True)]
    every: Annotated[
        Decimal | None, field("money", _("Every so much"), _("10 000: at 10 000, 20 000, 30 000…"), positive=True)
    ] = None
    at: Annotated[Decimal | None, field("money", _("Or once, at"), positive=True)] = None

    def steps(self, measure: Decimal) -> int:
        if self.every is not None:
            return stepped(self.every, measure)
        return int(self.at is not None and measure >= self.at)

    def next_step(self, measure: Decimal) -> Decimal | None:
        if self.every is not None:
            return (stepped(self.every, measure) + 1) * self.every
        return self.at if self.at is not None and measure < self.at else None

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if (self.every is None) == (self.at is None):
            yield Fault(f"{at}/every", "one_of_two")


class Carried(ProgressEffect, frozen=True, tag="for_every_carried"):
    """Earn so many points for every full `amount` of money; what is left over counts for the next receipt."""

    name = "for_every_carried"
    title = _("Points for every full sum, the rest is kept")
    says = _("%(points)s for every full %(amount)s %(goods)s, the rest counts next time")

    points: Annotated[Decimal, field("points", _("Points"), positive=True)]
    amount: Annotated[Decimal, field("money", _("For every full sum"), positive=True)]

    def steps(self, measure: Decimal) -> int:
        return stepped(self.amount, measure)

    def next_step(self, measure: Decimal) -> Decimal | None:
        return (stepped(self.amount, measure) + 1) * self.amount


class Coupon(ProgressEffect, frozen=True, tag="coupon"):
    """Give a personal coupon, good once for a discount, for every so many points earned (net of returns)."""

    name = "coupon"
    title = _("Coupon for every so many points")
    says = _("a coupon %(percent)s %(amount)s for every %(every)s earned, good for %(days)s, %(minimum)s")
    parts = {
        "percent": _("for a discount of %(value)s"),
        "amount": _("for a discount of %(value)s"),
        "days": ngettext("%(value)s day", "%(value)s days", "days"),
        "minimum": _("on receipts from %(value)s"),
    }
    of_goods = False

    every: Annotated[Decimal, field("points", _("For every so many points"), positive=True)]
    percent: Annotated[Decimal | None, field("percent", _("Discount, %"), positive=True)] = None
    amount: Annotated[Decimal | None, field("money", _("Or discount, money"), positive=True)] = None
    days: Annotated[int, field("days", _("Good for days"), ge=1, le=3660)] = 180
    minimum: Annotated[Decimal, field("money", _("On receipts from"))] = ZERO

    def steps(self, measure: Decimal) -> int:
        return stepped(self.every, measure)

    def next_step(self, measure: Decimal) -> Decimal | None:
        return (stepped(self.every, measure) + 1) * self.every

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if (self.percent is None) == (self.amount is None):
            yield Fault(f"{at}/percent", "one_of_two")
        if self.percent is not None and self.percent > HUNDRED:
            yield Fault(f"{at}/percent", "percent")
