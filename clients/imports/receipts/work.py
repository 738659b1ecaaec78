"""What a worker does with a file of receipts: the dry run, the loading, the taking back.

Loading takes the receipts that begin in a few thousand lines at a time; each chunk is a transaction that moves the
mark. A worker that is killed leaves whole receipts behind, and the next one goes on after them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils.translation import gettext as _
from msgspec import Struct

from clients.imports import keeping, staging, tables
from clients.imports.choices import rules_at
from clients.imports.keeper import Keeper
from clients.imports.receipts import staging as receipts
from clients.imports.receipts.choices import Outlets, choices_of
from clients.imports.receipts.lines import LineReader
from clients.imports.receipts.staging import Found
from clients.imports.staging import Span
from clients.imports.tables import MOST_ROWS, Layout
from clients.models import ClientImport
from clients.models.imports import LINES
from loyalty import ledger
from loyalty.sheets import UnreadableError

COPIED_AT_ONCE: Final = 5_000
CHUNK: Final = 5_000


class Told(Struct, kw_only=True):
    """The figures of an import, as `clients.imports.counting.Told` has those of clients."""

    found: Found
    loaded_to: int = 0
    undone: int = 0
    left: int = 0


def told(one: ClientImport) -> Told:
    return msgspec.convert(one.counts, Told, strict=False) if one.counts else Told(found=Found())


def packed(counts: Told) -> Any:
    return msgspec.json.decode(msgspec.json.encode(counts))


def in_the_log(counts: Told, state: str) -> dict[str, Any]:
    if state == ClientImport.State.UNDONE:
        return {"undone": counts.undone}
    return {"new": counts.found.fresh, "refused": counts.found.refused, "total": str(counts.found.total)}


# ---------------------------------------------------------------- the dry run


def check(one: ClientImport, keeper: Keeper) -> Told:
    """What the file would do. UnreadableError: it turned out to be no table after all."""
    forget(Span.of(one))
    last = _read(one, keeper)
    whole = Span.of(one, 0, last)
    keeper.be_long()
    with transaction.atomic():
        receipts.settle()
        receipts.judge(whole, choices_of(one))
        return Told(found=receipts.counted(whole))


def forget(span: Span) -> None:
    staging.run("DELETE FROM clients_receiptimportline WHERE id BETWEEN %(first)s AND %(last)s", span)


def _read(one: ClientImport, keeper: Keeper) -> int:
    """Read all lines into the table; the number of the last row."""
    layout = msgspec.convert(one.layout, Layout)
    reader = LineReader(
        program_id=one.program_id,
        import_id=one.pk,
        columns=one.columns,
        outlets=Outlets.of(one),
        rules=rules_at(one.program_id, keeper.clock()),
    )
    lines: list[str] = []
    number = found = 0
    with keeping.opened(one, layout) as file:
        for number, row in enumerate(tables.rows(file, layout), 1):
            if number <= layout.header or (line := reader.read(number, row)) is None:
                continue
            lines.append(line)
            if len(lines) == COPIED_AT_ONCE:
                found += len(lines)
                _write(lines, keeper, number)
            if found > MOST_ROWS or number >= LINES - 1:
                raise UnreadableError(
                    _("The file has more than %(most)d lines. Divide it, and load the parts one after the other.")
                    % {"most": MOST_ROWS}
                )
    found += len(lines)
    _write(lines, keeper, number)
    if not found:
        raise UnreadableError(_("The file has no receipts: only the names of the columns."))
    return number


def _write(lines: list[str], keeper: Keeper, number: int) -> None:
    with transaction.atomic():
        keeper.move(number)
        receipts.copy(lines)
    lines.clear()


# ---------------------------------------------------------------- loading and taking back


def load(one: ClientImport, keeper: Keeper) -> Told:
    while one.mark < one.lines:
        span = Span.of(one, one.mark + 1, min(one.mark + CHUNK, one.lines))
        with transaction.atomic():
            keeper.move(span.last)
            _load(one, span, keeper.clock())
    return Told(found=receipts.counted(Span.of(one)), loaded_to=one.mark)


def _load(one: ClientImport, span: Span, now: dt.datetime) -> None:
    accounts = staging.read(
        "SELECT DISTINCT l.account FROM clients_receiptimportline l"
        " WHERE l.head BETWEEN %(first)s AND %(last)s AND l.outcome = 'fresh' AND l.account IS NOT NULL",
        span,
    )
    if accounts:
        # Nobody merges or erases them meanwhile.
        ledger.lock_all(program_id=one.program_id, accounts=[account for (account,) in accounts])
    [(asked, made)] = staging.read(receipts.sql_of("load"), span, merchant=one.merchant_id, source=one.pk, now=now)
    if made < asked:
        staging.run(receipts.sql_of("outrun"), span, source=one.pk)


def before_undoing(one: ClientImport) -> Told:
    """The figures with which taking back begins: what was really loaded, and up to where."""
    counts = told(one)
    counts.loaded_to = min(one.mark, one.lines)
    if one.state == ClientImport.State.STOPPED:
        counts.found = receipts.counted(Span.of(one, 0, counts.loaded_to))
    return counts


def take_back(one: ClientImport, keeper: Keeper) -> Told:
    counts = told(one)
    while one.mark < one.lines:
        span = Span.of(one, one.mark + 1, min(one.mark + CHUNK, one.lines))
        with transaction.atomic():
            keeper.move(span.last)
            staging.run(receipts.sql_of("take_back"), span, source=one.pk, from_row=span.first, to_row=span.last)
    counts.undone = counts.found.fresh
    return counts
