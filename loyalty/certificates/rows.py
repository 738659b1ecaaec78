"""New certificates as `loyalty_issue_certificates` takes them: one writer for those of sales and those of staff."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal

import msgspec
from msgspec import Struct

from loyalty import ledger
from loyalty.certificates.codes import new_code
from loyalty.engine.calendar import Calendar
from loyalty.engine.quantities import ONE, ZERO
from loyalty.ids import uuid7

# How long a certificate is good where nobody says otherwise.
USUAL_DAYS: Final = 365


class NewCertificate(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`price` is what was paid for it; nothing of what was given away."""

    merchant_id: int
    public_id: uuid.UUID
    code: str
    kind: Literal["sum", "percent", "product"]
    nominal: Decimal
    expires_at: dt.datetime
    is_sold: bool
    percent: Decimal = ZERO
    sku: str = ""
    title: str = ""
    price: Decimal = ZERO
    outlet_id: int | None = None
    till_id: int | None = None
    line: int | None = None
    holder_id: int | None = None
    for_whom: str = ""
    wish: str = ""
    batch: uuid.UUID | None = None
    actor: str = ""


def sold_in_receipt(
    *,
    merchant_id: int,
    outlet_id: int,
    till_id: int,
    holder_id: int | None,
    line: int,
    amount: Decimal,
    calendar: Calendar,
    now: dt.datetime,
    actor: str,
) -> NewCertificate:
    """The certificate that a line of a receipt sells: for what the line costs."""
    return NewCertificate(
        merchant_id=merchant_id,
        public_id=uuid7(now),
        code=new_code(),
        kind="sum",
        nominal=amount,
        price=amount,
        is_sold=True,
        expires_at=good_through(calendar, now, USUAL_DAYS),
        outlet_id=outlet_id,
        till_id=till_id,
        line=line,
        holder_id=holder_id,
        actor=actor[:120],
    )


def good_through(calendar: Calendar, now: dt.datetime, days: int) -> dt.datetime:
    """The end of the local day so many days from now."""
    return calendar.end_of(calendar.day_of(now) + dt.timedelta(days=days))


def uses_of(kind: str, amount: Decimal) -> Decimal:
    """The nominal: money for a sum, one use for the others."""
    return amount if kind == "sum" else ONE


def write(*, program_id: int, rows: Sequence[NewCertificate], now: dt.datetime, sale_id: int | None = None) -> None:
    """IntegrityError (`certificate_code_unique`) where a code is taken: `twice` takes another."""
    text = msgspec.json.encode(rows).decode()
    ledger.call("SELECT loyalty_issue_certificates(%s, %s, %s::jsonb, %s)", [program_id, sale_id, text, now])
