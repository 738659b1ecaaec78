"""The ledger's bulk door: whole histories, computed elsewhere with the engine, enter the books by COPY.

For accounts that are new: nobody else can have locked them, and no till has seen them. What the triggers would check
row by row is checked here once for all rows of a load (`check`), where the database lets them be passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import psycopg
from django.db import connection, models, transaction
from psycopg import sql

from loyalty import ledger

_PERMITTED = "SELECT has_parameter_privilege('session_replication_role', 'SET')"


class NotBalancedError(Exception):
    """What was loaded is not what a ledger may hold; the transaction has to be rolled back."""


@contextmanager
def loading() -> Iterator[bool]:
    """A transaction in which row triggers and foreign keys are passed over, if this database role may do so.

    Yields whether they are. Where they are not, the load is slower and checked twice.
    """
    with transaction.atomic():
        may = bool(ledger.call(_PERMITTED, []))
        if may:
            ledger.call("SELECT set_config('session_replication_role', 'replica', true)", [])
        yield may
        if may:
            ledger.call("SELECT set_config('session_replication_role', 'origin', true)", [])


def ids(model: type[models.Model], block: int = 5000) -> Iterator[int]:
    """Primary keys from the table's own sequence, without end; what is left of the last block is lost."""
    sequence = ledger.call("SELECT pg_get_serial_sequence(%s, 'id')", [model._meta.db_table])
    while True:
        yield from _block(sequence, block)


def _block(sequence: str, size: int) -> range:
    """Consecutive numbers. Another session that takes one in between costs us the block, and nobody anything else."""
    while True:
        first = ledger.call(
            "SELECT CASE WHEN max(n) - min(n) = %s THEN min(n) END"
            "  FROM (SELECT nextval(%s::regclass) AS n FROM generate_series(1, %s)) numbers",
            [size - 1, sequence, size],
        )
        if first is not None:
            return range(first, first + size)


def copy(model: type[models.Model], columns: Sequence[str], rows: Iterable[str]) -> None:
    """COPY rows in PostgreSQL's text format: tabs between columns, `\\N` for NULL, backslashes doubled."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    text = "\n".join(rows)
    if not text:
        return
    connection.ensure_connection()
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
        cursor.copy(statement) as pipe,
    ):
        pipe.write(f"{text}\n".encode())


def check(*, program_id: int, accounts: range, lots: range) -> None:
    """NotBalancedError unless the books of these accounts hold: points = open lots, balance = last entry, each entry
    follows from the one before, each lot's rest = what its entries moved. `lots` spans the keys of their lots."""
    with connection.cursor() as cursor:
        # Nobody has counted the rows yet: a plan made for a handful of them would take minutes.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_CHECK, _bounds(program_id, accounts, lots))
        wrong = cursor.fetchone()[0]
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
    if wrong is not None:
        raise NotBalancedError(wrong)


def _bounds(program_id: int, accounts: range, lots: range) -> dict[str, int]:
    return {
        "program": program_id,
        "account_1": accounts.start,
        "account_n": accounts.stop - 1,
        "lot_1": lots.start,
        "lot_n": lots.stop - 1,
    }


_CHECK = """
    WITH accounts AS MATERIALIZED (
        SELECT id, points, debt FROM loyalty_account
         WHERE program_id = %(program)s AND id BETWEEN %(account_1)s AND %(account_n)s
    ), lots AS MATERIALIZED (
        SELECT id, account_id, rest FROM loyalty_lot
         WHERE program_id = %(program)s AND id BETWEEN %(lot_1)s AND %(lot_n)s
           AND account_id BETWEEN %(account_1)s AND %(account_n)s
    ), entries AS MATERIALIZED (
        SELECT id, account_id, points, balance_after, lots, parts FROM loyalty_entry
         WHERE program_id = %(program)s AND account_id BETWEEN %(account_1)s AND %(account_n)s
    ), chained AS (
        SELECT e.account_id, e.points, e.balance_after,
               coalesce(lag(e.balance_after) OVER history, 0) AS before,
               lead(e.id) OVER history IS NULL AS is_last
          FROM entries e WINDOW history AS (PARTITION BY e.account_id ORDER BY e.id)
    ), moved AS (
        SELECT m.lot, sum(m.part) AS part FROM entries e, unnest(e.lots, e.parts) AS m (lot, part) GROUP BY m.lot
    )
    SELECT min(wrong) FROM (
        SELECT format('account %%s: points %%s, open lots %%s', a.id, a.points, coalesce(l.rests, 0)) AS wrong
          FROM accounts a LEFT JOIN (SELECT account_id, sum(rest) AS rests FROM lots GROUP BY account_id) l
            ON l.account_id = a.id
         WHERE a.points <> coalesce(l.rests, 0)
        UNION ALL
        SELECT format('account %%s: balance %%s, last entry %%s', a.id, a.points - a.debt, coalesce(c.balance_after, 0))
          FROM accounts a LEFT JOIN chained c ON c.account_id = a.id AND c.is_last
         WHERE a.points - a.debt <> coalesce(c.balance_after, 0)
        UNION ALL
        SELECT format('account %%s: an entry of %%s after %%s leaves %%s', account_id, points, before, balance_after)
          FROM chained WHERE before + points <> balance_after
        UNION ALL
        SELECT format('lot %%s: rest %%s, entries %%s', coalesce(l.id, m.lot), l.rest, m.part)
          FROM lots l FULL JOIN moved m ON m.lot = l.id
         WHERE l.rest IS DISTINCT FROM m.part
    ) faults
"""
