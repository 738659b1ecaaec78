"""What a till asks for, after its spelling has been checked."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from decimal import Decimal

from msgspec import Struct

from loyalty.engine.cart import Cart, IdentifiedBy
from loyalty.sales.receipt import GivenBack, Receipt


class Who(Struct, frozen=True, omit_defaults=True):
    """How the client was identified. A phone is E.164, an id the account's public id. `sent` is the rotating code that
    stood for a one-time code, where it was one."""

    by: IdentifiedBy
    value: str
    sent: str = ""


class SaleRequest(Struct, frozen=True):
    """A receipt to compute or to book. `override` is a senior's reason for spending without confirmation."""

    cart: Cart
    occurred_at: dt.datetime
    client: Who | None = None
    receipt_number: str = ""
    cashier: str = ""
    confirmation: str = ""
    override: str = ""


class ReturnLineRequest(Struct, frozen=True):
    """A quantity of the sale's line, by its position."""

    line: int
    quantity: Decimal


class ReturnRequest(Struct, frozen=True):
    """Lines and quantities, or a sum of money (after discounts, points included), or neither: all that is left."""

    lines: tuple[ReturnLineRequest, ...] = ()
    amount: Decimal | None = None
    cashier: str = ""
    reason: str = ""


class Idempotency(Struct, frozen=True):
    """The key of a till's write and the SHA-256 of its body."""

    key: str
    body_digest: bytes


class Answer(Struct, frozen=True):
    """What the till is told: stored with its key, byte for byte."""

    status: int
    text: str
    sale_id: uuid.UUID | None = None
    replayed: bool = False


RenderSale = Callable[[Receipt], str]
RenderReturn = Callable[[GivenBack], str]
