"""How merchants stand: figures that all clients have to be counted for, kept once a day."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from django.db import connection, transaction

from insights.models import RollUp, Snapshot
from insights.sql import statement
from loyalty.engine.calendar import Calendar
from merchants.access import tenant
from merchants.models import Program

REPEAT_DAYS = 30
# How far behind the last look the next one begins. No transaction lives for so long: the web server's are ended after a
# minute.
OVERLAP = dt.timedelta(minutes=10)
# A snapshot is taken again after so many times what it took, and not more often than every minute: it costs a shop of
# any size half a percent of a processor at the most.
_PATIENCE = 200
_AT_LEAST = dt.timedelta(minutes=1)


def refresh_all(*, now: dt.datetime) -> None:
    """Count again for every programme, whether or not it sold anything: who was active need not be for ever."""
    for program in Program.objects.order_by("pk"):
        with tenant(program.pk):
            refresh(program=program, now=now)


def refresh(*, program: Program, now: dt.datetime, seldom: bool = False) -> bool:
    """Count how the programme's merchants stand and keep it as the day's snapshot. Returns whether it did: not while
    the history is being rolled up, and with `seldom` not soon after the last time."""
    rolled = RollUp.objects.filter(program=program, next_day=None).first()
    if rolled is None or (seldom and _is_early(program, now)):
        return False
    calendar = Calendar(program.time_zone, program.day_starts_at)
    day = calendar.day_of(now)
    live_day = calendar.day_of(rolled.seen_until - OVERLAP)
    parameters: dict[str, Any] = {
        "program": program.pk,
        "now": now,
        "day": day,
        "month": day - dt.timedelta(days=REPEAT_DAYS - 1),
        "active_days": program.active_days,
        "active_since": now - dt.timedelta(days=program.active_days),
        "live_day": live_day,
        "live": calendar.start_of(live_day),
    }
    began = time.monotonic()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement("snapshot"), parameters)
        took = round((time.monotonic() - began) * 1000)
        Snapshot.objects.filter(program=program, local_day=day).update(took_ms=took)
    return True


def _is_early(program: Program, now: dt.datetime) -> bool:
    last = Snapshot.objects.filter(program=program).order_by("-local_day").values_list("at", "took_ms").first()
    if last is None:
        return False
    at, took_ms = last
    return now - at < max(_AT_LEAST, dt.timedelta(milliseconds=took_ms * _PATIENCE))
