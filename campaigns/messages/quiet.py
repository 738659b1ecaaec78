"""Quiet hours: a message that falls into them waits for their end."""

from __future__ import annotations

import datetime as dt
import zoneinfo

from campaigns.models import MessageSettings


def is_quiet(settings: MessageSettings, zone: str, at: dt.datetime) -> bool:
    begin, end = settings.quiet_from, settings.quiet_until
    now = at.astimezone(zoneinfo.ZoneInfo(zone)).time()
    return begin <= now < end if begin <= end else now >= begin or now < end


def next_waking(settings: MessageSettings, zone: str, at: dt.datetime) -> dt.datetime:
    """The moment itself where it is not quiet, else the end of the quiet hours."""
    if not is_quiet(settings, zone, at):
        return at
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    day = local.date() + dt.timedelta(days=local.time() >= settings.quiet_until)
    end = dt.datetime.combine(day, settings.quiet_until, tzinfo=local.tzinfo)
    woken = end.astimezone(dt.UTC)
    # On the night when clocks are put back an hour comes twice.
    while woken <= at or is_quiet(settings, zone, woken):
        woken += dt.timedelta(minutes=30)
    return woken
