"""What the cashier keys in at the fiscal till: every line after discounts and points."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from loyalty.engine import fiscal
from loyalty.sales.receipt import Receipt


class Piece(Struct, frozen=True):
    name: str
    quantity: Decimal
    price: Decimal
    amount: Decimal


def pieces_of(receipt: Receipt) -> list[Piece]:
    return [
        Piece(line.name, piece.quantity, piece.price, piece.amount)
        for line in receipt.lines
        for piece in fiscal.split(
            line.position, line.quantity, line.amount - line.discount - line.points_value, receipt.currency_digits
        )
    ]
