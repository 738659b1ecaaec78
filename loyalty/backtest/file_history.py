"""Receipts of a file as events: staged in a temporary table, read in order by a cursor of the server.

Clients join with their first receipt; a client's number is the line of the file that first names him, a receipt's is
its first line.
"""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Self

import msgspec
import psycopg
from django.db import connection
from msgspec import Struct, field

from loyalty.backtest import csv_file
from loyalty.backtest.csv_file import Refused, Sold
from loyalty.backtest.events import Event, Joined, Receipt
from loyalty.backtest.streaming import rows_of, stream
from loyalty.engine.cart import Line
from loyalty.engine.rulebook import Rulebook
from merchants.models import Outlet

MOST_SHOWN: Final = 100

_STAGE = """
    DROP TABLE IF EXISTS pg_temp.back_test_line, pg_temp.back_test_client;
    CREATE TEMPORARY TABLE back_test_line (
        row integer, receipt text, at timestamptz, day date, client text, outlet text, sku text, category text,
        brand text, quantity numeric, price numeric, amount numeric
    )
"""
_CLIENTS = """
    CREATE TEMPORARY TABLE back_test_client AS
    SELECT client, min(row) AS account, min(at) AS at FROM back_test_line WHERE client <> '' GROUP BY client;
    ANALYZE back_test_line; ANALYZE back_test_client
"""
# Numbers begin anew with a shift, a till or a year; without a number every line is a receipt.
_RECEIPTS = """
    SELECT min(l.at) AS began, min(l.row), l.day, c.account, l.outlet,
           json_agg(json_build_array(l.quantity, l.price, l.amount, l.sku, l.category, l.brand) ORDER BY l.row)::text
      FROM back_test_line l LEFT JOIN back_test_client c ON c.client = l.client
     GROUP BY CASE WHEN l.receipt = '' THEN '#' || l.row ELSE l.receipt END, l.day, c.account, l.outlet
     ORDER BY began, min(l.row)
"""
_lines = msgspec.json.Decoder(list[tuple[Decimal, Decimal, Decimal, str, str, str]])


class Facts(Struct):
    """What was found in the file. `problems` are the first of the `refused` lines."""

    lines: int = 0
    receipts: int = 0
    clients: int = 0
    refused: int = 0
    problems: list[Refused] = field(default_factory=list)
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    strange_outlets: list[str] = field(default_factory=list)


class FileHistory:
    """A context: its tables live as long. `outlets` are codes by what a file may call them, in small letters; `spend`
    says that clients pay with all the points that the rules allow."""

    def __init__(
        self, content: bytes, columns: Sequence[str], rulebook: Rulebook, *, outlets: Mapping[str, str], spend: bool
    ) -> None:
        self.content, self.columns, self.rulebook = content, columns, rulebook
        self.outlets, self.spend = outlets, spend
        self.facts = Facts()
        self._strange: set[str] = set()

    def __enter__(self) -> Self:
        connection.ensure_connection()
        with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
            cursor.execute(_STAGE)
            with cursor.copy("COPY back_test_line FROM STDIN") as copy:
                for row in self._staged():
                    copy.write_row(row)
            cursor.execute(_CLIENTS)
        facts = self.facts
        facts.strange_outlets = sorted(self._strange)[:MOST_SHOWN]
        facts.first, facts.last, facts.lines = rows_of("SELECT min(at), max(at), count(*) FROM back_test_line")[0]
        facts.clients = rows_of("SELECT count(*) FROM back_test_client")[0][0]
        facts.receipts = rows_of(f"SELECT count(*) FROM ({_RECEIPTS}) AS found")[0][0]  # noqa: S608
        return self

    def __exit__(self, *_error: object) -> None:
        if connection.is_usable() and not connection.needs_rollback:
            with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
                cursor.execute("DROP TABLE IF EXISTS pg_temp.back_test_line, pg_temp.back_test_client")

    def _staged(self) -> Iterator[tuple[Any, ...]]:
        frame, calendar = self.rulebook.program, self.rulebook.calendar
        for line in csv_file.read(self.content, self.columns, zone=frame.time_zone, digits=frame.currency_digits):
            if isinstance(line, Sold):
                outlet = self._outlet(line.outlet)
                yield (
                    *(line.row, line.receipt, line.at, calendar.day_of(line.at), line.client, outlet),
                    *(line.sku, line.category, line.brand, line.quantity, line.price, line.amount),
                )
                continue
            self.facts.refused += 1
            if len(self.facts.problems) < MOST_SHOWN:
                self.facts.problems.append(line)

    def _outlet(self, name: str) -> str:
        code = self.outlets.get(name.casefold())
        if code is None and name:
            self._strange.add(name)
        return code or name

    def events(self) -> Iterator[Event]:
        joins = (
            Joined(at, account)
            for account, at in stream("SELECT account, at FROM back_test_client ORDER BY at, account")
        )
        return heapq.merge(joins, self._receipts(), key=lambda event: event.order)

    def _receipts(self) -> Iterator[Event]:
        known: dict[tuple[Any, ...], Line] = {}
        for at, row, day, account, outlet, found in stream(_RECEIPTS):
            lines = []
            for one in _lines.decode(found):
                line = known.get(one)
                if line is None:
                    if len(known) > 50_000:
                        known.clear()
                    quantity, price, amount, sku, category, brand = one
                    line = known[one] = Line(quantity, price, amount, sku, category=category, brand=brand)
                lines.append(line)
            yield Receipt(
                at=at,
                id=row,
                occurred_at=at,
                day=day,
                account=account,
                lines=tuple(lines),
                points=Decimal(0),
                outlet=outlet,
                most=self.spend and account is not None,
            )


def outlets_of(program_id: int) -> dict[str, str]:
    """Codes of outlets by their codes and names, in small letters."""
    found = list(Outlet.objects.filter(program_id=program_id).order_by("-id").values_list("code", "name"))
    return {name.casefold(): code for code, name in found} | {code.casefold(): code for code, _name in found}
