"""What a database must be able to do before any row is written to it; `migrate` asks."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import connections

QUESTION = """
    SELECT lower('ЖЕЛЕЗ') = 'желез' AND 'Железная' ILIKE '%%желез%%',
           current_setting('server_encoding') = 'UTF8',
           current_setting('server_version_num')::int >= 150000
"""
TRIGRAMS = "SELECT cardinality(show_trgm('желез')) > 0"


def can_search_in_russian(databases: Sequence[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """A database made with the wrong locale finds «Желез» by «Желез» only, and says nothing."""
    found: list[checks.CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(QUESTION)
            ignores_case, is_unicode, is_new_enough = cursor.fetchone()
            cursor.execute("SELECT to_regproc('show_trgm') IS NOT NULL")
            if cursor.fetchone()[0]:
                cursor.execute(TRIGRAMS)
                if not cursor.fetchone()[0]:
                    found.append(
                        checks.Warning(
                            "pg_trgm takes no Cyrillic letter for one: searches will read whole tables.",
                            hint="Create the database with LC_CTYPE 'C.UTF-8' or another UTF-8 locale.",
                            id="kopilka.W001",
                        )
                    )
        if not (ignores_case and is_unicode):
            found.append(
                checks.Error(
                    "The database does not know Russian letters: «желез» would not find «Желез».",
                    hint="CREATE DATABASE … ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' "
                    "LC_CTYPE 'C.UTF-8' TEMPLATE template0",
                    id="kopilka.E001",
                )
            )
        if not is_new_enough:
            found.append(checks.Error("Kopilka needs PostgreSQL 15 or newer.", id="kopilka.E002"))
    return found
