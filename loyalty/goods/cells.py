"""Cells of a file, one at a time: what people and programs write, as values. A bad one raises `BadCell`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

LARGEST_PRICE: Final = Decimal("999999999999.99")
LENGTHS: Final = {"sku": 64, "name": 200, "category": 120, "brand": 120}
SHOWN: Final = 60

# 1E+05, 1.00E+05, 4,60705E+12: nobody's SKU, but what Excel shows of a long number.
_EXCEL_NUMBER: Final = re.compile(r"\d([.,]\d+)?[EeЕе]\+\d+")
# ="00123": how exports keep Excel from making a number of it.
_EXCEL_TEXT: Final = re.compile(r'="(.*)"')
_PRICE: Final = re.compile(r"(-?)(\d+)(?:\.(\d+))?")
_CURRENCY: Final = re.compile(r"(₽|р\.?|руб\.?|rub|rur)$", re.IGNORECASE)
_CONTROL: Final = dict.fromkeys([*range(32), 0x7F, 0xFEFF, 0x200B], " ")
_ROOMS: Final = re.compile(r"[\s\u00a0\u202f']")
_YES: Final = frozenset({"да", "1", "yes", "true", "истина", "+", "y", "д", "on"})
_NO: Final = frozenset({"нет", "0", "no", "false", "ложь", "-", "n", "н", "off", "—"})


class BadCell(Exception):  # noqa: N818  # it reads: `raise BadCell("negative")`
    """`code` is one of `problems.REFUSED`; `value` is the beginning of what stood there."""

    def __init__(self, code: str, value: str = "", limit: int = 0) -> None:
        super().__init__(code)
        self.code, self.value, self.limit = code, shown(value), limit


def shown(value: str) -> str:
    text = clean(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def clean(value: str) -> str:
    """Without control characters, and with single spaces."""
    return " ".join(value.translate(_CONTROL).split())


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
    bare = _CURRENCY.sub("", _ROOMS.sub("", clean(value)))
    if not bare:
        return None
    if "," in bare and "." in bare:  # the last one is the decimal point
        thousands = "," if bare.rindex(".") > bare.rindex(",") else "."
        bare = bare.replace(thousands, "")
    found = _PRICE.fullmatch(bare.replace(",", "."))
    if found is None or not bare.isascii():
        raise BadCell("not_a_price", value)
    minus, whole, places = found[1], found[2].lstrip("0"), (found[3] or "").rstrip("0")
    if len(places) > digits:
        raise BadCell("too_fine", value)
    if len(whole) > len(str(int(LARGEST_PRICE))):
        raise BadCell("too_large", value)
    amount = Decimal(f"{whole or '0'}.{places or '0'}").quantize(Decimal("0.01"))
    if minus and amount:
        raise BadCell("negative", value)
    return amount


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
