"""What a database must be able to do before any row is written to it; `migrate` asks."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connections
from django.db.backends.utils import CursorWrapper

QUESTION = """
    SELECT lower('ЖЕЛЕЗ') = 'желез' AND 'Железная' ILIKE '%желез%',
           current_setting('server_version_num')::int >= 150000
"""
NO_LETTERS = checks.Error(
    "The database does not know Russian letters: «желез» would not find «Желез».",
    hint="CREATE DATABASE … ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' "
    "LC_CTYPE 'C.UTF-8' TEMPLATE template0",
    id="kopilka.E001",
)
TOO_OLD = checks.Error("Kopilka needs PostgreSQL 15 or newer.", id="kopilka.E002")
NO_TRIGRAMS = checks.Warning(
    "pg_trgm takes no Cyrillic letter for one: searches will read whole tables.",
    hint="Create the database with LC_CTYPE 'C.UTF-8' or another UTF-8 locale.",
    id="kopilka.W001",
)


def can_search_in_russian(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A database made with the wrong locale finds «Желез» by «Желез» only, and says nothing."""
    found: list[checks.CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(QUESTION)
            knows_letters, is_new_enough = cursor.fetchone()
            if not knows_letters:
                found.append(NO_LETTERS)
            if not is_new_enough:
                found.append(TOO_OLD)
            if not finds_trigrams(cursor):
                found.append(NO_TRIGRAMS)
    return found


def finds_trigrams(cursor: CursorWrapper) -> bool:
    """Unknown, hence fine, before the migration that installs pg_trgm."""
    cursor.execute("SELECT to_regproc('show_trgm') IS NULL")
    if cursor.fetchone() == (True,):
        return True
    cursor.execute("SELECT cardinality(show_trgm('желез')) > 0")
    return bool(cursor.fetchone() == (True,))
