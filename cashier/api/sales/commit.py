"""POST /sales/{id}/commit"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.http import HttpResponse
from msgspec import Struct
from rest_framework.request import Request

from cashier.api.answers.receipt import ReceiptAnswer
from cashier.api.sales.rendering import receipt_text
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import sales


class CommitInput(Struct, forbid_unknown_fields=True):
    """Nothing: a hold is committed as it was computed. The body may be empty."""


class CommitHold(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}

    @documented(
        operation="commitSale",
        summary="Book a hold as it was computed",
        request=CommitInput,
        answers={200: ReceiptAnswer},
        problems=("sale_not_found", "sale_not_held", "hold_ended"),
        tag="sales",
    )
    def post(self, request: Request, sale_id: uuid.UUID) -> HttpResponse:
        key = self.key
        self.body(CommitInput)
        render = receipt_text(self.caller.program_id)
        return self.stored(sales.commit(caller=self.caller, sale_id=sale_id, key=key, now=self.now, render=render))
