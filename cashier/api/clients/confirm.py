"""POST /clients/{id}/confirmation"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, ClassVar

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.numbers import Points
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import confirmation
from loyalty.accounts import find
from loyalty.idempotency import Done, once
from loyalty.sales.request import Who
from merchants.models import Merchant


class ConfirmationInput(Struct, forbid_unknown_fields=True):
    points: Annotated[Points, Meta(description="How many points the client is going to spend, at most.")] | None = None


class ConfirmationAnswer(Struct, frozen=True):
    """The message is on its way; its code is good until `expires_at`."""

    expires_at: dt.datetime


class SendConfirmation(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}

    @documented(
        operation="sendConfirmation",
        summary="Send the code that spending needs",
        description="Four digits by SMS; they name the shop, and the points where the request does.",
        request=ConfirmationInput,
        answers={202: ConfirmationAnswer},
        problems=("client_not_found", "client_blocked", "phone_missing", "confirmation_too_soon"),
        tag="clients",
    )
    def post(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        key, given = self.key, self.body(ConfirmationInput)
        caller = self.caller
        if given.points is not None and given.points != round(given.points, caller.precision):
            raise InvalidBody(Wrong("/points", "too_precise", {"places": caller.precision}))

        def act() -> Done:
            account = find(program_id=caller.program_id, who=Who("id", str(client_id)), now=self.now)
            shop = Merchant.objects.get(pk=caller.merchant_id).name
            expires_at = confirmation.send(account=account, shop=shop, points=given.points, now=self.now)
            return account, msgspec.json.encode(ConfirmationAnswer(expires_at)).decode()

        return self.stored(once(caller=caller, key=key, now=self.now, status=202, act=act))
