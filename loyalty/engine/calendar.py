"""Local days of a programme: they begin at `day_starts_at` in its time zone (a bar's day begins at 05:00)."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

# A sale asks for the day of the same few moments again and again.
_REMEMBERED: Final = 4_096


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@lru_cache(maxsize=256)
def calendar_of(time_zone: str, day_starts_at: dt.time) -> Calendar:
    """One for all the versions of a programme: what it has worked out serves all of them."""
    return Calendar(time_zone, day_starts_at)


class Calendar:
    __slots__ = ("_days", "_offset", "_starts", "_zone")

    def __init__(self, time_zone: str, day_starts_at: dt.time = dt.time(0)) -> None:
        self._zone = _zone(time_zone)
        self._starts = day_starts_at.replace(tzinfo=None)
        self._offset = dt.timedelta(hours=day_starts_at.hour, minutes=day_starts_at.minute)
        self._days: dict[dt.datetime, dt.date] = {}

    def local(self, at: dt.datetime) -> dt.datetime:
        return at.astimezone(self._zone)

    def day_of(self, at: dt.datetime) -> dt.date:
        """The local day that the instant falls into."""
        day = self._days.get(at)
        if day is None:
            if len(self._days) >= _REMEMBERED:
                self._days.clear()
            day = self._days[at] = self._day_of(at)
        return day

    def _day_of(self, at: dt.datetime) -> dt.date:
        wall = at.astimezone(self._zone).replace(tzinfo=None)
        day = (wall - self._offset).date()
        # Where the clocks change, half past two may come twice or not at all; full hours are right as they are.
        if self._starts.minute:
            if at < self.start_of(day):
                return day - dt.timedelta(days=1)
            if at >= self.end_of(day):
                return day + dt.timedelta(days=1)
        return day

    def start_of(self, day: dt.date) -> dt.datetime:
        """The instant, in UTC, at which the local day begins."""
        return dt.datetime.combine(day, self._starts, self._zone).astimezone(dt.UTC)

    def end_of(self, day: dt.date) -> dt.datetime:
        """The first instant that no longer belongs to the local day, in UTC."""
        return self.start_of(day + dt.timedelta(days=1))
