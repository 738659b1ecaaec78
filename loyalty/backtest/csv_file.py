"""Receipts of another system as a CSV: what is kept of an upload, and its lines as values.

Kept are the columns that a back test needs and nothing else. A client is a key: what stands in the file (a card, a
phone) is hashed with a secret that is thrown away, so that one client is told from another and nobody is known.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from loyalty import sheets
from loyalty.engine.quantities import ONE, half_up
from loyalty.goods import csv_file as goods
from loyalty.goods import problems
from loyalty.goods.cells import LENGTHS
from loyalty.sheets import BadCell, UnreadableError, clean

LARGEST: Final = 50 * 1024 * 1024
MOST_ROWS: Final = 1_000_000
LONGEST_CELL: Final = 300

HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "at": (
        "date and time",
        "дата и время",
        "дата/время",
        "datetime",
        "date",
        "дата",
        "дата чека",
        "дата продажи",
        "at",
    ),
    "time": ("time", "время", "время чека", "время продажи"),
    "receipt": ("receipt", "receipt number", "номер чека", "№ чека", "чек №", "чек", "номер документа", "номер"),
    "client": (
        *("client", "клиент", "карта клиента", "номер карты", "карта", "card", "телефон", "phone"),
        *("id клиента", "код клиента", "покупатель", "customer"),
    ),
    "outlet": ("outlet", "торговая точка", "точка", "магазин", "shop", "store"),
    **{column: goods.HEADERS[column] for column in ("sku", "name", "category", "brand")},
    "quantity": ("quantity", "количество", "кол-во", "кол во", "qty"),
    "price": goods.HEADERS["price"],
    "amount": ("amount", "сумма", "сумма чека", "сумма продажи", "стоимость", "итого", "sum", "total"),
}
# Rules don't look at names.
KEPT: Final = tuple(column for column in HEADERS if column != "name")
TITLES: Final[Mapping[str, Promise]] = {
    "at": gettext_lazy("Date"),
    "time": gettext_lazy("Time"),
    "receipt": gettext_lazy("Receipt number"),
    "client": gettext_lazy("Client"),
    "outlet": gettext_lazy("Outlet"),
    "sku": gettext_lazy("SKU"),
    "category": gettext_lazy("Category"),
    "brand": gettext_lazy("Brand"),
    "quantity": gettext_lazy("Quantity"),
    "price": gettext_lazy("Price"),
    "amount": gettext_lazy("Sum"),
}
REASONS: Final[Mapping[str, Promise]] = {
    **{code: problems.REFUSED[code] for code in ("empty", "too_long", "too_fine", "too_large")},
    "negative": gettext_lazy("“%(value)s” is below zero: returns are not tried"),
    "not_a_number": gettext_lazy("“%(value)s” is no number"),
    "not_a_time": gettext_lazy("“%(value)s” is no date: write 31.12.2026 18:05"),
    "nothing": gettext_lazy("“%(value)s”: nothing was sold"),
}

_LENGTHS: Final = {"receipt": 64, "outlet": 120, **LENGTHS}
_RUSSIAN: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?:[ T,]+(\S+))?")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?")
_PHONE: Final = re.compile(r"[78]?(\d{10})")
# The day is known and the hour is not.
_NOON: Final = dt.time(12)


class Upload(Struct, frozen=True):
    """What is kept of a file: packed, without names and without what nobody needs."""

    content: bytes
    columns: list[str]
    unused: list[str]
    rows: int


class Sold(Struct, frozen=True):
    """A line of a receipt. `receipt` and `client` may be empty; `row` counts as a spreadsheet does."""

    row: int
    receipt: str
    at: dt.datetime
    client: str
    outlet: str
    sku: str
    category: str
    brand: str
    quantity: Decimal
    price: Decimal
    amount: Decimal


class Refused(Struct, frozen=True, omit_defaults=True):
    """A line that can't be taken, and why."""

    row: int
    column: str
    code: str
    value: str = ""
    limit: int = 0

    @property
    def title(self) -> str:
        return str(TITLES[self.column])

    @property
    def why(self) -> str:
        return str(REASONS[self.code]) % {"value": self.value, "limit": self.limit}


def keep(file: BinaryIO) -> Upload:
    """Look through an upload once. UnreadableError: too large, no table, or no columns of date and sum."""
    if file.seek(0, io.SEEK_END) > LARGEST:
        raise UnreadableError(
            _("The file is larger than %(limit)d MB: take a shorter period.") % {"limit": LARGEST // 1024 // 1024}
        )
    encoding = sheets.encoding_of(file)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    try:
        start = text.read(100_000)
        if not start.strip():
            raise UnreadableError(_("The file is empty."))
        if "\0" in start or start.startswith("PK\x03\x04"):
            raise UnreadableError(_("This is no text file. Save the table as “CSV UTF-8”."))
        text.seek(0)
        lines = csv.reader(text, delimiter=sheets.separator_of(start))
        try:
            return _kept(lines)
        except csv.Error as error:
            raise sheets.unclosed(lines.line_num) from error
    finally:
        text.detach()


def _kept(lines: Iterator[list[str]]) -> Upload:
    header = next((line for line in lines if any(cell.strip() for cell in line)), [])
    places = sheets.places_of(header, HEADERS)
    unused = sheets.unread_of(header, places)
    places.pop("name", None)
    lacking = [str(TITLES["at"])] if "at" not in places else []
    if "amount" not in places and not ("price" in places and "quantity" in places):
        lacking.append(str(TITLES["amount"]))
    if lacking:
        raise sheets.lacks(lacking, header)
    columns = [column for column in KEPT if column in places]
    chosen = [places[column] for column in columns]
    client = columns.index("client") if "client" in columns else -1
    secret, rows, row = secrets.token_bytes(32), 0, 1
    packed = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=3, mtime=0) as zipped,
        io.TextIOWrapper(zipped, encoding="utf-8", newline="") as out,
    ):
        write = csv.writer(out).writerow
        for line in lines:
            row += 1
            if not any(line) or not any(cell.strip() for cell in line):
                continue
            rows += 1
            if rows > MOST_ROWS:
                raise UnreadableError(
                    _("The file has more than %(most)d lines: take a shorter period.") % {"most": MOST_ROWS}
                )
            cells = [line[place][:LONGEST_CELL] if place < len(line) else "" for place in chosen]
            if client >= 0:
                cells[client] = _nobody(cells[client], secret)
            write([row, *cells])
    if not rows:
        raise UnreadableError(_("The file has no receipts: only the names of the columns."))
    return Upload(packed.getvalue(), columns, unused, rows)


