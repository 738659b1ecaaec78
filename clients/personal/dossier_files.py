"""A client's data as files: JSON that streams, and a ZIP of CSV tables that a spreadsheet opens."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, BinaryIO, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from django.http import FileResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language, gettext, override

from clients.personal.dossier import SECTIONS, VERSION, Asked, plain
from merchants.access import tenant
from merchants.exports import safe

Kind: TypeAlias = Literal["json", "zip"]
KINDS: Final = ("json", "zip")
# Profile and balance are one row each: an object, not a list.
_SINGLE: Final = frozenset({"profile", "balance"})
_IN_MEMORY: Final = 1 << 20


def answer(kind: Kind, asked: Asked) -> HttpResponseBase:
    """The download. Its name says nothing of the person."""
    name = f"client-data-{asked.now:%Y-%m-%d}.{kind}"
    response: HttpResponseBase
    if kind == "json":
        response = StreamingHttpResponse(_as_json(asked, get_language() or "ru"), content_type="application/json")
    else:
        response = FileResponse(_as_zip(asked), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _as_json(asked: Asked, language: str) -> Iterator[bytes]:
    """`{"format", "version", "made_at", "profile": {…}, "cards": […], …}`: a section at a time, a row at a time."""
    head = {"format": "kopilka-client-data", "version": VERSION, "made_at": asked.now.isoformat()}
    yield msgspec.json.encode(head)[:-1]
    # The body is read after the view is done: outside of the tenant, and of the reader's language.
    with tenant(asked.program_id), override(language):
        for section in SECTIONS:
            single = section.key in _SINGLE
            yield f',"{section.key}":{"" if single else "["}'.encode()
            for number, row in enumerate(section.rows(asked)):
                said = dict(zip(section.columns, map(plain, row), strict=True))
                yield (b"," if number else b"") + msgspec.json.encode(said)
            yield b"" if single else b"]"
    yield b"}\n"


def _as_zip(asked: Asked) -> BinaryIO:
    file: Any = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # the answer closes it
    zone = timezone.get_current_timezone()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, section in enumerate(SECTIONS, start=1):
            with archive.open(f"{number:02}-{section.key}.csv", "w") as raw:
                # Excel takes UTF-8 for Windows-1251 without its mark, and divides Russian files by semicolons.
                text = io.TextIOWrapper(raw, "utf-8-sig", newline="")
                writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
                writer.writerow([str(title) for title in section.columns.values()])
                for row in section.rows(asked):
                    writer.writerow([_written(cell, zone) for cell in row])
                text.flush()
                text.detach()
    file.seek(0)
    found: BinaryIO = file
    return found


def _written(cell: Any, zone: ZoneInfo | dt.tzinfo) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return gettext("yes") if cell else gettext("no")
        case Decimal():
            return f"{cell:f}".replace(".", ",")
        case dt.datetime():
            return f"{cell.astimezone(zone):%d.%m.%Y %H:%M}"
        case dt.date():
            return f"{cell:%d.%m.%Y}"
        case _:
            return safe(str(cell))
