"""Keeps the roll-ups up with the books: what was written lately every few seconds, a whole history day by day.

Every day is replaced wholly, in a transaction that holds the lock on the programme's progress (`RollUp`): it may be
killed at any moment, run twice, or run at once, and goes on where it stopped.

What has changed since the last time is told by when rows were written. Transactions commit a little later than they
write, so each look goes back behind the last one by `OVERLAP`. One thing leaves no new row: a held receipt that is
sold. Days with held receipts are therefore remembered, and rolled up again the next time.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction

from insights.models import DayTotals, NewClients, PointsDay, RollUp
from insights.snapshots import OVERLAP, refresh
from insights.sql import statement
from loyalty.engine.calendar import Calendar
from loyalty.models import Sale
from merchants.access import every_tenant, tenant
from merchants.models import Program

logger = structlog.get_logger(__name__)

# Seconds of a history's transaction.
_TURN = 0.5
_TABLES = (DayTotals, PointsDay, NewClients)

GoingOn = Callable[[], bool]
Progress = Callable[[int, dt.date], None]


def roll_up(*, now: dt.datetime, going_on: GoingOn = lambda: True, progress: Progress = lambda *_told: None) -> int:
    """Bring the roll-ups of all programmes up to `now`, or as far as `going_on` allows. Returns how many days were
    replaced; `progress` hears of each day of a history. A programme that fails is logged, and the others go on."""
    done = 0
    for program in Program.objects.filter(pk__in=_unfinished(now)):
        done += _guarded(program, partial(_history, program, now, going_on, progress))
    with every_tenant():
        idle = dict(RollUp.objects.filter(next_day=None).values_list("program_id", "seen_until"))
    touched = _touched(min(idle.values())) if idle else {}
    for program in Program.objects.filter(pk__in=touched):
        if not going_on():
            return done
        done += _guarded(program, partial(_recent, program, touched[program.pk], now))
    with every_tenant():
        # Nothing was written for these, or they would have been touched.
        quiet = RollUp.objects.filter(next_day=None, seen_until__lt=now, program_id__in=idle.keys() - touched.keys())
        quiet.update(seen_until=now)
    return done


def rebuild(*, program_id: int, now: dt.datetime) -> None:
    """Forget a programme's roll-ups of days; the next `roll_up` makes them anew, from the newest day backwards."""
    program = Program.objects.get(pk=program_id)
    with tenant(program_id), transaction.atomic():
        RollUp.objects.select_for_update().filter(program=program).first()
        for table in _TABLES:
            table.objects.filter(program=program).delete()
        _begin(program, now)


def calendar_of(program: Program) -> Calendar:
    return Calendar(program.time_zone, program.day_starts_at)


def _unfinished(now: dt.datetime) -> list[int]:
    """The programmes whose history has still to be rolled up; those that are new are begun with."""
    with every_tenant():
        known = RollUp.objects.values("program_id")
        for program in Program.objects.exclude(pk__in=known):
            _begin(program, now)
        return list(RollUp.objects.exclude(next_day=None).values_list("program_id", flat=True))


def _begin(program: Program, now: dt.datetime) -> None:
    calendar = calendar_of(program)
    # Held receipts first: what is sold after this was seen is looked at again.
    holding = _holding(program)
    with connection.cursor() as cursor:
        cursor.execute(statement("span"), {"program": program.pk})
        first_sold, last_sold, first_written = cursor.fetchone()
    today = calendar.day_of(now)
    begun = [first_sold] if first_sold else []
    begun += [calendar.day_of(first_written)] if first_written else []
    RollUp.objects.update_or_create(
        program=program,
        defaults={
            "seen_until": now,
            "holding": holding,
            "first_day": min(begun, default=None),
            "next_day": max(today, last_sold or today) if begun else None,
        },
    )


def _history(program: Program, now: dt.datetime, going_on: GoingOn, progress: Progress) -> int:
    """Roll up day after day from the newest back, because pages show the last ones."""
    done = 0
    while going_on() and (days := _turn(program, going_on)):
        done += len(days)
        progress(program.pk, days[-1])
    if not RollUp.objects.filter(program=program).exclude(next_day=None).exists():
        refresh(program=program, now=now)
    return done


def _turn(program: Program, going_on: GoingOn) -> list[dt.date]:
    """As many days as a short transaction has time for; none where the history is done."""
    began = time.monotonic()
    days: list[dt.date] = []
    with transaction.atomic():
        state = RollUp.objects.select_for_update().get(program=program)
        while state.next_day and state.first_day and (not days or (time.monotonic() - began < _TURN and going_on())):
            day = state.next_day
            _replace(program, day)
            days.append(day)
            state.next_day = day - dt.timedelta(days=1) if day > state.first_day else None
        if days:
            state.save(update_fields=["next_day"])
    return days


def _recent(program: Program, days: Iterable[dt.date], now: dt.datetime) -> int:
    calendar = calendar_of(program)
    with transaction.atomic():
        state = RollUp.objects.select_for_update().get(program=program)
        if state.next_day is not None:
            return 0
        # Points, returns and clients belong to the day of writing, which is one of the last.
        day, today = calendar.day_of(state.seen_until - OVERLAP), calendar.day_of(now)
        replaced = set(days)
        while day <= today:
            replaced.add(day)
            day += dt.timedelta(days=1)
        # Before the days are read: a receipt that is sold in between is looked at again the next time.
        state.holding = _holding(program)
        for day in sorted(replaced):
            _replace(program, day)
        state.seen_until = max(state.seen_until, now)
        state.save(update_fields=["seen_until", "holding"])
    refresh(program=program, now=now, seldom=True)
    return len(replaced)


def _replace(program: Program, day: dt.date) -> None:
    """Make a day anew. In the caller's transaction, which holds the lock."""
    calendar = calendar_of(program)
    parameters: dict[str, Any] = {
        "program": program.pk,
        "day": day,
        "begins": calendar.start_of(day),
        "ends": calendar.end_of(day),
    }
    for table in _TABLES:
        table.objects.filter(program=program, local_day=day).delete()
    with connection.cursor() as cursor:
        for name in ("totals", "points", "clients"):
            cursor.execute(statement(name), parameters)


def _holding(program: Program) -> list[dt.date]:
    held = Sale.objects.filter(program=program, status=Sale.Status.HELD)
    return list(held.values_list("local_day", flat=True).distinct().order_by("local_day"))


def _touched(seen_until: dt.datetime) -> dict[int, Sequence[dt.date]]:
    """By programme, the days of the receipts that were written since it was last looked at."""
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {"since": seen_until - OVERLAP, "overlap": OVERLAP}
        cursor.execute(statement("touched"), parameters)
        return dict(cursor.fetchall())


def _guarded(program: Program, work: Callable[[], int]) -> int:
    try:
        with tenant(program.pk):
            return work()
    except DatabaseError:
        logger.exception("roll_up_failed", program=program.pk)
        return 0
