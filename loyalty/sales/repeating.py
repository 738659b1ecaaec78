"""What is tried again: two requests at once that no lock tells apart, and a budget that others have used up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, IntegrityError

R = TypeVar("R")


def twice(attempt: Callable[[], R]) -> R:
    """Two tills' requests with one key or one receipt number, neither with a client to lock: the slower one fails on
    the unique index, and finds the other's answer when it looks again."""
    try:
        return attempt()
    except IntegrityError as error:
        if "_unique" not in str(error):
            raise
        return attempt()


# Raised by `loyalty_write_consequences`; and where tills have met crosswise at two budgets, by PostgreSQL.
_USED_UP, _CROSSWISE = "KB001", "40P01"


def within_budgets(attempt: Callable[[bool], R]) -> R:
    """A budget was read without a lock, and another till has taken the rest of it meanwhile: the receipt is computed
    again, with the budgets held."""
    try:
        return attempt(False)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", "") not in (_USED_UP, _CROSSWISE):
            raise
    return attempt(True)
