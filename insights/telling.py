"""Figures as the overview tells them: sums without kopecks, changes in percent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils import formats
from django.utils.translation import ngettext

from insights.revenue import percent
from loyalty.wording import Words, words_on_page

_UNITS = Decimal(1)


@dataclass(frozen=True)
class Told:
    """`key` is the anchor of the figure's definition."""

    key: str
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Teller:
    words: Words

    @classmethod
    def of(cls, program_id: int) -> Teller:
        return cls(words_on_page(program_id))

    def money(self, amount: Decimal | None) -> str:
        """Whole units: kopecks say nothing in the sum of a month."""
        return "—" if amount is None else self.words.round_money(amount.quantize(_UNITS))

    def points(self, amount: Decimal) -> str:
        return self.words.points(amount)

    def number(self, amount: Decimal | int) -> str:
        return self.words.shortest(Decimal(amount))

    def percent(self, share: Decimal | None) -> str:
        return "—" if share is None else self.words.percent(share)

    def signed(self, amount: Decimal) -> str:
        """`+5 зёрен`, `−5 зёрен`, `0 зёрен`"""
        return f"+{self.points(amount)}" if amount > 0 else self.points(amount)

    def step(self, amount: Decimal) -> str:
        """Of a sum that is told: `+ 5`, `− 5`"""
        return f"{'+' if amount > 0 else '−'} {self.words.shortest(abs(amount))}"

    def receipts(self, count: Decimal | int) -> str:
        return ngettext("%(count)s receipt", "%(count)s receipts", int(count)) % {"count": self.number(count)}

    def change(self, now: Decimal | int, before: Decimal | int | None) -> str:
        """`+12,3 %`; nothing where there is nothing to compare with."""
        if not before:
            return ""
        share = percent(Decimal(now) - Decimal(before), Decimal(before))
        if share is None:
            return ""
        return f"+{self.percent(share)}" if share > 0 else self.percent(share)


def joined_by_comma(*parts: str) -> str:
    return ", ".join(part for part in parts if part)


def short_day(day: dt.date) -> str:
    """`21.11`"""
    return f"{day:%d.%m}"


def date(day: dt.date) -> str:
    return formats.date_format(day, "SHORT_DATE_FORMAT")
