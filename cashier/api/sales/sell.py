"""POST /sales"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, ClassVar

from django.http import HttpResponse
from msgspec import Meta
from rest_framework.request import Request

from cashier.api.answers.receipt import ReceiptAnswer
from cashier.api.cart import CartInput, sale_request
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.times import Moment
from cashier.api.sales.guesses import count_guesses
from cashier.api.sales.problems import SOLD
from cashier.api.sales.rendering import receipt_text
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import sales
from loyalty.sales.receipt import Receipt

USUAL_MINUTES = 15
LONGEST_MINUTES = 24 * 60


class SaleInput(CartInput, forbid_unknown_fields=True):
    """A receipt to book. With `hold` its points are kept for it until `expires_at`, or for `hold_minutes` (15)."""

    hold: bool = False
    hold_minutes: Annotated[int, Meta(ge=1, le=LONGEST_MINUTES)] | None = None
    expires_at: Annotated[Moment, Meta(description="At most a day ahead.")] | None = None


class Sell(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}
    rechecks_key = True
    guessable = True

    @documented(
        operation="sell",
        summary="Book a sale at once, or hold it",
        description="The same receipt number on the same day with the same contents gives the first sale (200).",
        request=SaleInput,
        answers={201: ReceiptAnswer, 200: ReceiptAnswer},
        problems=SOLD,
        tag="sales",
    )
    def post(self, request: Request) -> HttpResponse:
        key, body = self.key, self.body(SaleInput)
        wanted = sale_request(body, caller=self.caller, now=self.now)
        until = hold_until(body, self.now)
        if until is None:
            sold = sales.sell(caller=self.caller, request=wanted, key=key, now=self.now, render=self._rendered)
        else:
            sold = sales.hold(
                caller=self.caller, request=wanted, key=key, now=self.now, until=until, render=self._rendered
            )
        return self.stored(sold)

    def _rendered(self, receipt: Receipt) -> str:
        count_guesses(receipt, self.caller)
        return receipt_text(self.caller.program_id)(receipt)


def hold_until(body: SaleInput, now: dt.datetime) -> dt.datetime | None:
    """When the hold ends; None for a sale at once. Raises `InvalidBody`."""
    if not body.hold:
        if body.hold_minutes is not None or body.expires_at is not None:
            name = "hold_minutes" if body.hold_minutes is not None else "expires_at"
            raise InvalidBody(Wrong(f"/{name}", "without_hold"))
        return None
    if body.expires_at is None:
        return now + dt.timedelta(minutes=body.hold_minutes or USUAL_MINUTES)
    if body.hold_minutes is not None:
        raise InvalidBody(Wrong("/expires_at", "minutes_or_time"))
    if not now < body.expires_at <= now + dt.timedelta(minutes=LONGEST_MINUTES):
        raise InvalidBody(Wrong("/expires_at", "out_of_range"))
    return body.expires_at
