"""Sums as JSON strings: money with the currency's digits, points with the programme's precision."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, TypeAlias

from msgspec import Meta

MoneyText: TypeAlias = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]{2})?$", examples=["340.00"])]
PointsText: TypeAlias = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]{2})?$", examples=["17"])]
QuantityText: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]{1,3})?$", examples=["2"])]
NumberText: TypeAlias = Annotated[str, Meta(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["5"])]

Format: TypeAlias = Callable[[Decimal], str]


def _whole(value: Decimal) -> str:
    text = str(value)
    return text if text.isdigit() else format(value, ".0f")


def _two_places(value: Decimal) -> str:
    # What comes out of the engine or the database has its places already: formatting costs five times as much.
    text = str(value)
    return text if text[-3:-2] == "." else format(value, ".2f")


_FORMATS: dict[int, Format] = {0: _whole, 2: _two_places}


def places(digits: int) -> Format:
    """A formatter for sums with so many decimal places."""
    return _FORMATS[digits]


def shortest(value: Decimal) -> str:
    """`2`, not `2.000`: quantities and rates."""
    text = str(value)
    if "E" in text:
        text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
