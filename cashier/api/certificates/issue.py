"""POST /certificates"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.cart import LARGEST, ClientInput, who
from cashier.api.certificates.answer import CertificateAnswer, certificate_answer
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.numbers import Money
from cashier.api.input.texts import Long, Medium, Reason, Short
from cashier.api.input.times import Moment, too_far
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.accounts import find
from loyalty.certificates import issuing
from loyalty.certificates.issuing import Terms
from loyalty.certificates.rows import USUAL_DAYS, good_through
from loyalty.engine.calendar import Calendar
from loyalty.engine.quantities import ZERO
from loyalty.idempotency import Done, once
from merchants.authentication import Caller

LONGEST_DAYS = 3650


class IssueInput(Struct, forbid_unknown_fields=True):
    """`amount` for a sum, `percent` for a percent, `sku` for one unit of an article.

    `sold`: the till has taken the money, `price` (of a sum that sum). Not sold, the certificate is given away, and
    the key needs the scope `adjust`."""

    kind: Literal["sum", "percent", "product"] = "sum"
    amount: Money | None = None
    percent: Annotated[Money, Meta(description="More than 0, up to 100.")] | None = None
    sku: Short = ""
    title: Long = ""
    sold: bool = True
    price: Money | None = None
    days: Annotated[int, Meta(ge=1, le=LONGEST_DAYS, description="Good for so many days; 365 unless said.")] | None = (
        None
    )
    expires_at: Moment | None = None
    client: ClientInput | None = None
    for_whom: Medium = ""
    wish: Reason = ""
    cashier: Short = ""


class IssueCertificate(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("sell", "adjust")}
    guessable = True

    @documented(
        operation="issueCertificate",
        summary="Sell a certificate, or give one away",
        description="Outside of a receipt; a line of a sale may sell one, too (`sells_certificate`).",
        request=IssueInput,
        answers={201: CertificateAnswer},
        problems=("client_not_found", "card_blocked", "card_replaced"),
        tag="certificates",
    )
    def post(self, request: Request) -> HttpResponse:
        key, caller, given = self.key, self.caller, self.body(IssueInput)
        terms, wrong = _terms(given, caller, self.now)
        client = who(given.client, wrong, caller=caller, now=self.now) if given.client is not None else None
        if wrong:
            raise InvalidBody(*wrong)
        if ("sell" if given.sold else "adjust") not in caller.scopes:
            raise PermissionDenied
        holder = find(program_id=caller.program_id, who=client, now=self.now) if client else None

        def act() -> Done:
            one = issuing.issue_at_till(caller=caller, terms=terms, now=self.now, cashier=given.cashier, holder=holder)
            site = request.build_absolute_uri("/")
            told = certificate_answer(one, caller=caller, site=site, now=self.now)
            return holder, msgspec.json.encode(told).decode()

        return self.stored(once(caller=caller, key=key, now=self.now, status=201, act=act))


def _terms(given: IssueInput, caller: Caller, now: dt.datetime) -> tuple[Terms, list[Wrong]]:
    wrong = [*_wrong_values(given, caller), *_wrong_end(given, now)]
    days = given.days or USUAL_DAYS
    calendar = Calendar(caller.time_zone, caller.day_starts_at)
    expires_at = given.expires_at or good_through(calendar, now, days)
    return (
        Terms(
            kind=given.kind,
            amount=given.amount or ZERO,
            percent=given.percent or ZERO,
            sku=given.sku.strip(),
            title=given.title.strip(),
            is_sold=given.sold,
            price=given.price or ZERO,
            expires_at=expires_at,
            for_whom=given.for_whom.strip(),
            wish=given.wish.strip(),
        ),
        wrong,
    )


def _wrong_values(given: IssueInput, caller: Caller) -> list[Wrong]:
    """What the kind needs is there, and nothing of the other kinds."""
    needed = {"sum": "amount", "percent": "percent", "product": "sku"}
    wrong = []
    for kind, name in needed.items():
        value = getattr(given, name)
        value = value.strip() if isinstance(value, str) else value
        if kind == given.kind and not value:
            wrong.append(Wrong(f"/{name}", "required" if value in (None, "") else "must_be_positive"))
        elif kind != given.kind and value:
            wrong.append(Wrong(f"/{name}", "not_of_this_kind"))
    if given.percent is not None and given.percent > 100:
        wrong.append(Wrong("/percent", "out_of_range"))
    if given.price and (not given.sold or (given.kind == "sum" and given.price != given.amount)):
        wrong.append(Wrong("/price", "not_of_this_kind"))
    for name in ("amount", "price"):
        value = getattr(given, name)
        if value is not None and value != round(value, caller.currency_digits):
            wrong.append(Wrong(f"/{name}", "too_precise", {"places": caller.currency_digits}))
        if value is not None and value >= LARGEST:
            wrong.append(Wrong(f"/{name}", "too_large"))
    return wrong


def _wrong_end(given: IssueInput, now: dt.datetime) -> list[Wrong]:
    if given.expires_at is None:
        return []
    if given.days is not None:
        return [Wrong("/expires_at", "days_or_time")]
    if too_far(given.expires_at) or not now < given.expires_at <= now + dt.timedelta(days=LONGEST_DAYS):
        return [Wrong("/expires_at", "out_of_range")]
    return []
