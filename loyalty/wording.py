"""Money, points and numbers as people read them, in the active language and in the programme's own words."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Final

from django.utils.translation import get_language, ngettext
from msgspec import Struct

from merchants.models import Program

SYMBOLS: Final = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "UAH": "₴", "AMD": "֏", "GEL": "₾", "KGS": "с"}
DEFAULT_POINTS: Final = ("балл", "балла", "баллов")
REMEMBERED_SECONDS = 60


class Words(Struct, frozen=True):
    """How a programme counts and what it calls its points: one, two to four, many."""

    currency: str = "RUB"
    currency_digits: int = 2
    precision: int = 0
    point_names: tuple[str, str, str] = DEFAULT_POINTS

    def money(self, amount: Decimal) -> str:
        """`340,00 ₽`; in English `340.00 ₽`."""
        return f"{number(amount, self.currency_digits)} {SYMBOLS.get(self.currency, self.currency)}"

    def points(self, amount: Decimal) -> str:
        """`2 балла`, `5 зёрен`, `7,17 балла`; in English `2 points`."""
        return f"{number(amount, 0 if whole(amount) else self.precision)} {self._point_name(amount)}"

    def exact(self, amount: Decimal) -> str:
        """Points before they are rounded: two places, and more only where there are more."""
        return number(amount, max(2, min(6, -int(amount.normalize().as_tuple().exponent))))

    def _point_name(self, amount: Decimal) -> str:
        one, few, many = self.point_names
        if (get_language() or "ru").startswith("ru"):
            return (one, few, many)[_russian_form(amount)]
        if self.point_names == DEFAULT_POINTS:
            return ngettext("point", "points", 1 if abs(amount) == 1 else 2)
        return one if abs(amount) == 1 else many


def number(amount: Decimal, places: int) -> str:
    """`12 500,00` in Russian, `12,500.00` in English."""
    text = f"{amount:,.{places}f}"
    if (get_language() or "ru").startswith("ru"):
        return text.replace(",", " ").replace(".", ",").replace("-", "−")
    return text.replace("-", "−")


def shortest(amount: Decimal) -> str:
    """Without zeros that say nothing: `5`, `7,5`."""
    return number(amount, max(0, -int(amount.normalize().as_tuple().exponent)))


def percent(rate: Decimal) -> str:
    return f"{shortest(rate)} %"


def whole(amount: Decimal) -> bool:
    return amount == amount.to_integral_value()


def _russian_form(amount: Decimal) -> int:
    if not whole(amount):
        return 1
    n = abs(int(amount))
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2


_remembered: dict[int, tuple[float, Words]] = {}


def words_of(program_id: int) -> Words:
    """The words of a programme, remembered in the process for a minute. Raises `Program.DoesNotExist`."""
    known = _remembered.get(program_id)
    if known is None or known[0] < time.monotonic():
        program = Program.objects.get(pk=program_id)
        names = (program.point_one, program.point_few, program.point_many)
        words = Words(program.currency, program.currency_digits, program.precision, names)
        _remembered[program_id] = known = (time.monotonic() + REMEMBERED_SECONDS, words)
    return known[1]


def forget_words() -> None:
    """After a programme was renamed in this process, and between tests."""
    _remembered.clear()
