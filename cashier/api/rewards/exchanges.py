"""POST /exchanges, GET /exchanges?code="""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, ClassVar

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.cart import ClientInput, who
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.texts import Code, Reason, Short
from cashier.api.rewards.answer import ExchangeAnswer, exchange_answer
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty.rewards import at_till, exchanging


class ExchangeInput(Struct, forbid_unknown_fields=True):
    """`confirmation` and `override` as in a sale that spends points: by phone or id alone nobody takes a gift, unless
    the rules let him. `handed_over`: the client gets it right now."""

    client: ClientInput
    reward: uuid.UUID
    note: Reason = ""
    confirmation: Annotated[str, Meta(max_length=16, pattern=r"^[0-9]*$(?!\n)")] = ""
    override: Annotated[Reason, Meta(description="A senior's reason for taking points without a confirmation.")] = ""
    handed_over: bool = False
    cashier: Short = ""


class FindExchangeInput(Struct, forbid_unknown_fields=True):
    code: Annotated[Code, Meta(description="As the client shows it, in any spelling.")]


class Exchanges(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"GET": ("sell", "read"), "POST": ("sell",)}
    guessable = True

    @documented(
        operation="findExchange",
        summary="A gift that was taken, by its code",
        description="Wrong codes are counted as guesses are.",
        query=FindExchangeInput,
        answers={200: ExchangeAnswer},
        problems=("exchange_not_found",),
        tag="rewards",
    )
    def get(self, request: Request) -> HttpResponse:
        caller = self.caller
        row = exchanging.find(
            program_id=caller.program_id, merchant_id=caller.merchant_id, code=self.query(FindExchangeInput).code
        )
        return self.answer(exchange_answer(row, caller=caller))

    @documented(
        operation="exchange",
        summary="Take a gift for points",
        description="Points and stock change together, or nothing does.",
        request=ExchangeInput,
        answers={201: ExchangeAnswer},
        problems=(
            "client_not_found",
            "client_blocked",
            "card_blocked",
            "card_replaced",
            "reward_not_found",
            "reward_refused",
            "insufficient_points",
            "confirmation_required",
            "confirmation_invalid",
            "override_not_allowed",
            "program_not_published",
        ),
        tag="rewards",
    )
    def post(self, request: Request) -> HttpResponse:
        key, caller, given = self.key, self.caller, self.body(ExchangeInput)
        wrong: list[Wrong] = []
        client = who(given.client, wrong, caller=caller, now=self.now)
        if client is None or wrong:
            raise InvalidBody(*wrong)
        asked = at_till.Asked(
            reward_id=given.reward,
            client=client,
            note=given.note,
            confirmation=given.confirmation,
            override=given.override,
            cashier=given.cashier,
            handed=given.handed_over,
        )
        answer = at_till.exchange(
            caller=caller,
            asked=asked,
            key=key,
            now=self.now,
            render=lambda row: msgspec.json.encode(exchange_answer(row, caller=caller)).decode(),
        )
        return self.stored(answer)
