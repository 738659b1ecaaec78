"""Lines beside the database, all at once: who is known already, who stands twice, what would change, who invited whom.

Every statement looks at a span of lines, so that nothing is large. Parameters of each: program, first and last (keys
of lines).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.db import connection
from msgspec import Struct

from clients.imports.choices import Choices, Existing
from clients.imports.lines import COPIED
from clients.models.imports import LINES, ClientImport, ClientImportLine
from loyalty import bulk

_HERE: Final = Path(__file__).parent / "sql"


class Counts(Struct, kw_only=True):
    """What was found; what was done is counted apart (`Done`)."""

    fresh: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    remarks: int = 0
    fresh_points: Decimal = Decimal(0)
    fresh_lots: int = 0
    added_points: Decimal = Decimal(0)
    added_lots: int = 0


class Span(Struct, frozen=True):
    """Lines of an import, from and to a row (both of them in it)."""

    program_id: int
    import_id: int
    first: int
    last: int

    @classmethod
    def of(cls, one: ClientImport, first: int = 0, last: int = LINES - 1) -> Span:
        return cls(one.program_id, one.pk, first, last)

    @property
    def keys(self) -> dict[str, Any]:
        base = self.import_id * LINES
        return {"program": self.program_id, "first": base + self.first, "last": base + self.last}


def copy(lines: Iterable[str]) -> None:
    """Write lines in COPY's format."""
    bulk.copy(ClientImportLine, COPIED, lines)


def forget(span: Span) -> None:
    run("DELETE FROM clients_clientimportline WHERE id BETWEEN %(first)s AND %(last)s", span)


def settle() -> None:
    """Nobody has counted the new lines yet: a plan for a handful of them would take minutes."""
    run("ANALYZE clients_clientimportline")


def refuse_repeated(span: Span, *, cards: bool) -> None:
    run(sql_of("repeated_phones"), span)
    if cards:
        run(sql_of("repeated_cards"), span)


def find_known(span: Span) -> None:
    """Lines of clients who are here already get their accounts."""
    run(sql_of("withdrawn_cards"), span)
    run(sql_of("known"), span)


def refuse_repeated_clients(span: Span) -> None:
    run(sql_of("repeated_clients"), span)


def compare(span: Span, choices: Choices) -> None:
    """What the lines of known clients would change."""
    run(
        sql_of("changes"),
        span,
        touch=choices.existing != Existing.SKIP,
        over=choices.existing == Existing.OVERWRITE,
        add=choices.add_balances,
    )


def lay_out_numbers(span: Span) -> None:
    """All phones and cards of a file in a temporary table, for `find_referrers`."""
    run(sql_of("numbers"), span)


def find_referrers(span: Span) -> None:
    run(sql_of("referrers"), span)


def break_rings(span: Span) -> None:
    run(sql_of("rings"), span)


def counted(span: Span) -> Counts:
    [row] = read(sql_of("counts"), span)
    fresh, changed, same, refused, remarks, fresh_points, fresh_lots, added_points, added_lots = row
    return Counts(
        fresh=fresh,
        changed=changed,
        same=same,
        refused=refused,
        remarks=remarks,
        fresh_points=fresh_points,
        fresh_lots=fresh_lots,
        added_points=added_points,
        added_lots=added_lots,
    )


@cache
def sql_of(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")


def run(statement: str, span: Span | None = None, **facts: Any) -> int:
    """How many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**(span.keys if span else {}), **facts} or None)
        return int(cursor.rowcount)


def read(statement: str, span: Span, **facts: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {**span.keys, **facts})
        return list(cursor.fetchall())
