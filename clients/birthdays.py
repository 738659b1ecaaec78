"""Birthdays as people tell them: with the year, or the day and the month alone.

Where the year is not known, `birthday` holds the day in `ANY_YEAR`, which has a 29 February, and `birthday_year_known`
is false: birthdays are celebrated, and nobody has an age.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import Any, Final

from django import forms
from django.utils import formats
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

ANY_YEAR: Final = 2000
_ISO: Final = re.compile(r"(?:(\d{4})|-)-(\d{2})-(\d{2})", re.ASCII)
_DOTTED: Final = re.compile(r"(\d{1,2})[.,/ ](\d{1,2})(?:[.,/ ](\d{4}))?\.?", re.ASCII)
_WORDED: Final = re.compile(r"(\d{1,2})\s+([а-я]{3,8})\.?(?:\s+(\d{4}))?(?:\s*г(?:\.|ода)?)?")
_MONTHS: Final = tuple(
    names.split()
    for names in (
        "янв январь января", "фев февр февраль февраля", "мар март марта", "апр апрель апреля", "май мая",
        "июн июнь июня", "июл июль июля", "авг август августа", "сен сент сентябрь сентября",
        "окт октябрь октября", "ноя нояб ноябрь ноября", "дек декабрь декабря",
    )
)  # fmt: skip


class Born(Struct, frozen=True):
    """The day; of the year only where it is known."""

    day: dt.date
    year_known: bool = True

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}" if self.year_known else f"{self.day:%d.%m}"

    @property
    def fields(self) -> dict[str, Any]:
        """As clients and accounts have them."""
        return {"birthday": self.day, "birthday_year_known": self.year_known}


def fields_of(born: Born | None) -> dict[str, Any]:
    return born.fields if born else {"birthday": None}


def born_of(birthday: dt.date | None, *, year_known: bool) -> Born | None:
    return Born(birthday, year_known) if birthday else None


def iso(birthday: dt.date | None, *, year_known: bool) -> str:
    """`1990-02-28`, `--02-29` (ISO 8601), or nothing."""
    if birthday is None:
        return ""
    return birthday.isoformat() if year_known else f"--{birthday:%m-%d}"


def shown(birthday: dt.date | None, *, year_known: bool) -> str:
    """`28.02.1990`, or `29 февраля`."""
    return formats.date_format(birthday, "SHORT_DATE_FORMAT" if year_known else "j E") if birthday else ""


def read_iso(text: str) -> Born:
    """ValueError for anything else than `1990-02-28` and `--02-29`."""
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError("not a birthday")
    return _born(*found.groups())


def read(text: str) -> Born:
    """`28.02.1990`, `28.02`, `29 февраля`, `1990-02-28`, `--02-29`; ValueError."""
    text = " ".join(text.lower().split())
    if found := _ISO.fullmatch(text):
        return _born(*found.groups())
    if found := _DOTTED.fullmatch(text):
        day, month, year = found.groups()
        return _born(year, month, day)
    if found := _WORDED.fullmatch(text):
        day, name, year = found.groups()
        number = next((n for n, names in enumerate(_MONTHS, start=1) if name in names), 0)
        return _born(year, str(number), day)
    raise ValueError("not a birthday")


def _born(year: str | None, month: str, day: str) -> Born:
    return Born(dt.date(int(year) if year else ANY_YEAR, int(month), int(day)), year is not None)


def next_one(born: dt.date, today: dt.date) -> dt.date:
    """The next time that it is celebrated: of 29 February on 28 February in other years."""
    for year in (today.year, today.year + 1):
        leaps = (born.month, born.day) != (2, 29) or calendar.isleap(year)
        day = born.replace(year=year) if leaps else dt.date(year, 2, 28)
        if day >= today:
            return day
    raise AssertionError("a year has all its days")


class BirthdayField(forms.CharField):
    """Its value is `Born`, or none."""

    default_error_messages = {
        "invalid": _("Write the day and the month, with the year or without: 29.02 or 29.02.1996.")
    }

    def __init__(self, *, autocomplete: str = "off", **kwargs: Any) -> None:
        attrs = {"autocomplete": autocomplete, "placeholder": _("DD.MM or DD.MM.YYYY")}
        kwargs.setdefault("help_text", _("The year may be left out."))
        super().__init__(max_length=30, required=False, widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return read(str(text))
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None

    def run_validators(self, value: Any) -> None:
        if not isinstance(value, Born):
            super().run_validators(value)
