"""Decimal helpers. Money and points never pass through a float, and are rounded only where the rules say so."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)

Rounding = Literal["down", "half_up", "up"]
_MODES = {"down": ROUND_FLOOR, "half_up": ROUND_HALF_UP, "up": ROUND_CEILING}
_UNITS = {digits: ONE.scaleb(-digits) for digits in range(4)}


def unit(digits: int) -> Decimal:
    """The smallest amount with so many decimal places: `unit(2)` is 0.01."""
    return _UNITS[digits]


def half_up(value: Decimal, digits: int) -> Decimal:
    return value.quantize(_UNITS[digits], ROUND_HALF_UP)


def floor(value: Decimal, digits: int) -> Decimal:
    return value.quantize(_UNITS[digits], ROUND_FLOOR)


def rounded(value: Decimal, digits: int, rounding: Rounding) -> Decimal:
    return value.quantize(_UNITS[digits], _MODES[rounding])


def whole_steps(value: Decimal, step: Decimal) -> Decimal:
    """`value` cut down to a multiple of `step`."""
    return value // step * step


def plain(value: Decimal) -> str:
    """`1E+2` as `100`, `17.50` as `17.50`: what goes over the wire and into an explanation."""
    return format(value, "f")
