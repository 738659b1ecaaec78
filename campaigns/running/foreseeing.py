"""A dry run: who would get what, by the statements of the run itself. Nothing is written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from msgspec import Struct

from campaigns.plan import Plan
from campaigns.running.due import Sight, among_audience, judged
from campaigns.triggers.base import Rows, Window
from campaigns.triggers.calendar import everybody
from loyalty.engine.quantities import ZERO

DAYS: Final = 30
SAMPLE: Final = 8


class Day(Struct):
    """Clients of a day: who is treated, who is held out, who is left out for a limit or another campaign."""

    day: dt.date
    treated: int = 0
    held_out: int = 0
    left: int = 0


class Foreseen(Struct, frozen=True, kw_only=True):
    """`past`: of days that were, because what clients will do nobody knows. `stops_on` is the day on which a budget
    ends it. `sample` are accounts with their days."""

    days: list[Day]
    past: bool
    points: Decimal
    money: Decimal
    stops_on: dt.date | None
    sample: list[tuple[int, dt.date]]
    inside: int | None = None

    @property
    def treated(self) -> int:
        return sum(one.treated for one in self.days)

    @property
    def held_out(self) -> int:
        return sum(one.held_out for one in self.days)

    @property
    def left(self) -> int:
        return sum(one.left for one in self.days)

    @property
    def today(self) -> int:
        """Of days to come the first, of days that were the last."""
        return self.days[-1 if self.past else 0].treated if self.days else 0


def foresee(sight: Sight, *, days: int = DAYS) -> Foreseen:
    """The next days, today the first of them; or the last ones, where the trigger waits for what clients do."""
    if sight.trigger.remembers:
        return _empty(sight, inside=_inside(sight))
    today = sight.look.calendar.local(sight.now).date()
    past = not sight.trigger.foreseen and not sight.trigger.by_hand
    first = today - dt.timedelta(days=days - 1) if past else today
    count = 1 if sight.trigger.by_hand else days
    found = {first + dt.timedelta(days=n): Day(first + dt.timedelta(days=n)) for n in range(count)}
    rows = _judged(sight, _rows(sight, first, today, past=past))
    for day, why, number in rows.counts():
        at = found.setdefault(day, Day(day))
        if why == "":
            at.treated += number
        elif why == "held_out":
            at.held_out += number
        else:
            at.left += number
    ordered = sorted(found.values(), key=lambda one: one.day)
    stops_on = None if past else within_budget(ordered, sight.plan, sight)
    treated = sum(one.treated for one in ordered)
    cost = sight.plan.cost
    return Foreseen(
        days=ordered,
        past=past,
        points=cost.points * treated,
        money=cost.money * treated,
        stops_on=stops_on,
        sample=rows.sample(newest=past),
    )


def within_budget(days: list[Day], plan: Plan, sight: Sight) -> dt.date | None:
    """Cuts the days to what the budget holds; the day on which it is spent."""
    campaign, cost, limits = sight.campaign, plan.cost, plan.limits
    holds: list[int] = []
    if limits.clients is not None:
        holds.append(max(limits.clients - campaign.treated, 0))
    for limit, given, each in (
        (limits.points, campaign.points, cost.points),
        (limits.money, campaign.money, cost.money),
    ):
        if limit is not None and each:
            holds.append(max(int((limit - given) // each), 0))
    if not holds:
        return None
    rest = min(holds)
    stops_on = None
    for one in days:
        if one.treated > rest:
            stops_on = stops_on or one.day
            one.left += one.treated - rest
            one.treated = rest
        rest -= one.treated
    return stops_on


class _Judged(Struct, frozen=True):
    sql: str
    params: tuple[Any, ...]
    zone: str
    once: bool

    def counts(self) -> Iterator[tuple[dt.date, str, int]]:
        # Who gets it once in all has his turn on the first of his days.
        number = "row_number() OVER (PARTITION BY v.account ORDER BY v.at)" if self.once else "1"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT f.day, CASE WHEN f.number > 1 THEN 'once' ELSE f.why END, count(*) FROM ("  # noqa: S608  # of ours
                f" SELECT (v.at AT TIME ZONE %s)::date AS day, v.why, {number} AS number FROM ({self.sql}) v) f"
                f" GROUP BY 1, 2 ORDER BY 1, 2",
                (self.zone, *self.params),
            )
            yield from cursor.fetchall()

    def sample(self, *, newest: bool) -> list[tuple[int, dt.date]]:
        order = "DESC" if newest else "ASC"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT v.account, (v.at AT TIME ZONE %s)::date FROM ({self.sql}) v WHERE v.why = ''"  # noqa: S608
                f" ORDER BY v.at {order}, v.account LIMIT {SAMPLE}",
                (self.zone, *self.params),
            )
            return list(cursor.fetchall())


def _judged(sight: Sight, rows: Rows) -> _Judged:
    """Without those who have had their turn for the occasion."""
    found = among_audience(sight, rows)
    new = Rows(
        f"SELECT n.account, n.occasion, n.at FROM ({found.sql}) n"  # noqa: S608  # of ours
        " WHERE NOT EXISTS (SELECT FROM campaigns_campaignturn t WHERE t.program_id = %s AND t.campaign_id = %s"
        " AND t.account_id = n.account AND t.occasion = n.occasion AND t.state <> 'waiting')",
        (*found.params, sight.program_id, sight.campaign.pk),
    )
    asked = judged(sight, new)
    zone = sight.campaign.merchant.program.time_zone
    return _Judged(asked.sql, asked.params, zone, sight.plan.limits.once)


def _rows(sight: Sight, first: dt.date, today: dt.date, *, past: bool) -> Rows:
    if sight.trigger.by_hand:
        return everybody(sight.look, "hand:dry", sight.now)
    calendar, hour = sight.look.calendar, sight.plan.timing.hour
    if past:
        since = calendar.start_of(first)
        return sight.trigger.due(sight.look, Window(since, sight.now, since, hour))
    since = calendar.start_of(today) - dt.timedelta(microseconds=1)
    until = calendar.end_of(today + dt.timedelta(days=DAYS - 1)) - dt.timedelta(microseconds=1)
    ends = sight.plan.timing.ends
    if ends is not None:
        until = min(until, sight.look.ends(ends) - dt.timedelta(microseconds=1))
    return sight.trigger.due(sight.look, Window(since, until, sight.now, hour))


def _inside(sight: Sight) -> int:
    inside = sight.trigger.inside(sight.look)  # type: ignore[attr-defined]  # of those that remember
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({inside.sql}) i", inside.params)  # noqa: S608  # of ours
        return int(cursor.fetchone()[0])


def _empty(sight: Sight, inside: int) -> Foreseen:
    return Foreseen(days=[], past=True, points=ZERO, money=ZERO, stops_on=None, sample=[], inside=inside)
