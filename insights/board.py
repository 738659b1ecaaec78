"""Everything the overview shows of a merchant, read with a number of queries that never grows."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from insights import points, revenue
from insights.models import RollUp, Snapshot
from insights.period import Period
from insights.points import Flows, RollForward
from insights.revenue import CashierRow, Revenue, Revenues
from loyalty.engine.calendar import Calendar
from loyalty.models import ProgramVersion
from loyalty.programs import rulebook_of
from merchants.doors import Workplace
from merchants.models import Outlet, Program


@dataclass(frozen=True)
class Clients:
    """Of all outlets: a client has joined the merchant, not an outlet."""

    flows: Flows
    joined: dict[dt.date, int]
    latest: Snapshot | None
    earlier: Snapshot | None
    point_value: Decimal

    def joined_between(self, first: dt.date, last: dt.date) -> int:
        return sum(count for day, count in self.joined.items() if first <= day <= last)


@dataclass(frozen=True)
class Board:
    """`seen_until`: how fresh it is, None while the history is being added up. `clients` is None for a member who
    works at some outlets only."""

    program: Program
    period: Period
    seen_until: dt.datetime | None
    revenues: Revenues
    cashiers: list[CashierRow]
    outlets: dict[int, str]
    clients: Clients | None

    @cached_property
    def now(self) -> Revenue:
        return self.revenues.of(self.period.first, self.period.last)

    @cached_property
    def before(self) -> Revenue | None:
        first = self.period.before
        return self.revenues.of(first, self.period.eve) if first else None

    def day(self, day: dt.date) -> Revenue:
        return self.revenues.by_day.get(day, Revenue())

    @cached_property
    def roll_forward(self) -> RollForward | None:
        return points.roll_forward(self.clients.flows, self.period) if self.clients else None

    @property
    def knows_without(self) -> bool:
        """Whether anything is known of receipts without a card: from tills, or from Z-reports."""
        return self.now.whole_shifts > 0


def today_of(program: Program, now: dt.datetime) -> dt.date:
    return Calendar(program.time_zone, program.day_starts_at).day_of(now)


def read(place: Workplace, *, asked: int, now: dt.datetime) -> Board | None:
    """None where nothing was ever sold."""
    opened = revenue.opened_on(place)
    if opened is None:
        return None
    program = place.program
    period = Period.of(asked=asked, today=today_of(program, now), opened=opened)
    rolled = RollUp.objects.filter(program=program).first()
    return Board(
        program=program,
        period=period,
        seen_until=rolled.seen_until if rolled and rolled.next_day is None else None,
        revenues=revenue.revenues(place, period),
        cashiers=revenue.by_cashier(place, period),
        outlets=dict(Outlet.objects.filter(merchant=place.merchant).values_list("pk", "name")),
        clients=_clients(place, period, now) if place.outlets is None else None,
    )


def _clients(place: Workplace, period: Period, now: dt.datetime) -> Clients:
    latest, earlier = points.stood(place, period)
    number = ProgramVersion.objects.in_force(place.program.pk, now)
    return Clients(
        flows=points.flows_of(place, period),
        joined=points.joined(place, period),
        latest=latest,
        earlier=earlier,
        point_value=rulebook_of(place.program.pk, number).points.value if number else Decimal(1),
    )
