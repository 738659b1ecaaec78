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

from cashier.api.input.texts import Code, OneTimeCode, Short
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import binding
from loyalty.accounts import find
from loyalty.idempotency import Done, once
from loyalty.models import Account, Card
from loyalty.presence import recognised
from loyalty.refusals import Refused
from loyalty.sales.request import Who

CardNumber = Annotated[
    Code, Meta(description="As the scanner reads it; spaces don't count.", examples=["2800000000017"])
]


class BindInput(Struct, forbid_unknown_fields=True):
    """A plastic card that the client has been given. With his `code` it spends as his other cards do; without one its
    spending has to be confirmed as that of a phone, until he has done so once."""

    number: CardNumber
    code: OneTimeCode | None = None
    cashier: Short = ""


class CardAnswer(Struct, frozen=True):
    """A card by which tills find the client from now on."""

    client_id: uuid.UUID
    number: str
    kind: Literal["virtual", "plastic"]
    status: Literal["active", "blocked"]
    confirmed: Annotated[bool, Meta(description="False: bound without his code; it spends as his phone does.")]
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
            "confirmation_invalid",
        ),
        tag="clients",
    )
    def post(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        key, caller = self.key, self.caller
        account = find(program_id=caller.program_id, who=Who("id", str(client_id)), now=self.now)
        given = self.body(BindInput)

        def act() -> Done:
            by = f"{caller} {given.cashier}".strip()
            proven = given.code is not None and self._shows(account, given.code)
            card = binding.bind(account=account, number=given.number, now=self.now, by=by, proven=proven)
            return account, msgspec.json.encode(_answer(card, client_id)).decode()

        return self.stored(once(caller=caller, key=key, now=self.now, status=201, act=act))

    def _shows(self, account: Account, code: str) -> bool:
        """Refused `confirmation_invalid` where the code is not the client's."""
        program_id, till_id = self.caller.program_id, self.caller.till_id
        shown = recognised(Who("code", code), program_id=program_id, till_id=till_id, now=self.now)
        if not binding.proves(account=account, code=shown.value, now=self.now):
            raise Refused("confirmation_invalid")
        return True


def _answer(card: Card, client_id: uuid.UUID) -> CardAnswer:
    return CardAnswer(
        client_id=client_id,
        number=card.number,
        kind=card.kind,  # type: ignore[arg-type]
        status=card.status,  # type: ignore[arg-type]
        confirmed=not card.unproven,
        issued_at=card.created_at,
    )
