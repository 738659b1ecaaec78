"""Money, points and sentences as people read them, in one language and in the programme's own words."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext, ngettext, override
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from merchants.models import Program

SYMBOLS: Final = {"RUB": "₽", "USD": "$", "EUR": "€", "KZT": "₸", "UAH": "₴", "AMD": "֏", "GEL": "₾", "KGS": "с"}
CURRENCIES: Final[Mapping[str, Promise]] = {
    "RUB": _("Russian rouble"),
    "BYN": _("Belarusian rouble"),
    "KZT": _("Kazakh tenge"),
    "KGS": _("Kyrgyz som"),
    "UZS": _("Uzbek sum"),
    "AMD": _("Armenian dram"),
    "GEL": _("Georgian lari"),
    "AZN": _("Azerbaijani manat"),
    "USD": _("US dollar"),
    "EUR": _("euro"),
    "UAH": _("Ukrainian hryvnia"),
}
DEFAULT_POINTS: Final = ("балл", "балла", "баллов")
REMEMBERED_SECONDS = 60
NO_BREAK: Final = "\u00a0"


class Words(Struct, frozen=True):
    """How a programme counts and what it calls its points (one, two to four, many), in one language.

    `space` stands inside a number and before its unit: programs and letters get the plain one, pages one where no line
    breaks.
    """

    currency: str = "RUB"
    currency_digits: int = 2
    precision: int = 0
    point_names: tuple[str, str, str] = DEFAULT_POINTS
    language: str = "ru"
    space: str = " "

    def say(self, sentence: str, **parts: object) -> str:
        """A sentence of the catalogue with its parts: mark it with `gettext_noop` where it stands."""
        said = _catalogue.get((self.language, sentence))
        if said is None:
            with override(self.language):
                said = _catalogue[self.language, sentence] = gettext(sentence)
        return said % parts if parts else said

    def say_many(self, one: str, many: str, number: int, **parts: object) -> str:
        """A sentence in the form that a number asks for: mark both with the `ngettext` of the engine's words."""
        with override(self.language):
            return ngettext(one, many, number) % parts

    def money(self, amount: Decimal) -> str:
        """`12 500,00 ₽`; in English `12,500.00 ₽`."""
        return f"{self.number(amount, self.currency_digits)}{self.space}{self._symbol}"

    def round_money(self, amount: Decimal) -> str:
        """`12 500 ₽`, `99,90 ₽`: kopecks only where there are any."""
        return self.money(amount) if not whole(amount) else f"{self.number(amount, 0)}{self.space}{self._symbol}"

    def worth(self, amount: Decimal) -> str:
        """Money for one point, however little: `0,005 ₽`."""
        return f"{self.shortest(amount)}{self.space}{self._symbol}"

    def per_unit(self) -> str:
        """`1 ₽`"""
        return f"1{self.space}{self._symbol}"

    def points(self, amount: Decimal) -> str:
        """`2 балла`, `5 зёрен`, `7,17 балла`; in English `2 points`."""
        return f"{self.number(amount, 0 if whole(amount) else self.precision)}{self.space}{self._point_name(amount)}"

    def rate(self, amount: Decimal) -> str:
        """Points for a unit of something, however small: `0,05 балла`."""
        return f"{self.shortest(amount)}{self.space}{self._point_name(amount)}"

    def exact(self, amount: Decimal) -> str:
        """Points before they are rounded: two places, and more only where there are more."""
        return self.number(amount, max(2, min(6, _places(amount))))

    def shortest(self, amount: Decimal) -> str:
        """Without zeros that say nothing: `5`, `7,5`."""
        return self.number(amount, max(0, _places(amount)))

    def percent(self, rate: Decimal) -> str:
        return f"{self.shortest(rate)}{self.space}%"

    def number(self, amount: Decimal, places: int) -> str:
        text = f"{amount:,.{places}f}"
        if self.language == "ru":
            text = text.replace(",", self.space).replace(".", ",")
        return text.replace("-", "−")

    @property
    def _symbol(self) -> str:
        return SYMBOLS.get(self.currency, self.currency)

    def _point_name(self, amount: Decimal) -> str:
        one, few, many = self.point_names
        if self.language == "ru":
            return (one, few, many)[_russian_form(amount)]
        if self.point_names == DEFAULT_POINTS:
            return "point" if abs(amount) == 1 else "points"
        return one if abs(amount) == 1 else many


def currency(code: str) -> str:
    """A currency's name with its sign: «российский рубль (₽)»."""
    name = str(CURRENCIES.get(code, code))
    return f"{name} ({SYMBOLS[code]})" if code in SYMBOLS else name


def whole(amount: Decimal) -> bool:
    return amount == amount.to_integral_value()


def _places(amount: Decimal) -> int:
    return -int(amount.normalize().as_tuple().exponent)


def _russian_form(amount: Decimal) -> int:
    if not whole(amount):
        return 1
    n = abs(int(amount))
    if n % 10 == 1 and n % 100 != 11:
        return 0
    return 1 if 2 <= n % 10 <= 4 and not 12 <= n % 100 <= 14 else 2


# Django finds the catalogue of the active language anew for every sentence, which would cost a sale 0.2 ms.
_catalogue: dict[tuple[str, str], str] = {}
_remembered: dict[tuple[int, str, str], tuple[float, Words]] = {}


def spoken() -> str:
    """The active language, of those that there are sentences in."""
    return "en" if (get_language() or "ru").startswith("en") else "ru"


def words_of(program_id: int, *, space: str = " ") -> Words:
    """The words of a programme in the active language, remembered in the process for a minute.

    Raises `Program.DoesNotExist`.
    """
    language = spoken()
    known = _remembered.get((program_id, language, space))
    if known is None or known[0] < time.monotonic():
        program = Program.objects.get(pk=program_id)
        names = (program.point_one, program.point_few, program.point_many)
        words = Words(program.currency, program.currency_digits, program.precision, names, language, space)
        _remembered[program_id, language, space] = known = (time.monotonic() + REMEMBERED_SECONDS, words)
    return known[1]


def words_on_page(program_id: int) -> Words:
    """The words of a programme for a page: no sum is torn apart at the end of a line."""
    return words_of(program_id, space=NO_BREAK)


def forget_words() -> None:
    """After a programme was renamed in this process, and between tests."""
    _remembered.clear()
