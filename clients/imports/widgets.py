"""Cells of a client base: what people and spreadsheets write, as values. A bad one raises `BadCell`.

They are widgets of django-import-export, so that its resources and the path for big files read alike. An empty cell is
None. `clean` is a function of the text alone; what many rows repeat is remembered.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_DOWN, Decimal
from functools import cached_property, lru_cache
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from import_export.widgets import Widget

from clients import birthdays
from clients.birthdays import Born
from clients.enrolment import OLDEST
from clients.phones import NotAPhoneError, e164
from loyalty import sheets
from loyalty.goods.cells import flag
from loyalty.sheets import BadCell, clean

MOST_TAGS: Final = 20
MOST_CARDS: Final = 10

# 8.91612E+10 or 7,91612E+10 (the E may be Cyrillic): what Excel shows of a long number.
EXCEL_NUMBER: Final = re.compile(r"\d([.,]\d+)?[EeЕе]\+?\d+")
# ="00123", '00123: how people keep Excel from making a number of it.
_EXCEL_TEXT: Final = re.compile(r'="(.*)"')
_NOISE: Final = dict.fromkeys(map(ord, "+ ()[]-‐‑–—_./\u00a0\u202f'’`\t"))
# Ten digits that begin with 8 may be a mobile number that lost one: the library knows the codes of towns.
_USUAL: Final = re.compile(r"[78]([3489]\d{9})|(9\d{9})", re.ASCII)
# What most files have: 8 (916) 123-45-67, +7 916 123-45-67, 79161234567.
_SPELLED: Final = re.compile(r"(?:\+?7|8)[ -]?\(?([3489]\d\d)\)?[ -]?(\d\d\d)[ -]?(\d\d)[ -]?(\d\d)", re.ASCII)
_POINT_ZERO: Final = re.compile(r"[.,]0+$")
_WHOLE: Final = re.compile(r"\+?[0-9]{10,}[.,]0+")
_SEVERAL: Final = re.compile(r"[,;/|\n]")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:г\.?)?(?:[ T,]+[\d:.]+)?", re.ASCII)
_ISO: Final = re.compile(r"(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[ T].*)?", re.ASCII)
# Days since the end of 1899, as Excel keeps dates. Below 10,000 it is rather a year.
_SERIAL: Final = re.compile(r"(\d{5})(?:[.,]\d+)?", re.ASCII)
_EXCEL_BEGINS: Final = dt.date(1899, 12, 30)
_LATEST: Final = dt.date(2200, 1, 1)
_USUAL_EMAIL: Final = re.compile(
    r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,20}", re.ASCII
)


class CellWidget(Widget):  # type: ignore[misc]  # the package has no types
    """A widget whose value is a text's. `render` is for files that are written."""

    def clean(self, value: Any, row: Mapping[str, Any] | None = None, **_kwargs: Any) -> Any:
        del row
        return self.read("" if value is None else str(value))

    def read(self, text: str) -> Any:
        raise NotImplementedError

    def render(self, value: Any, obj: Any = None, **_kwargs: Any) -> str:
        del obj
        return "" if value is None else str(value)


class TextWidget(CellWidget):
    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def read(self, text: str) -> str | None:
        found = clean(text)
        if len(found) > self.limit:
            raise BadCell("too_long", limit=self.limit)
        return found or None


class PhoneWidget(CellWidget):
    """A phone in any spelling, as E.164."""

    def __init__(self) -> None:
        super().__init__()
        self.is_russian = settings.PHONENUMBER_DEFAULT_REGION == "RU"

    def read(self, text: str) -> str | None:
        if self.is_russian and (match := _SPELLED.fullmatch(text)):
            return "+7" + "".join(match.groups())
        found = unquoted(text)
        if not found:
            return None
        if EXCEL_NUMBER.fullmatch(found):
            raise BadCell("excel_number", found)
        # Of a number that somebody spelled, 8 916 123-45.60, the end is his.
        bare = _POINT_ZERO.sub("", found) if _WHOLE.fullmatch(found) else found
        if self.is_russian and (match := _USUAL.fullmatch(bare.translate(_NOISE))):
            return f"+7{match[1] or match[2]}"
        try:
            return e164(bare)
        except NotAPhoneError:
            several = [part for part in _SEVERAL.split(bare) if sum(map(str.isdigit, part)) >= 10]
            raise BadCell("several_phones" if len(several) > 1 else "not_a_phone", found) from None


