"""Cells of a file, one at a time: what people and programs write, as values. A bad one raises `BadCell`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from loyalty.sheets import BadCell, clean, number

LARGEST_PRICE: Final = Decimal("999999999999.99")
LENGTHS: Final = {"sku": 64, "name": 200, "category": 120, "brand": 120}

# 1E+05, 1.00E+05, 4,60705E+12: nobody's SKU, but what Excel shows of a long number.
_EXCEL_NUMBER: Final = re.compile(r"\d([.,]\d+)?[EeЕе]\+\d+")
# ="00123": how exports keep Excel from making a number of it.
_EXCEL_TEXT: Final = re.compile(r'="(.*)"')
_YES: Final = frozenset({"да", "1", "yes", "true", "истина", "+", "y", "д", "on"})
_NO: Final = frozenset({"нет", "0", "no", "false", "ложь", "-", "n", "н", "off", "—"})


def text(value: str, column: str) -> str:
    found, limit = clean(value), LENGTHS[column]
    if len(found) > limit:
        raise BadCell("too_long", limit=limit)
    return found


def sku(value: str) -> str:
    """Leading zeros stay; a number that a spreadsheet has shortened is refused: nobody knows what it was."""
    found = clean(value)
    if quoted := _EXCEL_TEXT.fullmatch(found):
        found = quoted[1].strip()
    if not found:
        raise BadCell("empty")
    if _EXCEL_NUMBER.fullmatch(found):
        raise BadCell("excel_number", found)
    return text(found, "sku")


def name(value: str) -> str:
    found = text(value, "name")
    if not found:
        raise BadCell("empty")
    return found


def price(value: str, digits: int) -> Decimal | None:
    """`1 234,50 ₽`, `1234.5`, `1,234.50`; nothing for an empty cell."""
    amount = number(value, digits=digits, largest=len(str(int(LARGEST_PRICE))), code="not_a_price")
    return None if amount is None else amount.quantize(Decimal("0.01"))


def flag(value: str) -> bool | None:
    """None for an empty cell: as the category says."""
    found = clean(value).lower()
    if not found:
        return None
    if found in _YES:
        return True
    if found in _NO:
        return False
    raise BadCell("not_yes_or_no", value)
