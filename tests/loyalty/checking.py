"""The whole audit in one prepared statement, for tests that look at the books after every step."""

from __future__ import annotations

import datetime as dt
from functools import cache

import psycopg
from django.db import connection

from loyalty.audit import checks

BOOKS = tuple(check for check in checks() if not check.name.startswith(("exists:", "tenant:")))


@cache
def _all_at_once() -> str:
    return " UNION ALL ".join(f"SELECT {n}, w.* FROM ({check.sql}) AS w" for n, check in enumerate(BOOKS)) + " LIMIT 1"


def books_are_sound(program_id: int, now: dt.datetime) -> None:
    """What COMMIT would check, and then the audit. AssertionError names the first wrong row."""
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(_all_at_once(), {"programs": [program_id], "now": now}, prepare=True)
        wrong = cursor.fetchone()
    assert wrong is None, f"{BOOKS[wrong[0]].name}: {BOOKS[wrong[0]].subject} {wrong[2]}: {wrong[3]}"