class EmailWidget(CellWidget):
    def read(self, text: str) -> str | None:
        found = clean(text)
        if not found:
            return None
        if len(found) > 254:
            raise BadCell("too_long", limit=254)
        if not _USUAL_EMAIL.fullmatch(found):
            try:
                validate_email(found)
            except ValidationError:
                raise BadCell("not_an_email", found) from None
        return found


class DayWidget(CellWidget):
    """`31.12.1990`, `1990-12-31`, `33238`; of two digits of a year the past is meant, or (`ahead`) the future."""

    def __init__(self, *, earliest: dt.date, latest: dt.date, early: str, late: str, ahead: bool = False) -> None:
        super().__init__()
        self.earliest, self.latest, self.early, self.late = earliest, latest, early, late
        self.century: Callable[[int], int] = _next_one if ahead else _last_one(latest)
        self.read_day = lru_cache(maxsize=20_000)(self._read)

    def read(self, text: str) -> dt.date | None:
        # BadCell is not remembered; it is not what rows repeat.
        return self.read_day(text)

    def _read(self, text: str) -> dt.date | None:
        found = clean(text)
        if not found:
            return None
        try:
            day = self._day(found)
        except (ValueError, OverflowError):
            raise BadCell("not_a_date", found) from None
        if day < self.earliest:
            raise BadCell(self.early, found)
        if day > self.latest:
            raise BadCell(self.late, found)
        return day

    def _day(self, text: str) -> dt.date:
        if match := _DAY_FIRST.fullmatch(text):
            year = int(match[3]) if len(match[3]) == 4 else self.century(int(match[3]))
            return dt.date(year, int(match[2]), int(match[1]))
        if match := _ISO.fullmatch(text):
            return dt.date(int(match[1]), int(match[2]), int(match[3]))
        if match := _SERIAL.fullmatch(text):
            return _EXCEL_BEGINS + dt.timedelta(days=int(match[1]))
        raise ValueError(text)


class AmountWidget(CellWidget):
    """Money or points: `1 234,50`, `1234.5 ₽`. `whole` cuts what is finer than `digits` off instead of refusing it."""

    def __init__(self, digits: int, *, whole: bool = False) -> None:
        super().__init__()
        self.digits, self.whole = digits, whole
        places = rf"(?:[.,](\d{{1,{digits}}}))?" if digits else "()"
        self.usual = re.compile(rf"(\d{{1,9}}){places}", re.ASCII)

    def read(self, text: str) -> Decimal | None:
        if match := self.usual.fullmatch(text):
            return Decimal(f"{match[1]}.{match[2] or '0'}").quantize(self.quantum)
        return self._read(text)

    @cached_property
    def quantum(self) -> Decimal:
        return Decimal(1).scaleb(-self.digits)

    def _read(self, text: str) -> Decimal | None:
        found = clean(text)
        if EXCEL_NUMBER.fullmatch(found):
            raise BadCell("excel_amount", found)
        amount = sheets.number(text, digits=9 if self.whole else self.digits, largest=9, code="not_a_number")
        if amount is None:
            return None
        return amount.quantize(self.quantum, rounding=ROUND_DOWN)


class CountWidget(CellWidget):
    def read(self, text: str) -> int | None:
        found = sheets.number(_POINT_ZERO.sub("", clean(text)), digits=0, largest=6, code="not_a_number")
        return None if found is None else int(found)


