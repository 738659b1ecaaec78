"""POST /clients/{id}/cards"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.input.texts import Code, Short
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import binding
from loyalty.accounts import find
from loyalty.idempotency import Done, once
from loyalty.models import Card
from loyalty.sales.request import Who

CardNumber = Annotated[
    Code, Meta(description="As the scanner reads it; spaces don't count.", examples=["2800000000017"])
]


class BindInput(Struct, forbid_unknown_fields=True):
    """A plastic card that the client has been given."""

    number: CardNumber
    cashier: Short = ""


class CardAnswer(Struct, frozen=True):
    """A card by which tills find the client from now on."""

    client_id: uuid.UUID
    number: str
    kind: Literal["virtual", "plastic"]
    status: Literal["active", "blocked"]
    issued_at: dt.datetime


class BindCard(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("enrol", "sell")}
    guessable = True

    @documented(
        operation="bindCard",
        summary="Bind a plastic card to a client",
        description="A number of one of the programme's batches, or any number where the merchant allows that. A card "
        "that is the client's already is answered as it is.",
        request=BindInput,
        answers={201: CardAnswer},
        problems=(
            "client_not_found",
            "client_blocked",
            "card_not_found",
            "card_taken",
            "card_blocked",
            "card_replaced",
            "card_limit",
        ),
        tag="clients",
    )
    def post(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        key, caller = self.key, self.caller
        account = find(program_id=caller.program_id, who=Who("id", str(client_id)), now=self.now)
        given = self.body(BindInput)

        def act() -> Done:
            by = f"{caller} {given.cashier}".strip()
            card = binding.bind(account=account, number=given.number, now=self.now, by=by)
            return account, msgspec.json.encode(_answer(card, client_id)).decode()

        return self.stored(once(caller=caller, key=key, now=self.now, status=201, act=act))


def _answer(card: Card, client_id: uuid.UUID) -> CardAnswer:
    return CardAnswer(
        client_id=client_id,
        number=card.number,
        kind=card.kind,  # type: ignore[arg-type]
        status=card.status,  # type: ignore[arg-type]
        issued_at=card.created_at,
    )
