"""Campaigns to begin with: each a draft that can be started as it is, or changed before."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from campaigns.actions.points import GivePoints
from campaigns.plan import Limits, Order, Plan, Step
from campaigns.triggers.calendar import Anniversary, Birthday
from campaigns.triggers.purchases import Absent, FirstPurchase, JoinedWithoutPurchase
from campaigns.triggers.standing import PointsExpiring

TENTH: Final = Order(holdout=Decimal(10))


class Ready(Struct, frozen=True):
    name: Promise
    hint: Promise
    icon: str
    plan: Plan


def _points(number: int, days: int | None) -> tuple[Step, ...]:
    return (Step(do=GivePoints(points=Decimal(number), days=days)),)


READY: Final[Mapping[str, Ready]] = {
    "birthday": Ready(
        _("Birthday gift"),
        _("Three days before the birthday, points that live for three weeks."),
        "gift",
        Plan(trigger=Birthday(before=3), steps=_points(300, 21), limits=Limits(per_year=1), order=TENTH),
    ),
    "win_back": Ready(
        _("We miss you"),
        _("Sixty days without a purchase: points that live for two weeks."),
        "refresh",
        Plan(trigger=Absent(days=60), steps=_points(200, 14), limits=Limits(cooldown_days=180), order=TENTH),
    ),
    "second_visit": Ready(
        _("Come again"),
        _("After the first purchase, points that live for two weeks: the second visit makes a regular."),
        "shopping-bag",
        Plan(trigger=FirstPurchase(), steps=_points(100, 14), limits=Limits(once=True), order=TENTH),
    ),
    "welcome": Ready(
        _("Waiting for your first visit"),
        _("A week after joining without a purchase: points for a beginning."),
        "users",
        Plan(trigger=JoinedWithoutPurchase(days=7), steps=_points(100, 14), limits=Limits(once=True), order=TENTH),
    ),
    "expire": Ready(
        _("Your points expire"),
        _("A week before points expire: choose a message that says so."),
        "bell",
        Plan(trigger=PointsExpiring(days=7), limits=Limits(cooldown_days=14), order=TENTH),
    ),
    "anniversary": Ready(
        _("A year together"),
        _("On each anniversary of joining: a thank-you to those who stay."),
        "star",
        Plan(trigger=Anniversary(), steps=_points(150, 30), limits=Limits(per_year=1), order=TENTH),
    ),
}
