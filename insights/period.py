"""The days that a page is about: so many whole days up to yesterday, and as many before them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

LENGTHS = (7, 30, 90)
USUAL = 30
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """`first` to `last`, both included. `before` is the first day of as many days before, or None where there were
    not so many yet. Today is not over, so it belongs to a period only on the very first day of a shop."""

    asked: int
    first: dt.date
    last: dt.date
    today: dt.date
    before: dt.date | None

    @classmethod
    def of(cls, *, asked: int, today: dt.date, opened: dt.date) -> Period:
        """`opened` is the first day there is anything of."""
        last = max(today - _DAY, min(opened, today))
        first = max(last - (asked - 1) * _DAY, min(opened, last))
        before = first - asked * _DAY
        return cls(asked, first, last, today, before if before >= opened else None)

    @property
    def length(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def is_short(self) -> bool:
        """The shop has not been there for as long as was asked for."""
        return self.length < self.asked

    @property
    def eve(self) -> dt.date:
        """The day before the period."""
        return self.first - _DAY

    @property
    def days(self) -> Iterator[dt.date]:
        return (self.first + n * _DAY for n in range(self.length))


def asked_for(text: str) -> int:
    """The length of a period from a query string; the usual one for anything strange."""
    return next((days for days in LENGTHS if str(days) == text), USUAL)
