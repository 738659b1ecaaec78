"""Cells of a file of receipts as values. A bad one raises `BadCell`."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from clients.imports.widgets import EXCEL_NUMBER
from loyalty import sheets
from loyalty.backtest import csv_file
from loyalty.engine.quantities import ONE
from loyalty.sheets import BadCell, clean

# 45678.385: days since the end of 1899 and a part of one, as Excel keeps them.
_SERIAL: Final = re.compile(r"(\d{5})[.,](\d+)|(\d{5})", re.ASCII)
_EXCEL_BEGINS: Final = dt.datetime(1899, 12, 30)  # noqa: DTZ001  # a wall clock's
_SLASHES: Final = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})", re.ASCII)
_DAY: Final = dt.timedelta(days=1)


def moment(value: str, time: str, zone: ZoneInfo) -> dt.datetime:
    """As `csv_file.moment`, and what Excel makes of dates."""
    text = clean(value)
    if _SERIAL.fullmatch(text):
        at = _EXCEL_BEGINS + dt.timedelta(seconds=round(float(text.replace(",", ".")) * _DAY.total_seconds()))
        text = at.isoformat(" ") if at.time() != dt.time() else at.date().isoformat()
    return csv_file.moment(_SLASHES.sub(r"\1.\2.\3", text), time, zone)


def amount(value: str, digits: int) -> Decimal | None:
    """Money, with the decimal places of the currency; finer is only what a spreadsheet multiplied."""
    return _number(value, digits)


def quantity(value: str) -> Decimal:
    found = _number(value, 3)
    if found == 0:
        raise BadCell("nothing_sold", value)
    return ONE if found is None else found


def _number(value: str, digits: int) -> Decimal | None:
    if EXCEL_NUMBER.fullmatch(clean(value)):
        raise BadCell("excel_amount", value)
    try:
        return sheets.number(value, digits=digits, largest=9, code="not_a_number")
    except BadCell as bad:
        raise BadCell("returned" if bad.code == "negative" else bad.code, bad.value, bad.limit) from None
