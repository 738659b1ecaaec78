"""When people drink coffee: by season, weekday and hour."""

from __future__ import annotations

import datetime as dt
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate

from loyalty.engine.calendar import Calendar

DAYS = 365
_HALF_HOUR = 30 * 60
_OPENS = 7 * 3600 + 1800
# January to December.
_MONTHS = (0.92, 1.0, 1.02, 1.0, 0.97, 0.9, 0.84, 0.86, 1.02, 1.08, 1.12, 1.2)
_WEEK = (0.96, 0.98, 1.0, 1.02, 1.14, 1.2, 1.04)
# Each half hour from the opening at 7:30.
_WORKDAY = (5, 9, 12, 11, 8, 6, 5, 5, 5, 7, 8, 7, 5, 4, 3, 3, 4, 5, 5, 6, 6, 5, 4, 3, 2, 2, 1)
_WEEKEND = (1, 2, 3, 4, 6, 7, 8, 8, 8, 8, 8, 8, 8, 7, 7, 7, 7, 7, 6, 6, 5, 5, 4, 4, 3, 2, 1)


class Year:
    """The days up to a moment, each with its weight; times are seconds since 1970."""

    def __init__(self, calendar: Calendar, end: dt.datetime) -> None:
        last = calendar.day_of(end - dt.timedelta(microseconds=1))
        self.days = [last - dt.timedelta(days=n) for n in reversed(range(DAYS))]
        self.starts = [int(calendar.start_of(day).timestamp()) for day in self.days]
        self.begin, self.end = self.starts[0], int(end.timestamp())
        self._hours = [_cumulated(_WEEKEND if day.weekday() >= 5 else _WORKDAY) for day in self.days]
        # The last day may have hours yet to come.
        self.last_share = self._share(DAYS - 1, self.end - self.starts[-1])
        weights = [_weight(day, n) for n, day in enumerate(self.days)]
        weights[-1] *= self.last_share
        self.until = [0.0, *accumulate(weights)]

    def day_at(self, weight: float) -> int:
        """The day, by its place among the weights added up."""
        return min(max(bisect(self.until, weight) - 1, 0), DAYS - 1)

    def moment(self, day: int, part: float) -> int:
        """A time of the day: `part` of its receipts, at least 0 and below 1, have gone before."""
        if day == DAYS - 1:
            part *= self.last_share
        hours = self._hours[day]
        slot = min(bisect(hours, part), len(hours) - 1)
        before = hours[slot - 1] if slot else 0.0
        inside = (part - before) / (hours[slot] - before)
        at = self.starts[day] + _OPENS + int((slot + inside) * _HALF_HOUR)
        return min(at, self.end - 1)

    def _share(self, day: int, seconds: int) -> float:
        """Which part of a day's receipts has been made so many seconds after its midnight."""
        halves = (seconds - _OPENS) / _HALF_HOUR
        hours = [0.0, *self._hours[day]]
        if halves <= 0:
            return 1e-9
        whole = int(halves)
        if whole >= len(hours) - 1:
            return 1.0
        return max(hours[whole] + (hours[whole + 1] - hours[whole]) * (halves - whole), 1e-9)


def _weight(day: dt.date, n: int) -> float:
    weight = _MONTHS[day.month - 1] * _WEEK[day.weekday()] * (1 + 0.25 * n / DAYS)
    # The town sleeps.
    return weight * 0.4 if day.month == 1 and day.day <= 3 else weight


def _cumulated(halves: Sequence[int]) -> list[float]:
    total = sum(halves)
    return [part / total for part in accumulate(halves)]
