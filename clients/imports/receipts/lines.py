"""A row of the file as a line of the staging table, as `clients.imports.lines` makes of clients."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from clients.imports.choices import Rules
from clients.imports.problems import Problem
from clients.imports.receipts import cells
from clients.imports.receipts.choices import Outlets
from clients.imports.widgets import ReferrerWidget, card_number
from clients.models.imports import LINES
from loyalty.engine.quantities import half_up
from loyalty.goods.cells import LENGTHS
from loyalty.goods.cells import sku as sku_of
from loyalty.goods.csv_file import PATH
from loyalty.sheets import BadCell, clean

# The order of the columns of COPY.
COPIED: Final = (
    *("id", "program_id", "row", "outcome", "outlet", "day", "key", "at", "number", "client", "sku", "product"),
    *("category", "brand", "quantity", "price", "amount", "problems"),
)
MOST_PROBLEMS: Final = 10
# As much as a cell may say.
MOST_MONEY: Final = Decimal(10**9)
# A till's clock may be ahead.
_AHEAD: Final = dt.timedelta(hours=1)
_NULL: Final = "\\N"
_json = msgspec.json.Encoder()


class LineReader:
    """Rows of one import; `columns` has a column for each place of a row, empty where it is not needed."""

    def __init__(
        self, *, program_id: int, import_id: int, columns: Sequence[str], outlets: Outlets, rules: Rules
    ) -> None:
        self.program_id, self.base = program_id, import_id * LINES
        self.places = [(place, column) for place, column in enumerate(columns) if column]
        self.outlets, self.rules = outlets, rules
        self.digits = rules.rulebook.program.currency_digits
        zone = ZoneInfo(rules.rulebook.program.time_zone)
        self.moment = lru_cache(maxsize=20_000)(lambda at, time: self._moment(at, time, zone))
        self.client = lru_cache(maxsize=20_000)(ReferrerWidget().read)
        # Of each part of a line the first thing that is wrong is told.
        self.parts = (
            *(("at", self._at), ("outlet", self._outlet), ("receipt", self._receipt), ("till", self._till)),
            *(("client", self._client), ("sku", self._goods), ("quantity", self._sums)),
        )

    def read(self, row: int, found: Sequence[str]) -> str | None:
        """The line for COPY; None for an empty row."""
        width = len(found)
        texts = {column: found[place] for place, column in self.places if place < width and found[place]}
        if not texts and not any(cell.strip() for cell in found):
            return None
        values: dict[str, Any] = {}
        problems: list[Problem] = []
        for column, part in self.parts:
            reading = _Reading(column)
            try:
                part(reading, values, texts)
            except BadCell as bad:
                known = self.outlets.titles if bad.code == "unknown_outlet" else ""
                problems.append(Problem(reading.column, bad.code, value=bad.value, limit=bad.limit, known=known))
        return self._line(row, values, problems)

    # ------------------------------------------------------------ parts of a line

    def _at(self, _reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        values["at"], values["day"] = self.moment(texts.get("at", ""), texts.get("time", ""))

    def _outlet(self, _reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        name = clean(texts.get("outlet", ""))
        outlet = self.outlets.named.get(name.casefold()) if name else self.outlets.usual
        if outlet is None:
            raise BadCell("unknown_outlet" if name else "empty", name)
        values["outlet"] = outlet

    def _receipt(self, reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        values["number"] = reading.text("receipt", texts, 64)

    def _till(self, reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        values["till"] = reading.text("till", texts, 64)

    def _client(self, reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        reading.column = "client"
        found = self.client(texts.get("client", ""))
        if not found:
            reading.column = "card"
            found = card_number(texts.get("card", ""))
        values["client"] = found

    def _goods(self, reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        reading.column = "sku"
        values["sku"] = sku_of(texts["sku"]) if clean(texts.get("sku", "")) else ""
        values["product"] = clean(texts.get("product", ""))[: LENGTHS["name"]]
        path = texts.get("category", "").rpartition(PATH)[2]
        values["category"] = reading.text("category", {"category": path}, LENGTHS["category"])
        values["brand"] = reading.text("brand", texts, LENGTHS["brand"])

    def _sums(self, reading: _Reading, values: dict[str, Any], texts: Mapping[str, str]) -> None:
        reading.column = "quantity"
        quantity = cells.quantity(texts.get("quantity", ""))
        reading.column = "price"
        price = cells.amount(texts.get("price", ""), self.digits)
        reading.column = "amount"
        amount = cells.amount(texts.get("amount", ""), self.digits)
        if amount is None:
            if price is None:
                raise BadCell("empty")
            amount = half_up(price * quantity, self.digits)
            if amount >= MOST_MONEY:
                raise BadCell("too_large", f"{quantity} × {price}")
        if price is None:
            price = half_up(amount / quantity, self.digits)
        values |= {"quantity": quantity, "price": price, "amount": amount}

    def _moment(self, at: str, time: str, zone: ZoneInfo) -> tuple[dt.datetime, dt.date]:
        found = cells.moment(at, time, zone)
        if found > self.rules.now + _AHEAD:
            raise BadCell("in_the_future", at)
        return found, self.rules.rulebook.calendar.day_of(found)

    # ------------------------------------------------------------ for COPY

    def _line(self, row: int, values: Mapping[str, Any], problems: Sequence[Problem]) -> str:
        get = values.get
        at, day, outlet = get("at"), get("day"), get("outlet")
        key = _key(values) if day is not None and outlet is not None else ""
        return "\t".join(
            (
                str(self.base + row),
                str(self.program_id),
                str(row),
                "refused" if problems else "fresh",
                _NULL if outlet is None else str(outlet),
                _NULL if day is None else day.isoformat(),
                _text(key),
                _NULL if at is None else at.isoformat(),
                *(_text(get(column)) for column in ("number", "client", "sku", "product", "category", "brand")),
                *(_amount(get(column)) for column in ("quantity", "price", "amount")),
                _text(_json.encode(problems[:MOST_PROBLEMS]).decode()) if problems else _NULL,
            )
        )


class _Reading:
    """Which column is being read, so that whoever refuses need not say it."""

    def __init__(self, column: str) -> None:
        self.column = column

    def text(self, column: str, texts: Mapping[str, str], limit: int) -> str:
        self.column = column
        found = clean(texts.get(column, ""))
        if len(found) > limit:
            raise BadCell("too_long", limit=limit)
        return found


def _key(values: Mapping[str, Any]) -> str:
    """What makes a receipt of an outlet's day this one. A line without a number is a receipt, known by what was sold:
    not by its client, who may be told only the second time, or be erased."""
    get = values.get
    till = get("till") or ""
    if number := get("number"):
        return f"{number}@{till}" if till else str(number)
    sold = "\x1f".join(
        str(get(name) or "") for name in ("at", "sku", "product", "quantity", "amount") if name in values
    )
    return "#" + blake2b(f"{sold}\x1f{till}".encode(), digest_size=12).hexdigest()


def _amount(value: Decimal | None) -> str:
    return _NULL if value is None else str(value)


def _text(value: str | None) -> str:
    """Tabs and line breaks are not in it any more; backslashes are doubled."""
    if not value:
        return _NULL
    return value.replace("\\", "\\\\") if "\\" in value else value
