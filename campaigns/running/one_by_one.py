"""A chunk in which one client's rows can't be written: the others get theirs, and he is named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from django.db import DataError, IntegrityError, InternalError, ProgrammingError, transaction

One = TypeVar("One")

# What the rows themselves are the cause of. A lost connection, a deadlock, a worker's time that is over are not: then
# the chunk is done again as a whole.
OF_THE_ROWS: Final = (
    DataError, IntegrityError, InternalError, ProgrammingError, ArithmeticError, LookupError, TypeError, ValueError,
)  # fmt: skip
# If nobody of so many can be done, it is no client's fault: somebody has to look, and they wait.
MANY: Final = 10


def each_or_all(do: Callable[[Sequence[One]], None], rows: Sequence[One]) -> list[tuple[One, Exception]]:
    """Do it to all of them at once; where that fails, to each half by itself, down to those who are the cause. They
    are returned with their errors, and nothing of them is written. The first error is raised where all of many fail.
    """
    failed = _halved(do, rows)
    if len(failed) == len(rows) >= MANY:
        raise failed[0][1]
    return failed


def _halved(do: Callable[[Sequence[One]], None], rows: Sequence[One]) -> list[tuple[One, Exception]]:
    try:
        with transaction.atomic():
            do(rows)
    except OF_THE_ROWS as error:
        if len(rows) == 1:
            return [(rows[0], error)]
        middle = len(rows) // 2
        return _halved(do, rows[:middle]) + _halved(do, rows[middle:])
    return []
