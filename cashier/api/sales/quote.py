"""POST /quotes"""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from cashier.api.answers.receipt import ReceiptAnswer
from cashier.api.cart import CartInput, sale_request
from cashier.api.sales.guesses import count_guesses
from cashier.api.sales.problems import REQUESTED
from cashier.api.sales.rendering import answer_for
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import sales


class QuoteReceipt(ApiView):
    scopes: ClassVar = {"POST": ("sell",)}
    rechecks_key = True
    guessable = True

    @documented(
        operation="quote",
        summary="Compute a receipt, keep nothing",
        description="Points beyond the limit are cut to it, and `explanation` says why; a sale refuses them.",
        request=CartInput,
        answers={200: ReceiptAnswer},
        problems=REQUESTED,
        tag="sales",
        keeps=False,
    )
    def post(self, request: Request) -> HttpResponse:
        wanted = sale_request(self.body(CartInput), caller=self.caller, now=self.now)
        receipt = sales.quote(caller=self.caller, request=wanted, now=self.now)
        count_guesses(receipt, self.caller)
        return self.answer(answer_for(receipt, self.caller.program_id))
