"""What comes in: the receipt and the client's state."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from loyalty.engine.quantities import ONE, ZERO, half_up

IdentifiedBy = Literal["phone", "card", "code", "id"]


class Line(Struct, frozen=True):
    """A line of a receipt. `amount` is what it costs before any discount of the programme."""

    quantity: Decimal
    price: Decimal
    amount: Decimal
    sku: str = ""
    name: str = ""
    category: str = ""
    brand: str = ""
    min_price: Decimal = ZERO
    earn: bool = True
    redeem: bool = True
    discount: bool = True

    @property
    def tie_breaker(self) -> tuple[str, Decimal, Decimal]:
        return self.sku, self.price, self.quantity


def line(
    *,
    quantity: Decimal = ONE,
    price: Decimal | None = None,
    amount: Decimal | None = None,
    digits: int = 2,
    sku: str = "",
    name: str = "",
    category: str = "",
    brand: str = "",
    min_price: Decimal = ZERO,
    earn: bool = True,
    redeem: bool = True,
    discount: bool = True,
) -> Line:
    """A line from what a till knows: quantity × price, half up, unless the till sends its own `amount`."""
    if amount is None:
        if price is None:
            raise ValueError("a line needs a price or an amount")
        amount = half_up(quantity * price, digits)
    elif price is None:
        price = half_up(amount / quantity, digits)
    return Line(quantity, price, amount, sku, name, category, brand, min_price, earn, redeem, discount)


class Cart(Struct, frozen=True):
    """A receipt. `points` is what the client wants to spend: a number, "max", or None for nothing.

    `given` marks a receipt that has already happened with these points taken off: they are booked whatever the
    limits say.
    """

    lines: tuple[Line, ...]
    points: Decimal | Literal["max"] | None = None
    promo_codes: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    outlet: str = ""
    channel: str = ""
    given: bool = False


class Client(Struct, frozen=True):
    """The present state of a client's account, and how he was identified."""

    identified_by: IdentifiedBy = "card"
    confirmed: bool = False
    available: Decimal = ZERO
    redeemed_today: Decimal = ZERO
    tier: str = ""
    manual_tier: str = ""
    manual_tier_until: dt.datetime | None = None
    tier_gifts: tuple[str, ...] = ()
    spent: Decimal = ZERO
    visits: int = 0
    purchases: int = 0
    tags: tuple[str, ...] = ()
    birthday: dt.date | None = None
