"""Where in the whole database a person can be read of: every column that holds text, in whatever table there is."""

from __future__ import annotations

from django.db import connection

_TEXTS = ("character varying", "text", "json", "jsonb", "ARRAY", "USER-DEFINED")


def places_of(*, words: list[str] = [], digits: list[str] = []) -> set[str]:  # noqa: B006
    """`table.column` wherever one of the words (in any case), or of the numbers (however spelled), stands."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
            "  JOIN information_schema.tables t USING (table_schema, table_name)"
            " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND c.data_type = ANY (%s)",
            [list(_TEXTS)],
        )
        for table, column in cursor.fetchall():
            looked_for = [f"%{word.lower()}%" for word in words]
            numbers = [f"%{number}%" for number in digits]
            cursor.execute(
                f'SELECT EXISTS (SELECT FROM "{table}" WHERE lower("{column}"::text) LIKE ANY (%s)'
                f"    OR regexp_replace(\"{column}\"::text, '[^0-9]', '', 'g') LIKE ANY (%s))",
                [looked_for, numbers],
            )
            if cursor.fetchone() == (True,):
                found.add(f"{table}.{column}")
    return found
