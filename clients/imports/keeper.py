"""Whoever works on an import: says that he is alive, moves the mark, and stops when the work is no longer his."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

from clients.models import ClientImport

SAID_EVERY: Final = dt.timedelta(seconds=2)
A_WHILE: Final = dt.timedelta(minutes=15)


class Stopped(Exception):  # noqa: N818
    """Cancelled, or another worker has taken over."""


class Keeper:
    def __init__(self, one: ClientImport, clock: Callable[[], dt.datetime]) -> None:
        self.one, self.clock, self.said = one, clock, clock()

    def keep(self, **values: Any) -> None:
        """Write facts of the import, if it is still ours. Inside a transaction its row is locked until the end."""
        mine = ClientImport.objects.filter(
            program_id=self.one.program_id, pk=self.one.pk, claim=self.one.claim, state=self.one.state
        )
        if not mine.update(**values):
            raise Stopped
        for name, value in values.items():
            setattr(self.one, name, value)

    def move(self, mark: int) -> None:
        self.said = self.clock()
        self.keep(mark=mark, seen_at=self.said)

    def be_long(self, time: dt.timedelta = A_WHILE) -> None:
        """Nothing will be heard of us for so long: one statement looks at all lines of the file."""
        self.keep(seen_at=self.clock() + time)

    def say(self, mark: int) -> None:
        """Where nothing depends on the mark: not for every row."""
        if self.clock() - self.said >= SAID_EVERY:
            self.move(mark)
