"""Points for other things than a client's own receipts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from loyalty.engine.effects.base import Effect
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.quantities import HUNDRED, ZERO, unit
from loyalty.engine.words import gettext_noop, ngettext

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop
LEVELS = 3


class Welcome(Effect, frozen=True, tag="welcome"):
    """Give points to a client on joining."""

    name = "welcome"
    title = _("Points on joining")
    says = _("%(points)s for a new client on joining")
    of_goods = False
    on_receipt = False

    points: Annotated[Decimal, field("points", _("Points"), positive=True)]


class Referral(Effect, frozen=True, tag="referral"):
    """Give those who invited the client a percent of the money paid: the first figure to the one who invited him, the
    second to the one who invited that one, and so on, three levels up."""

    name = "referral"
    title = _("Percent to the one who invited")
    says = ngettext(
        "%(percents)s of what is paid as points to the one who invited the client %(per_month)s",
        "%(percents)s of what is paid as points to those who invited the client, by level %(per_month)s",
        "percents",
    )
    parts = {"percents": "%(as_percents)s", "per_month": _("(at most %(value)s a month for each)")}

    percents: Annotated[
        tuple[Decimal, ...],
        field(
            "levels",
            _("Percents by level"),
            _("For example 5; 3; 1: the nearest first."),
            min_length=1,
            max_length=LEVELS,
        ),
    ]
    per_month: Annotated[Decimal | None, field("points", _("At most a month for each, points"), positive=True)] = None

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if any(not ZERO <= percent <= HUNDRED for percent in self.percents):
            yield Fault(f"{at}/percents", "percent")


class ReferralGift(Effect, frozen=True, tag="referral_gift"):
    """Give those who invited the client points, once: as a rule for the first purchase. A return takes them back only
    when what is left no longer meets the conditions."""

    name = "referral_gift"
    title = _("Points to the one who invited")
    says = ngettext(
        "%(points)s to the one who invited the client %(per_month)s",
        "%(points)s to those who invited the client, by level %(per_month)s",
        "points",
    )
    parts = {"points": "%(as_points)s", "per_month": _("(at most %(value)s a month for each)")}
    of_goods = False

    points: Annotated[
        tuple[Decimal, ...],
        field(
            "levels",
            _("Points by level"),
            _("For example 100; 50: the nearest first."),
            min_length=1,
            max_length=LEVELS,
        ),
    ]
    per_month: Annotated[Decimal | None, field("points", _("At most a month for each, points"), positive=True)] = None

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if any(points < 0 or points % unit(rulebook.program.precision) for points in self.points):
            yield Fault(f"{at}/points", "precision")


class Activity(Effect, frozen=True, tag="activity"):
    """Give points for something that the client did: a review, a subscription, a survey."""

    name = "activity"
    title = _("Points for an action")
    says = _("%(points)s for the action “%(action)s” %(approval)s")
    parts = {"approval": _("(after somebody has looked at it)")}
    of_goods = False
    on_receipt = False

    action: Annotated[
        str,
        field(
            "action",
            _("Action"),
            _("As the shop’s programs name it: review, repost, survey."),
            min_length=1,
            max_length=40,
        ),
    ]
    points: Annotated[Decimal, field("points", _("Points"), positive=True)]
    approval: Annotated[bool, field("yes", _("Somebody looks at it first"))] = False
