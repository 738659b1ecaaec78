"""Money, points and quantities as tills spell them: JSON strings or numbers, never through a float.

Each kind is a class for msgspec's sake only. To the type checker, and at run time, the values are plain `Decimal`s.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from cashier.api.input.errors import Invalid

WHOLE_DIGITS = 10

_PLAIN = re.compile(r"(?P<sign>-?)(?P<whole>[0-9]+)(?:\.(?P<part>[0-9]+))?", re.ASCII)


class _Kind(type):
    """A class whose instances are the values that its `admits` says yes to: msgspec asks `isinstance`."""

    def __instancecheck__(cls, value: object) -> bool:
        return type(value) is Decimal or value == "max"


class Number(metaclass=_Kind):
    """A number with at most ten digits before the point and `places` behind it."""

    places: ClassVar[int] = 2
    positive: ClassVar[bool] = False
    words: ClassVar[tuple[str, ...]] = ()
    description: ClassVar[str] = ""
    fits: ClassVar[re.Pattern[str]]

    def __init_subclass__(cls) -> None:
        cls.fits = re.compile(cls.pattern())

    @classmethod
    def pattern(cls) -> str:
        """As a regular expression that Python and JSON Schema read alike."""
        return rf"^[0-9]{{1,{WHOLE_DIGITS}}}(\.[0-9]{{1,{cls.places}}})?$(?!\n)"

    @classmethod
    def read(cls, given: Any) -> Decimal | str:
        """The value of what JSON held; `Invalid` with a code otherwise."""
        if type(given) is int:
            given = str(given) if -(10**20) < given < 10**20 else "9" * 21
        if type(given) is not str:
            raise Invalid("not_a_number")
        if given in cls.words:
            return given
        if cls.fits.match(given) is None:
            raise Invalid(cls._wrong_with(given), places=cls.places)
        value = Decimal(given)
        if cls.positive and not value:
            raise Invalid("must_be_positive")
        return value

    @classmethod
    def _wrong_with(cls, given: str) -> Literal["not_a_number", "negative", "too_large", "too_precise"]:
        plain = _PLAIN.fullmatch(given)
        if plain is None:
            return "not_a_number"
        if plain["sign"]:
            return "negative"
        return "too_large" if len(plain["whole"]) > WHOLE_DIGITS else "too_precise"

    @classmethod
    def schema(cls) -> dict[str, Any]:
        low = {"exclusiveMinimum": 0} if cls.positive else {"minimum": 0}
        options: list[dict[str, Any]] = [
            {"type": "string", "pattern": cls.pattern()},
            {"type": "number", **low, "exclusiveMaximum": 10**WHOLE_DIGITS},
        ]
        if cls.words:
            options.append({"type": "string", "enum": list(cls.words)})
        return {"anyOf": options, "description": cls.description}


if TYPE_CHECKING:
    Money = Decimal
    Points = Decimal
    PointsOrMax = Decimal | Literal["max"]
    MoneyOrMax = Decimal | Literal["max"]
    Quantity = Decimal
else:

    class Money(Number):
        description = 'A sum in the programme\'s currency, for example "190.00".'

    class Points(Number):
        description = 'Loyalty points, for example "40".'

    class PointsOrMax(Number):
        words = ("max",)
        description = 'Loyalty points, for example "40", or "max" for as many as the receipt may take.'

    class MoneyOrMax(Number):
        words = ("max",)
        description = 'A sum in the programme\'s currency, for example "190.00", or "max" for as much as there is.'

    class Quantity(Number):
        places = 3
        positive = True
        description = 'Pieces or kilograms, for example "2" or "0.350"; more than zero.'


def decode_number(kind: type, given: Any) -> Any:
    """msgspec's `dec_hook`: every type that msgspec does not know is one of the kinds above."""
    if issubclass(kind, Number):
        return kind.read(given)
    raise NotImplementedError(kind)


def number_schema(kind: type) -> dict[str, Any]:
    """msgspec's `schema_hook`."""
    if issubclass(kind, Number):
        return kind.schema()
    raise NotImplementedError(kind)
