"""Reading by psycopg's own cursors: JSON comes as text, as we want it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from django.db import connection

_FETCHED: Final = 2_000
# Several cursors of a session are open at once.
_numbers = itertools.count(1)


def rows_of(query: str, parameters: Mapping[str, Any] | None = None) -> Sequence[Any]:
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        return cursor.execute(query.encode(), parameters).fetchall()


def stream(query: str, parameters: Mapping[str, Any] | None = None) -> Iterator[Any]:
    """Row by row, by a cursor on the server: keysets would need an index for each order, and these are read once.

    WITH HOLD, because a worker commits how far it is in between; the server spools the rows to its disk.
    """
    connection.ensure_connection()
    name = f"back_test_{next(_numbers)}"
    with (
        connection.wrap_database_errors,
        psycopg.ServerCursor(connection.connection, name, withhold=True) as cursor,
    ):
        cursor.itersize = _FETCHED
        cursor.execute(query.encode(), parameters)
        yield from cursor
