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

_FORMATS: dict[int, Format] = {0: "{:.0f}".format, 2: "{:.2f}".format}


def places(digits: int) -> Format:
    """A formatter for sums with so many decimal places."""
    return _FORMATS[digits]


def shortest(value: Decimal) -> str:
    """`2`, not `2.000`: quantities and rates."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
