"""Threads with connections of their own, which all begin at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connection

from merchants.access import tenant

R = TypeVar("R")


def at_once(program_id: int, acts: Sequence[Callable[[], R]]) -> list[R | Exception]:
    """What each act gave, or the exception it ended with, in the order of the acts."""
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], R]) -> R | Exception:
        try:
            with tenant(program_id):
                connection.ensure_connection()
                together.wait(timeout=30)
                return act()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
