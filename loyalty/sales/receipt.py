"""A computed or stored receipt, ready to be shown on any surface."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from loyalty.engine.explanation import Fact, Rejected
from loyalty.standing import Standing

Status = Literal["quoted", "held", "committed", "voided", "ended"]


class ReceiptLine(Struct, frozen=True):
    """amount = discount + points_value + certificate + paid; `points` and `earned` are points."""

    position: int
    sku: str
    name: str
    quantity: Decimal
    price: Decimal
    amount: Decimal
    discount: Decimal
    points_value: Decimal
    points: Decimal
    certificate: Decimal
    paid: Decimal
    earned: Decimal
    returned_quantity: Decimal = Decimal(0)


class Allowed(Struct, frozen=True):
    """How many points the receipt might take, the limit that decides, and whether a confirmation is missing."""

    points: Decimal
    money: Decimal
    limit: str
    needs_confirmation: bool


class PayingCertificate(Struct, frozen=True):
    """A certificate that pays: how much money (none for a percent, which is a discount), and what is left of it."""

    code: str
    kind: str
    paid: Decimal
    rest: Decimal


class SoldCertificate(Struct, frozen=True):
    """A certificate that a line of the receipt has sold."""

    line: int
    id: uuid.UUID
    code: str
    amount: Decimal
    expires_at: dt.datetime


class Receipt(Struct, frozen=True):
    """A quote (`id` is None) or a sale. Money has the currency's digits, points the programme's precision."""

    status: Status
    occurred_at: dt.datetime
    currency_digits: int
    precision: int
    version: int | None
    total: Decimal
    discount: Decimal
    points_redeemed: Decimal
    points_value: Decimal
    certificates_paid: Decimal
    to_pay: Decimal
    points_earned: Decimal
    lines: tuple[ReceiptLine, ...]
    facts: tuple[Fact, ...]
    id: uuid.UUID | None = None
    receipt_number: str = ""
    cashier: str = ""
    identified_by: str = ""
    points_pending_until: dt.datetime | None = None
    hold_until: dt.datetime | None = None
    client: Standing | None = None
    allowed: Allowed | None = None
    rejected: tuple[Rejected, ...] = ()
    flags: tuple[str, ...] = ()
    money_returned: Decimal = Decimal(0)
    points_returned: Decimal = Decimal(0)
    points_taken_back: Decimal = Decimal(0)
    certificates: tuple[PayingCertificate, ...] = ()
    certificates_sold: tuple[SoldCertificate, ...] = ()


class GivenBackLine(Struct, frozen=True):
    """What a return gave back of one line; `quantity` is zero where the return was by a sum."""

    position: int
    quantity: Decimal
    money: Decimal
    points_value: Decimal
    points: Decimal
    certificate: Decimal
    earned: Decimal


class GivenBack(Struct, frozen=True):
    """A return or a void. `earned_taken` points left the account (as points or as debt), one-offs
    among them; of the points of its lines, `earned_expired` had expired before and `earned_forgiven` were let go (debt
    `clamp`)."""

    sale_id: uuid.UUID
    is_void: bool
    currency_digits: int
    precision: int
    money: Decimal
    points_value: Decimal
    points_back: Decimal
    certificates_back: Decimal
    earned_taken: Decimal
    earned_expired: Decimal
    earned_forgiven: Decimal
    lines: tuple[GivenBackLine, ...]
    sale_status: Status
    id: uuid.UUID | None = None
    at: dt.datetime | None = None
    client: Standing | None = None
