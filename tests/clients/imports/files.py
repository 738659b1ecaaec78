"""A client base in a few words: rows to a file, the file through the dry run and into the books."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from clients.imports import jobs, reports, working
from clients.imports.choices import Choices
from clients.models import ClientImport, ClientImportLine
from loyalty.audit import audit
from merchants.access import tenant
from tests.cast import Shop


def as_csv(rows: Iterable[Sequence[Any]], *, encoding: str = "utf-8", separator: str = ";") -> io.BytesIO:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows(rows)
    return io.BytesIO(text.getvalue().encode(encoding))


def as_xlsx(rows: Iterable[Sequence[Any]]) -> io.BytesIO:
    book, file = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in rows:
        sheet.append(list(row))
    book.save(file)
    file.seek(0)
    return file


def uploaded(shop: Shop, file: io.BytesIO, name: str = "база.csv") -> ClientImport:
    with tenant(shop.program.pk):
        return jobs.upload(merchant=shop.merchant, file=file, file_name=name, by=shop.owner, now=timezone.now())


def checked(shop: Shop, file: io.BytesIO, choices: Choices | None = None, name: str = "база.csv") -> ClientImport:
    """Through the dry run."""
    one = uploaded(shop, file, name)
    with tenant(shop.program.pk):
        jobs.look_through(one=one, chosen=one.columns, choices=choices or Choices(), by=shop.owner, now=timezone.now())
    working.run_due(clock=timezone.now)
    return fresh(one)


def loaded(shop: Shop, file: io.BytesIO, choices: Choices | None = None, name: str = "база.csv") -> ClientImport:
    one = checked(shop, file, choices, name)
    assert one.state == "checked", (one.state, one.why)
    return confirmed(one)


def confirmed(one: ClientImport) -> ClientImport:
    with tenant(one.program_id):
        jobs.load(one=one, by="test", now=timezone.now())
    working.run_due(clock=timezone.now)
    return fresh(one)


def taken_back(one: ClientImport) -> ClientImport:
    with tenant(one.program_id):
        jobs.take_back(one=one, by="test", now=timezone.now())
    working.run_due(clock=timezone.now)
    return fresh(one)


def fresh(one: ClientImport) -> ClientImport:
    with tenant(one.program_id):
        return ClientImport.objects.get(pk=one.pk)


def line(one: ClientImport, row: int) -> ClientImportLine:
    with tenant(one.program_id):
        return ClientImportLine.objects.get(pk=one.pk * (1 << 21) + row)


def whys(one: ClientImport) -> dict[int, str]:
    """What is wrong, by row."""
    with tenant(one.program_id):
        lines = reports.lines_of(one, "refused", size=10_000) + reports.lines_of(one, "remark", size=10_000)
        return {line.row: "; ".join(one.sentence for one in reports.problems_of(line)) for line in lines}


def books_are_sound(program_id: int, now: dt.datetime | None = None) -> None:
    wrong = [str(found) for _check, found in audit(program_id=program_id, now=now or timezone.now()) if found]
    assert wrong == []
