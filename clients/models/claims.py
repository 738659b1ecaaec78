"""Work that waits in a row: a worker claims it, says that it is there, and one that is silent is taken over from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, ClassVar, Final, Self, TypeVar

from django.db import models
from django.db.models import Q

# Whoever has not said anything for so long is dead, and another takes over.
SILENT: Final = dt.timedelta(minutes=2)

Row = TypeVar("Row", bound=models.Model)


class Claimed:
    """A row with `state`, `claim` and `seen_at`. `AT_WORK` are the states in which a worker has to do with it."""

    AT_WORK: ClassVar[Sequence[Any]]
    state: Any

    @property
    def is_at_work(self) -> bool:
        return self.state in self.AT_WORK


class ClaimedQuerySet(models.QuerySet[Row]):
    def due(self, now: dt.datetime) -> Self:
        """For a worker: waiting, or left by one that was killed."""
        states: Any = self.model
        return self.filter(Q(claim=None) | Q(seen_at__lt=now - SILENT), state__in=states.AT_WORK)
