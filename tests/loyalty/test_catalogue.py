"""The day one machine is too small, `program_id` is the distribution column: the catalogue must be ready for it."""

from __future__ import annotations

import pytest
from django.db import connection

# Neither people nor their memberships are distributed. A till's key names its programme in its prefix, so even its
# look-up begins with it.
EXEMPT = {
    "merchants_user": "users are of no programme",
    "merchants_user_groups": "users are of no programme",
    "merchants_user_user_permissions": "users are of no programme",
    "merchants_member": "one person in several merchants",
    "merchants_member_outlets": "a membership's outlets",
    "merchants_invitation_outlets": "a membership's outlets to be",
    "merchants_cashier_outlets": "a cashier's outlets",
    "merchants_program": "the programme itself",
}
# One row for one row of the same programme: Django's OneToOneField makes its own index.
ONE_TO_ONE = {
    "clients_client": "account_id",
    "merchants_logo": "merchant_id",
    "insights_receiptfile": "back_test_id",
    "clients_clientmerge": "merge_id",
}

_UNIQUE = """
    SELECT t.relname, i.relname, array_agg(a.attname ORDER BY k.n)
      FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_namespace s ON s.oid = t.relnamespace AND s.nspname = current_schema()
     CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY AS k(attnum, n)
      LEFT JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
     WHERE x.indisunique AND NOT x.indisprimary
       AND split_part(t.relname, '_', 1) IN ('merchants', 'loyalty', 'clients', 'campaigns', 'insights')
     GROUP BY 1, 2
"""


@pytest.mark.django_db
def test_every_unique_index_begins_with_the_programme() -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UNIQUE)
        rows = cursor.fetchall()
    assert len(rows) > 10
    wrong = [
        f"{index} of {table}: {columns}"
        for table, index, columns in rows
        if columns[0] != "program_id" and table not in EXEMPT and columns != [ONE_TO_ONE.get(table)]
    ]
    assert wrong == []


@pytest.mark.django_db
def test_every_table_of_a_programme_has_its_column() -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT c.relname FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
             WHERE s.nspname = current_schema() AND c.relkind IN ('r', 'p')
               AND split_part(c.relname, '_', 1) IN ('merchants', 'loyalty', 'clients', 'campaigns', 'insights')
               AND NOT EXISTS (SELECT FROM pg_attribute a
                                WHERE a.attrelid = c.oid AND a.attname = 'program_id' AND a.attnotnull)""")
        without = {row[0] for row in cursor.fetchall()}
    assert without <= {name for name in EXEMPT if name != "merchants_member"}
