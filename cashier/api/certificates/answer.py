"""A certificate, as the till is told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from msgspec import Meta, Struct

from cashier.api.answers.quantities import MoneyText, NumberText, places, shortest
from loyalty.certificates import checking, codes, links
from loyalty.models import Certificate
from merchants.authentication import Caller


class CertificateAnswer(Struct, frozen=True, kw_only=True):
    """`nominal`, `rest` and `available` are money, and null for a percent or an article: those are good once.
    `available` is the rest without what receipts on hold keep of it."""

    id: uuid.UUID
    code: str
    kind: Literal["sum", "percent", "product"]
    status: Annotated[Literal["good", "used", "expired", "cancelled"], Meta(description="Only a good one can pay.")]
    nominal: MoneyText | None
    rest: MoneyText | None
    available: MoneyText | None
    percent: NumberText | None
    sku: str
    title: str
    sold: Annotated[bool, Meta(description="Somebody paid for it: it earns points as money does.")]
    expires_at: dt.datetime
    link: Annotated[str, Meta(description="Its page, for the one who holds it; for a QR code on paper.")]


def certificate_answer(one: Certificate, *, caller: Caller, site: str, now: dt.datetime) -> CertificateAnswer:
    money = places(caller.currency_digits)
    is_sum = one.kind == Certificate.Kind.SUM
    return CertificateAnswer(
        id=one.public_id,
        code=codes.shown(one.code),
        kind=one.kind,  # type: ignore[arg-type]
        status=one.state(now),  # type: ignore[arg-type]
        nominal=money(one.nominal) if is_sum else None,
        rest=money(one.rest) if is_sum else None,
        available=money(checking.available(one, now=now)) if is_sum else None,
        percent=shortest(one.percent) if one.kind == Certificate.Kind.PERCENT else None,
        sku=one.sku,
        title=one.title,
        sold=one.is_sold,
        expires_at=one.expires_at,
        link=links.address(one, site),
    )
