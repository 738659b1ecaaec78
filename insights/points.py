"""Points of a period: what they began with, how they came and went, what is left. It closes to the point."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Sum

from insights.models import NewClients, PointsDay, Snapshot
from insights.period import Period
from loyalty.models import Entry
from merchants.doors import Workplace

ZERO = Decimal(0)
KIND = Entry.Kind
# The order in which they are told.
FLOWS = (KIND.OPENING, KIND.EARN, KIND.CLAW_BACK, KIND.REDEEM, KIND.REINSTATE, KIND.EXPIRE, KIND.ADJUST, KIND.MOVE)


@dataclass(frozen=True)
class Flow:
    """Points of one kind of entry: what was added and what was deducted, neither of them negative."""

    given: Decimal = ZERO
    taken: Decimal = ZERO

    def __add__(self, other: Flow) -> Flow:
        return Flow(self.given + other.given, self.taken + other.taken)

    @property
    def change(self) -> Decimal:
        return self.given - self.taken


@dataclass(frozen=True)
class Flows:
    """By day and kind, from the first day before the period to today, and what had come together until the period."""

    by_day: dict[dt.date, dict[str, Flow]]
    opening: Decimal
    outstanding: Decimal

    def of(self, kind: str, first: dt.date, last: dt.date) -> Flow:
        kinds = (flows.get(kind, Flow()) for day, flows in self.by_day.items() if first <= day <= last)
        return sum(kinds, Flow())


@dataclass(frozen=True)
class RollForward:
    """`lines`: kind and its change within the period. `since`: what has changed after it, up to now."""

    opening: Decimal
    lines: list[tuple[str, Decimal]]
    closing: Decimal
    since: Decimal
    outstanding: Decimal

    @property
    def closes(self) -> bool:
        return self.opening + sum((change for _kind, change in self.lines), ZERO) == self.closing


def flows_of(place: Workplace, period: Period) -> Flows:
    """Of all clients who joined at the merchant: points have no outlet."""
    own = PointsDay.objects.filter(program=place.program, merchant=place.merchant)
    days = own.filter(local_day__gte=period.before or period.first).values_list("local_day", "kind", "given", "taken")
    by_day: dict[dt.date, dict[str, Flow]] = defaultdict(dict)
    for day, kind, given, taken in days:
        by_day[day][kind] = Flow(given, taken)
    opening = own.filter(local_day__lt=period.first).aggregate(sum=Sum(F("given") - F("taken")))["sum"] or ZERO
    # Not asked for once more: a roll-up may have come in between.
    later = [flow for day, flows in by_day.items() if day >= period.first for flow in flows.values()]
    return Flows(dict(by_day), opening, opening + sum(later, Flow()).change)


def roll_forward(flows: Flows, period: Period) -> RollForward:
    tomorrow = period.last + dt.timedelta(days=1)
    lines = [(str(kind), flows.of(kind, period.first, period.last).change) for kind in FLOWS]
    since = sum((flows.of(kind, tomorrow, dt.date.max).change for kind in FLOWS), ZERO)
    return RollForward(
        opening=flows.opening,
        lines=lines,
        closing=flows.outstanding - since,
        since=since,
        outstanding=flows.outstanding,
    )


def joined(place: Workplace, period: Period) -> dict[dt.date, int]:
    rows = NewClients.objects.filter(
        program=place.program, merchant=place.merchant, local_day__gte=period.before or period.first
    )
    return dict(rows.values_list("local_day", "clients"))


def stood(place: Workplace, period: Period) -> tuple[Snapshot | None, Snapshot | None]:
    """The newest snapshot, and the one of the day before the period."""
    own = Snapshot.objects.filter(program=place.program, merchant=place.merchant)
    latest = own.order_by("-local_day").first()
    earlier = own.filter(local_day=period.eve).first()
    return latest, earlier
