"""POST /exchanges/{id}/hand-over and /cancel"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import ClassVar

import msgspec
from django.http import HttpResponse
from msgspec import Struct
from rest_framework.request import Request

from cashier.api.input.texts import Reason, Short
from cashier.api.rewards.answer import ExchangeAnswer, exchange_answer
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.idempotency import Done, once
from loyalty.models import Exchange
from loyalty.rewards import ending, exchanging


class HandOverInput(Struct, forbid_unknown_fields=True):
    cashier: Short = ""


class CancelInput(Struct, forbid_unknown_fields=True):
    reason: Reason = ""
    cashier: Short = ""


class _Ending(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("sell",)}

    def end(self, exchange_id: uuid.UUID, act: Callable[[Exchange], Exchange]) -> HttpResponse:
        caller = self.caller
        row = exchanging.find(program_id=caller.program_id, merchant_id=caller.merchant_id, exchange_id=exchange_id)

        def done() -> Done:
            ended = act(row)
            return ended.account, msgspec.json.encode(exchange_answer(ended, caller=caller)).decode()

        return self.stored(once(caller=caller, key=self.key, now=self.now, status=200, act=done))


class HandOver(_Ending):
    @documented(
        operation="handOverExchange",
        summary="The client has got his gift",
        request=HandOverInput,
        answers={200: ExchangeAnswer},
        problems=("exchange_not_found", "exchange_decided", "exchange_over"),
        tag="rewards",
    )
    def post(self, request: Request, exchange_id: uuid.UUID) -> HttpResponse:
        by = f"{self.caller} {self.body(HandOverInput).cashier}".strip()
        return self.end(exchange_id, lambda row: ending.hand_over(exchange=row, now=self.now, by=by))


class Cancel(_Ending):
    @documented(
        operation="cancelExchange",
        summary="Cancel a gift that was not handed over",
        description="The points come back with the dates that they had, and the gift lies in the stock again.",
        request=CancelInput,
        answers={200: ExchangeAnswer},
        problems=("exchange_not_found", "exchange_decided"),
        tag="rewards",
    )
    def post(self, request: Request, exchange_id: uuid.UUID) -> HttpResponse:
        given = self.body(CancelInput)
        by = f"{self.caller} {given.cashier}".strip()
        return self.end(exchange_id, lambda row: ending.cancel(exchange=row, now=self.now, by=by, reason=given.reason))
