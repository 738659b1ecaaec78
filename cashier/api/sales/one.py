"""GET /sales/{id}"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from cashier.api.answers.receipt import ReceiptAnswer
from cashier.api.sales.rendering import answer_for
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import sales


class GetSale(ApiView):
    scopes: ClassVar = {"GET": ("sell", "read")}

    @documented(
        operation="getSale",
        summary="A sale with its explanation, for ever",
        answers={200: ReceiptAnswer},
        problems=("sale_not_found",),
        tag="sales",
    )
    def get(self, request: Request, sale_id: uuid.UUID) -> HttpResponse:
        receipt = sales.get(program_id=self.caller.program_id, merchant_id=self.caller.merchant_id, sale_id=sale_id)
        return self.answer(answer_for(receipt, self.caller.program_id))
