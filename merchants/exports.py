"""Tables that leave the house: CSV as a stream of any length, XLSX up to some tens of thousands of rows.

Cells keep their kind, so that a spreadsheet can count with them. A text that a spreadsheet would take for a formula
gets an apostrophe before it: what a client typed as his name must not run on the owner's computer.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Final, Literal, TypeAlias, TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook

from merchants import audit, paging
from merchants.access import tenant
from merchants.doors import Workplace

Kind = Literal["csv", "xlsx"]
Cell: TypeAlias = str | int | Decimal | dt.date | dt.datetime | None
Line: TypeAlias = Sequence[Cell]
Row = TypeVar("Row", bound=Model)

BATCH: Final = 1000
MOST_IN_XLSX: Final = 50_000
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n]")
_PHONE: Final = re.compile(r"\+\d{7,15}", re.ASCII)
# Characters that no XLSX may hold.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class TooManyRowsError(Exception):
    """More than an XLSX takes; CSV takes any number."""


def lines(
    rows: QuerySet[Row], told: Callable[[Sequence[Row]], Sequence[Line]], *, program_id: int, by: str = ""
) -> Iterator[Line]:
    """All rows, newest first, batch by batch: each is read and told within the tenant, and nothing is held between."""
    cursor = ""
    while True:
        with tenant(program_id):
            page = paging.newest_first(rows, cursor, by=by, size=BATCH)
            batch = told(page.rows)
        yield from batch
        cursor = page.older
        if not cursor:
            return


def answer(
    kind: Kind, *, name: str, titles: Sequence[str], body: Iterator[Line]
) -> HttpResponse | StreamingHttpResponse:
    """The download. TooManyRowsError for an XLSX that would be too long."""
    return _csv(name, titles, body) if kind == "csv" else _xlsx(name, titles, body)


def download(
    request: HttpRequest,
    place: Workplace,
    kind: Kind,
    *,
    name: str,
    titles: Sequence[str],
    body: Iterator[Line],
    action: str,
    narrowed: bool,
    back: str,
    now: dt.datetime,
) -> HttpResponseBase:
    """The answer of a page's download, with its line in the log (`action`): who has the list now, and whether it is all
    of it. Where an XLSX would be too long, `back` to the page of that URL name, with the reason."""
    try:
        day = timezone.localtime(now).date()
        found = answer(kind, name=f"{name}-{day:%Y-%m-%d}", titles=titles, body=body)
    except TooManyRowsError:
        said = _("An XLSX holds %(most)d rows at most: narrow the list, or take a CSV.")
        messages.error(request, said % {"most": MOST_IN_XLSX})
        return redirect(back, place.merchant.pk)
    audit.record(
        program_id=place.program.pk,
        action=action,
        at=now,
        by=place.user,
        subject=place.merchant,
        details={"kind": kind, "narrowed": narrowed},
    )
    return found


def media_type(kind: str) -> str:
    return XLSX if kind == "xlsx" else CSV


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    harmless = not _FORMULA.match(text) or _PHONE.fullmatch(text)
    return text if harmless else f"'{text}"


def plain(text: str) -> str:
    """What `safe` was given: a file of ours that comes back says what it said."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text[1:]) else text


def _csv(name: str, titles: Sequence[str], body: Iterator[Line]) -> StreamingHttpResponse:
    def pieces() -> Iterator[bytes]:
        # Excel takes UTF-8 for Windows-1251 without its mark, and divides Russian files by semicolons.
        yield "\ufeff".encode()
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
        writer.writerow(titles)
        for number, line in enumerate(body, start=1):
            writer.writerow([_written(cell) for cell in line])
            if number % BATCH == 0:
                yield _taken(text)
        yield _taken(text)

    found = StreamingHttpResponse(pieces(), content_type=CSV)
    found["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return found


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return safe(cell)
        case Decimal():
            return f"{cell:f}".replace(".", ",")
        case dt.datetime():
            return f"{cell:%d.%m.%Y %H:%M}"
        case dt.date():
            return f"{cell:%d.%m.%Y}"
        case _:
            return str(cell)


def _xlsx(name: str, titles: Sequence[str], body: Iterator[Line]) -> HttpResponse:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.freeze_panes = "A2"
    sheet.append(list(titles))
    for line in islice(body, MOST_IN_XLSX):
        sheet.append([_celled(cell) for cell in line])
    file = io.BytesIO()
    book.save(file)  # also where it is too long: so openpyxl removes what it has written meanwhile
    if next(body, None) is not None:
        raise TooManyRowsError
    found = HttpResponse(file.getvalue(), content_type=XLSX)
    found["Content-Disposition"] = f'attachment; filename="{name}.xlsx"'
    return found


def _celled(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return safe(_CONTROL.sub(" ", cell))
    # A spreadsheet knows no time zones: cells hold the shop's own time already.
    return cell.replace(tzinfo=None) if isinstance(cell, dt.datetime) else cell
