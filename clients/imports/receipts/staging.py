"""Statements over the lines of a file of receipts: which are one receipt, whose it is, which are there already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from msgspec import Struct

from clients.imports import staging
from clients.imports.receipts.choices import ReceiptChoices, Unknown
from clients.imports.receipts.lines import COPIED
from clients.imports.staging import Span
from clients.models import ReceiptImportLine
from loyalty import bulk

_HERE: Final = Path(__file__).parent / "sql"


class Found(Struct, kw_only=True):
    """What a file has: `fresh` and `same` are receipts, `refused` lines, `known` receipts with a client of ours."""

    fresh: int = 0
    same: int = 0
    refused: int = 0
    remarks: int = 0
    fresh_lines: int = 0
    total: Decimal = Decimal(0)
    known: int = 0
    clients: int = 0
    first: dt.date | None = None
    last: dt.date | None = None


def copy(lines: Iterable[str]) -> None:
    bulk.copy(ReceiptImportLine, COPIED, lines)


def settle() -> None:
    """Nobody has counted the new lines yet: a plan for a handful of them would take minutes."""
    staging.run("ANALYZE clients_receiptimportline")


def judge(whole: Span, choices: ReceiptChoices) -> None:
    for name in ("arrange", "two_clients"):
        staging.run(sql_of(name), whole)
    staging.run(sql_of("strangers"), whole, refuse=choices.unknown == Unknown.REFUSE)
    for name in ("undated", "broken", "there"):
        staging.run(sql_of(name), whole)


def counted(span: Span) -> Found:
    [row] = staging.read(sql_of("counts"), span)
    fresh, same, refused, remarks, fresh_lines, total, known, clients, first, last = row
    return Found(
        fresh=fresh,
        same=same,
        refused=refused,
        remarks=remarks,
        fresh_lines=fresh_lines,
        total=total,
        known=known,
        clients=clients,
        first=first,
        last=last,
    )


@cache
def sql_of(name: str) -> str:
    return (_HERE / f"{name}.sql").read_text(encoding="utf-8")
