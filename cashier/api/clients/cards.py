"""POST /clients/{id}/cards"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, ClassVar, Final, Literal

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.answers.quantities import MoneyText, places
from cashier.api.input.numbers import Money
from cashier.api.input.texts import Code, OneTimeCode, Short
from cashier.api.schema import documented
from cashier.api.view import ApiView
from loyalty import binding, giving_cards
from loyalty.accounts import find
from loyalty.giving_cards import GiveAt
from loyalty.idempotency import Done, once
from loyalty.models import Account, Card
from loyalty.presence import recognised
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants.authentication import Caller

# Why a card that there is may not be given yet.
TERMS: Final = ("card_too_early", "card_needs_receipt", "card_price")
CardNumber = Annotated[
    Code, Meta(description="As the scanner reads it; spaces don't count.", examples=["2800000000017"])
]


class BindInput(Struct, forbid_unknown_fields=True):
    """A plastic card that the client has been given. With his `code` it spends as his other cards do; without one its
    spending has to be confirmed as that of a phone, until he has done so once. `price` is what the client was told that
    the card costs: another one is refused."""

    number: CardNumber
    code: OneTimeCode | None = None
    price: Money | None = None
    cashier: Short = ""


class CardAnswer(Struct, frozen=True):
    """A card by which tills find the client from now on."""

    client_id: uuid.UUID
    number: str
    kind: Literal["virtual", "plastic"]
    status: Literal["active", "blocked"]
    confirmed: Annotated[bool, Meta(description="False: bound without his code; it spends as his phone does.")]
    issued_at: dt.datetime
    price: Annotated[MoneyText, Meta(description="What the client pays for it, beside the receipt. No points for it.")]


class BackInput(Struct, forbid_unknown_fields=True):
    """A card that a till of this merchant sold."""

    number: CardNumber
    cashier: Short = ""


class BackAnswer(Struct, frozen=True):
    """The card is blocked; `price` goes back to the client."""

    client_id: uuid.UUID
    number: str
    price: MoneyText
    returned_at: dt.datetime


class BindCard(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("enrol", "sell")}
    guessable = True

    @documented(
        operation="bindCard",
        summary="Bind a plastic card to a client",
        description="A number of one of the programme's batches, or any number where the merchant allows that. A card "
        "that is the client's already is answered as it is. When one is given, and for how much, says `cards` of the "
        "programme.",
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
            *TERMS,
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
            at = GiveAt(caller, given.cashier, given.price)
            card = binding.bind(account=account, number=given.number, now=self.now, by=by, proven=proven, gift=at)
            answer = _answer(card, client_id, giving_cards.paid_for(card), caller)
            return account, msgspec.json.encode(answer).decode()

        return self.stored(once(caller=caller, key=key, now=self.now, status=201, act=act))

    def _shows(self, account: Account, code: str) -> bool:
        """Refused `confirmation_invalid` where the code is not the client's."""
        program_id, till_id = self.caller.program_id, self.caller.till_id
        shown = recognised(Who("code", code), program_id=program_id, till_id=till_id, now=self.now)
        if not binding.proves(account=account, code=shown.value, now=self.now):
            raise Refused("confirmation_invalid")
        return True


class TakeCardBack(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("sell",)}
    guessable = True

    @documented(
        operation="takeCardBack",
        summary="Take a sold card back",
        description="The client gives back a card that he has paid for, and gets his money. The card is blocked.",
        request=BackInput,
        answers={201: BackAnswer},
        problems=("client_not_found", "card_not_found", "card_not_sold"),
        tag="clients",
    )
    def post(self, request: Request, client_id: uuid.UUID) -> HttpResponse:
        key, caller = self.key, self.caller
        account = find(program_id=caller.program_id, who=Who("id", str(client_id)), now=self.now)
        asked = self.body(BackInput)

        def act() -> Done:
            by = f"{caller} {asked.cashier}".strip()
            at = GiveAt(caller, asked.cashier)
            given = binding.take_back(account=account, number=asked.number, at=at, now=self.now, by=by)
            price = places(caller.currency_digits)(given.price)
            answer = BackAnswer(client_id, binding.spelled(asked.number), price, self.now)
            return account, msgspec.json.encode(answer).decode()

        return self.stored(once(caller=caller, key=key, now=self.now, status=201, act=act))


def _answer(card: Card, client_id: uuid.UUID, price: Decimal, caller: Caller) -> CardAnswer:
    return CardAnswer(
        client_id=client_id,
        number=card.number,
        kind=card.kind,  # type: ignore[arg-type]
        status=card.status,  # type: ignore[arg-type]
        confirmed=not card.unproven,
        issued_at=card.created_at,
        price=places(caller.currency_digits)(price),
    )
