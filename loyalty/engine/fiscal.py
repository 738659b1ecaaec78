"""Lines for the fiscal receipt, whose every line is unit price × quantity, exactly."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from loyalty.engine.quantities import ONE, ZERO, floor, half_up, unit


class FiscalLine(Struct, frozen=True):
    """`line` is the position in the cart; price × quantity = amount."""

    line: int
    quantity: Decimal
    price: Decimal
    amount: Decimal


def split(position: int, quantity: Decimal, amount: Decimal, digits: int) -> list[FiscalLine]:
    """Split a line so that it multiplies exactly: 92.72 for 3 is 2 × 30.91 + 1 × 30.90.

    A weighed line (1.234 kg) can't be split into pieces: where no price multiplies exactly, it becomes one piece
    that costs the whole amount.
    """
    if quantity <= 0:
        return []
    even = half_up(amount / quantity, digits)
    if even * quantity == amount:
        return [FiscalLine(position, quantity, even, amount)]
    if quantity != quantity.to_integral_value():
        return [FiscalLine(position, ONE, amount, amount)]
    low = floor(amount / quantity, digits)
    high = low + unit(digits)
    many = (amount - low * quantity) / unit(digits)
    few = quantity - many
    lines = [(many, high), (few, low)]
    return [FiscalLine(position, n, price, n * price) for n, price in lines if n > ZERO]
