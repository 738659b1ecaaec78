"""A file's goods beside the directory, all at once: COPY into a temporary table, then one statement.

Inside the caller's transaction. Of a column that the file lacks the directory's value stands.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import psycopg
from django.db import connection
from msgspec import Struct
from psycopg import sql

from loyalty.goods.reading import Good

# The order of Good's fields, without its row.
_FIELDS = ("sku", "name", "category", "brand", "price", "min_price", "earn", "redeem", "discount")
_KEPT = _FIELDS[1:]

_TABLE = """
    DROP TABLE IF EXISTS pg_temp.goods_of_file;
    CREATE TEMPORARY TABLE goods_of_file (
        line integer, sku text, name text, category text, brand text, price numeric(14, 2), min_price numeric(14, 2),
        earn boolean, redeem boolean, discount boolean
    ) ON COMMIT DROP
"""
_COMPARE = """
    SELECT count(*) FILTER (WHERE p.id IS NULL),
           count(*) FILTER (WHERE p.id IS NOT NULL AND {differs}),
           count(*) FILTER (WHERE p.id IS NOT NULL AND NOT ({differs}))
      FROM goods_of_file f
      LEFT JOIN loyalty_product p ON p.program_id = %(program)s AND p.sku = f.sku
"""
_DIFFERS = "(({old}) IS DISTINCT FROM ({new}) OR NOT p.is_active)"
_MISSING = """
      FROM loyalty_product p
     WHERE p.program_id = %(program)s AND p.is_active
       AND NOT EXISTS (SELECT FROM goods_of_file f WHERE f.sku = p.sku)
"""
_ZEROS_LOST = """
    SELECT f.line, f.sku, min(p.sku)
      FROM goods_of_file f
      JOIN loyalty_product p ON p.program_id = %(program)s AND ltrim(p.sku, '0') = f.sku AND p.sku LIKE '0%%'
     WHERE f.sku ~ '^[1-9][0-9]+$'
       AND NOT EXISTS (SELECT FROM loyalty_product o WHERE o.program_id = %(program)s AND o.sku = f.sku)
     GROUP BY f.line, f.sku ORDER BY f.line LIMIT 20
"""
# In the order of SKUs, so that two writers wait for each other and don't lock each other out.
_MERGE = """
    WITH written AS (
        INSERT INTO loyalty_product AS p
               (program_id, sku, {columns}, is_active, source, updated_at)
        SELECT %(program)s, f.sku, {values}, true, %(source)s, %(now)s
          FROM goods_of_file f
          LEFT JOIN loyalty_product o ON o.program_id = %(program)s AND o.sku = f.sku
         ORDER BY f.sku
            ON CONFLICT (program_id, sku) DO UPDATE
           SET ({columns}, is_active, source, updated_at) = ROW({excluded}, true, %(source)s, excluded.updated_at)
         WHERE ({old}) IS DISTINCT FROM ({excluded}) OR NOT p.is_active
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""
_RETIRE = """
    WITH retired AS (
        UPDATE loyalty_product p SET is_active = false, updated_at = %(now)s
         WHERE p.program_id = %(program)s AND p.is_active
           AND NOT EXISTS (SELECT FROM goods_of_file f WHERE f.sku = p.sku)
        RETURNING 1
    )
    SELECT count(*) FROM retired
"""
_EMPTY = {"category": "''", "brand": "''"}


class Comparison(Struct, frozen=True):
    fresh: int
    changed: int
    same: int
    missing: int


def lay_out(goods: Iterable[Good]) -> None:
    """Put a file's goods into the temporary table of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
    statement = sql.SQL("COPY goods_of_file (line, {}) FROM STDIN").format(
        sql.SQL(", ").join(map(sql.Identifier, _FIELDS))
    )
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as copying,
        copying.copy(statement) as pipe,
    ):
        for good in goods:
            pipe.write_row((good.row, *(getattr(good, field) for field in _FIELDS)))
    with connection.cursor() as cursor:
        # Nobody has counted the rows yet: a plan for a handful of them would take minutes.
        cursor.execute("CREATE INDEX ON goods_of_file (sku)")
        cursor.execute("ANALYZE goods_of_file")


def compare(program_id: int, columns: Collection[str]) -> Comparison:
    """What taking the file over would do."""
    kept = [column for column in _KEPT if column in columns]
    differs = _DIFFERS.format(old=_row("p", kept), new=_row("f", kept))
    [(fresh, changed, same)] = _read(_COMPARE.format(differs=differs), program_id)
    [(missing,)] = _read(f"SELECT count(*) {_MISSING}", program_id)
    return Comparison(fresh, changed, same, missing)


def zeros_lost(program_id: int) -> Sequence[tuple[int, str, str]]:
    """Lines with a new SKU that the directory knows with zeros in front: line, SKU, the known one."""
    return _read(_ZEROS_LOST, program_id)


def merge(program_id: int, columns: Collection[str], *, source: str, now: dt.datetime) -> tuple[int, int]:
    """Write new and changed goods; how many of each. What is the same is not touched."""
    values = [
        f"f.{column}" if column in columns else f"coalesce(o.{column}, {_EMPTY[column]})" if column in _EMPTY else
        f"o.{column}"
        for column in _KEPT
    ]  # fmt: skip
    statement = _MERGE.format(
        columns=", ".join(_KEPT), values=", ".join(values), old=_row("p", _KEPT), excluded=_row("excluded", _KEPT)
    )
    [(fresh, changed)] = _read(statement, program_id, source=source, now=now)
    return fresh, changed


def retire_missing(program_id: int, *, now: dt.datetime) -> int:
    """Take off sale what the file lacks; how many goods."""
    [(retired,)] = _read(_RETIRE, program_id, now=now)
    return int(retired)


def categories() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT category FROM goods_of_file WHERE category <> '' ORDER BY 1")
        return [row[0] for row in cursor.fetchall()]


def _row(table: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)


def _read(statement: str, program_id: int, **more: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"program": program_id, **more})
        return list(cursor.fetchall())