class ListWidget(CellWidget):
    """Several in one cell, between commas or semicolons; each once."""

    def __init__(self, *, most: int, limit: int, separators: str = ",;|\n") -> None:
        super().__init__()
        self.most, self.limit = most, limit
        self.separators = re.compile(f"[{re.escape(separators)}]")

    def read(self, text: str) -> tuple[str, ...] | None:
        found = dict.fromkeys(filter(None, map(self.one, self.separators.split(text))))
        if len(found) > self.most:
            raise BadCell("too_many", text, limit=self.most)
        return tuple(found) or None

    def one(self, part: str) -> str:
        found = clean(part)
        if len(found) > self.limit:
            raise BadCell("too_long", limit=self.limit)
        return found


class CardsWidget(ListWidget):
    """Card numbers without spaces; letters are theirs, a phone is none."""

    def __init__(self) -> None:
        super().__init__(most=MOST_CARDS, limit=40)

    def read(self, text: str) -> tuple[str, ...] | None:
        if EXCEL_NUMBER.fullmatch(bare := clean(text)):
            raise BadCell("excel_number", bare)
        return super().read(text)

    def one(self, part: str) -> str:
        # Whatever clients hold already: a till’s program finds it whole, a till page by its last four digits.
        return card_number(part)


class FlagWidget(CellWidget):
    def read(self, text: str) -> bool | None:
        return _flag(text)


class ReferrerWidget(CellWidget):
    """A phone or a card's number of whoever invited."""

    def __init__(self) -> None:
        super().__init__()
        self.phone = PhoneWidget()

    def read(self, text: str) -> str | None:
        found = unquoted(text)
        if not found:
            return None
        try:
            return self.phone.read(found)
        except BadCell as bad:
            if bad.code == "excel_number":
                raise
        return card_number(found)


def unquoted(text: str) -> str:
    """Without what keeps a spreadsheet from making a number of it."""
    found = clean(text)
    if quoted := _EXCEL_TEXT.fullmatch(found):
        found = quoted[1].strip()
    return found.lstrip("'’`").strip()


def card_number(text: str) -> str:
    found = _POINT_ZERO.sub("", unquoted(text).replace(" ", ""))
    if not found:
        return ""
    if EXCEL_NUMBER.fullmatch(found):
        raise BadCell("excel_number", found)
    if len(found) > 40:
        raise BadCell("too_long", limit=40)
    if len(found) < 3 or found.startswith("+") or not found.replace("-", "").isalnum():
        raise BadCell("not_a_card", found)
    return found


class BirthdayWidget(CellWidget):
    """`31.12.1990` as any day, or `31.12`, `29 февраля`, `--02-29` without the year."""

    def __init__(self, today: dt.date) -> None:
        super().__init__()
        self.day = DayWidget(earliest=OLDEST, latest=today, early="long_ago", late="not_born")
        self.read_born = lru_cache(maxsize=20_000)(self._read)

    def read(self, text: str) -> Born | None:
        return self.read_born(text)

    def _read(self, text: str) -> Born | None:
        try:
            day = self.day.read(text)
        except BadCell as bad:
            if bad.code == "not_a_date" and (found := _without_year(clean(text))):
                return found
            raise
        return None if day is None else Born(day)


def _without_year(text: str) -> Born | None:
    try:
        found = birthdays.read(text)
    except ValueError:
        return None
    return None if found.year_known else found


def joined_widget(today: dt.date) -> DayWidget:
    return DayWidget(earliest=dt.date(1990, 1, 1), latest=today, early="long_ago", late="in_the_future")


def expires_widget(today: dt.date) -> DayWidget:
    return DayWidget(earliest=today, latest=_LATEST, early="expired", late="far_ahead", ahead=True)


@lru_cache(maxsize=256)
def _flag(text: str) -> bool | None:
    return flag(text)


def _next_one(year: int) -> int:
    return 2000 + year


def _last_one(latest: dt.date) -> Callable[[int], int]:
    return lambda year: 2000 + year if 2000 + year <= latest.year else 1900 + year
