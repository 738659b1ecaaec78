"""GET /clients/{id}"""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from cashier.api.answers.client import ClientAnswer, client_answer
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.accounts import find
from loyalty.sales.request import Who


class GetClient(ApiView):
    scopes: ClassVar = {"GET": ("sell", "read")}

    @documented(
        operation="getClient",
        summary="A client: balance, tier, what expires next",
        answers={200: ClientAnswer},
        problems=("client_not_found",),
        tag="clients",
    )
    def get(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        account = find(program_id=self.caller.program_id, who=Who("id", str(client_id)), now=self.now)
        return self.answer(client_answer(account, caller=self.caller, now=self.now))
