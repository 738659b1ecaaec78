"""What people get to read of an import: samples of its lines, what is wrong, and the file of refused lines."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import msgspec
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from msgspec import Struct
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from clients.imports import keeping, tables
from clients.imports.columns import TITLES
from clients.imports.problems import Problem
from clients.imports.tables import Layout
from clients.models import ClientImport, ClientImportLine, ReceiptImportLine
from clients.models.imports import LINES
from merchants.exports import safe

SHOWN: Final = 50


class Change(Struct, frozen=True):
    """One field of a known client."""

    title: str
    before: str
    after: str


def lines_of(one: ClientImport, outcome: str, *, after: int = 0, size: int = SHOWN) -> list[Any]:
    """Lines of an outcome, in the order of the file; `remark` and `left` count as outcomes."""
    rows = _lines(one, after)
    if outcome == "remark":
        rows = rows.exclude(outcome="refused").filter(problems__isnull=False)
    elif outcome == "left":
        rows = rows.filter(left__isnull=False)
    else:
        rows = rows.filter(outcome=outcome)
    return list(rows[:size])


def _lines(one: ClientImport, after: int = 0) -> QuerySet[Any]:
    model = ReceiptImportLine if one.kind == ClientImport.Kind.RECEIPTS else ClientImportLine
    base = one.pk * LINES
    rows: QuerySet[Any] = model._default_manager.filter(
        program_id=one.program_id, pk__gt=base + after, pk__lt=base + LINES
    )
    return rows.order_by("pk")


def row_of(after: str) -> int:
    """The line after which a page begins, as an address says it."""
    return int(after) if after.isascii() and after.isdigit() and len(after) < 8 else 0


def grouped(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")


def problems_of(line: ClientImportLine | ReceiptImportLine) -> list[Problem]:
    return msgspec.convert(line.problems or [], list[Problem])


def changes_of(line: ClientImportLine) -> list[Change]:
    found = []
    for field, (before, after) in (line.changes or {}).items():
        title = str(TITLES.get(field, field))
        if field == "consents":
            kinds = [str(TITLES[kind]) for kind in (one.rstrip("+-") for one in after) if kind in TITLES]
            found.append(Change(_("Consents"), "", ", ".join(kinds)))
        elif field == "points":
            found.append(Change(title, _number(before), f"+{_number(after)}"))
        else:
            found.append(Change(title, _shown(before), _shown(after)))
    return found


def refused_file(one: ClientImport, kind: str) -> BinaryIO:
    """The refused lines as they were sent, with a column that says why: to be corrected and loaded again. Where a
    spreadsheet would take a text for a formula it has an apostrophe, which is not read."""
    layout = msgspec.convert(one.layout, Layout)
    rows = _refused_rows(one, layout)
    return _xlsx(rows) if kind == "xlsx" else _csv(rows)


def _refused_rows(one: ClientImport, layout: Layout) -> Iterator[list[str]]:
    refused = _lines(one).filter(outcome="refused")
    yield [*one.titles, _("Why it was not loaded")]
    waiting = refused.only("row", "problems").iterator(chunk_size=2000)
    line = next(waiting, None)
    width = len(one.titles)
    with keeping.opened(one, layout) as file:
        for number, row in enumerate(tables.rows(file, layout), 1):
            if line is None:
                return
            if number < line.row:
                continue
            cells = [*row[:width], *[""] * (width - len(row))]
            yield [*map(safe, cells), "; ".join(problem.sentence for problem in problems_of(line))]
            line = next(waiting, None)


def _csv(rows: Iterator[Sequence[str]]) -> BinaryIO:
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    csv.writer(text, delimiter=";").writerows(rows)
    text.flush()
    text.detach()
    file.seek(0)
    return file


def _xlsx(rows: Iterator[Sequence[str]]) -> BinaryIO:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in rows:
        sheet.append([_cell(sheet, text) for text in row])
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
    book.save(file)
    file.seek(0)
    return file


def _cell(sheet: Any, text: str) -> Any:
    """As text: a spreadsheet shortens long numbers otherwise."""
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    cell.number_format = "@"
    return cell


def _number(value: Any) -> str:
    return str(value).removesuffix(".00").replace(".", ",")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one).removeprefix("v:") for one in value)
    return "" if value is None else str(value)