def _nobody(written: str, secret: bytes) -> str:
    """A key of the client: however a phone is written, it is the same."""
    name = clean(written).casefold()
    if not name:
        return ""
    phone = _PHONE.fullmatch(re.sub(r"[\s()+\-]", "", name))
    return blake2b((phone[1] if phone else name).encode(), key=secret, digest_size=8).hexdigest()


def read(upload: bytes, columns: Sequence[str], *, zone: str, digits: int) -> Iterator[Sold | Refused]:
    """The lines of what was kept. `digits` are the decimal places of the currency."""
    here = ZoneInfo(zone)
    with gzip.GzipFile(fileobj=io.BytesIO(upload)) as zipped, io.TextIOWrapper(zipped, "utf-8", newline="") as text:
        for row, *found in csv.reader(text):
            yield _line(int(row), dict(zip(columns, found, strict=True)), here, digits)


def _line(row: int, cells: Mapping[str, str], zone: ZoneInfo, digits: int) -> Sold | Refused:
    column = ""
    try:
        texts = {}
        for column in ("receipt", "outlet", "sku", "category", "brand"):
            texts[column] = _text(cells.get(column, ""), column)
        column = "at"
        at = moment(cells["at"], cells.get("time", ""), zone)
        column = "quantity"
        quantity = _quantity(cells.get(column, ""))
        column = "price"
        price = _number(cells.get(column, ""), digits)
        column = "amount"
        amount = _number(cells.get(column, ""), digits)
        if amount is None:
            amount = half_up(_known(price) * quantity, digits)
        if price is None:
            price = half_up(amount / quantity, digits)
    except BadCell as bad:
        return Refused(row, column, bad.code, bad.value, bad.limit)
    return Sold(row, at=at, client=cells.get("client", ""), quantity=quantity, price=price, amount=amount, **texts)


def _text(value: str, column: str) -> str:
    found = clean(value)
    if column == "category":
        found = found.rpartition(goods.PATH)[2].strip()
    if len(found) > _LENGTHS[column]:
        raise BadCell("too_long", limit=_LENGTHS[column])
    return found


def _quantity(value: str) -> Decimal:
    quantity = _number(value, 3)
    if quantity == 0:
        raise BadCell("nothing", value)
    return ONE if quantity is None else quantity


def _known(price: Decimal | None) -> Decimal:
    if price is None:
        raise BadCell("empty")
    return price


def _number(value: str, digits: int) -> Decimal | None:
    return sheets.number(value, digits=digits, largest=9, code="not_a_number")


def moment(value: str, time: str, zone: ZoneInfo) -> dt.datetime:
    """`31.12.2026 18:05`, `2026-12-31T18:05:00+03:00`, the time apart or not at all: then it is noon. BadCell."""
    text, time = clean(value), clean(time)
    if not text:
        raise BadCell("empty")
    try:
        if found := _RUSSIAN.fullmatch(text):
            day, month, year = int(found[1]), int(found[2]), int(found[3])
            at = dt.datetime.combine(
                dt.date(year if len(found[3]) == 4 else 2000 + year, month, day), _clock(found[4] or time)
            )
        else:
            at = dt.datetime.fromisoformat(text)
            if len(text) == len("2026-12-31"):
                at = dt.datetime.combine(at.date(), _clock(time))
    except ValueError:
        raise BadCell("not_a_time", f"{text} {time}".strip()) from None
    if not 2000 <= at.year < 2100:
        raise BadCell("not_a_time", text)
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(dt.UTC)


def _clock(text: str) -> dt.time:
    if not text:
        return _NOON
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    return dt.time(int(found[1]), int(found[2]), int(found[3] or 0))


# With its mark, because Excel takes UTF-8 for Windows-1251 without one.
SAMPLE: Final = """\
Номер чека;Дата и время;Клиент;Точка;Артикул;Название;Категория;Количество;Сумма
1024;03.11.2026 09:15;+7 916 123-45-67;Центр;00123;Капучино 300 мл;Кофе;2;440,00
1024;03.11.2026 09:15;+7 916 123-45-67;Центр;00310;Круассан;Выпечка;1;180,00
1025;03.11.2026 09:21;;Центр;00123;Капучино 300 мл;Кофе;1;220,00
1026;03.11.2026 10:02;2200 0001;Вокзал;4607012345678;Зёрна «Бразилия» 250 г;Кофе;1;1 690,50
""".encode("utf-8-sig")
