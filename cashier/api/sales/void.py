"""POST /sales/{id}/void"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.http import HttpResponse
from msgspec import Struct
from rest_framework.request import Request

from cashier.api.answers.returned import GivenBackAnswer
from cashier.api.input.texts import Reason, Short
from cashier.api.sales.rendering import given_back_text
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import sales


class VoidInput(Struct, forbid_unknown_fields=True):
    """The body may be empty."""

    cashier: Short = ""
    reason: Reason = ""


class VoidSale(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}

    @documented(
        operation="voidSale",
        summary="Take a sale back as if it had not been, or let a hold go",
        description="A second void changes nothing and answers the same.",
        request=VoidInput,
        answers={200: GivenBackAnswer},
        problems=("sale_not_found", "certificate_used"),
        tag="sales",
    )
    def post(self, request: Request, sale_id: uuid.UUID) -> HttpResponse:
        key, body = self.key, self.body(VoidInput)
        return self.stored(
            sales.void(
                caller=self.caller,
                sale_id=sale_id,
                key=key,
                now=self.now,
                render=given_back_text,
                cashier=body.cashier,
                reason=body.reason,
            )
        )
