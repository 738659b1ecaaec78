"""POST /clients"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import msgspec
from django.http import HttpResponse
from msgspec import Meta, Struct, field
from rest_framework.request import Request

from cashier.api.answers.client import ClientAnswer, client_answer
from cashier.api.clients.cards import TERMS
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.texts import CLEAN, Code, Medium, Phone, Short
from cashier.api.schema import documented
from cashier.api.view import ApiView
from clients.birthdays import fields_of, read_iso
from clients.consents import place_of
from clients.enrolment import Consented, NotABirthdayError, NotAnEmailError, enrol
from clients.models import Client, Consent
from clients.phones import NotAPhoneError
from loyalty import binding
from loyalty.accounts import find
from loyalty.giving_cards import GiveAt
from loyalty.idempotency import Done, once
from loyalty.models import Account
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants.models import Outlet


class ConsentInput(Struct, forbid_unknown_fields=True):
    """What the person agreed to or not, and which text he was shown."""

    kind: Literal["processing", "advertising", "partners"]
    given: bool = True
    text_version: Annotated[str, Meta(max_length=40, pattern=CLEAN)] = ""


class EnrolInput(Struct, forbid_unknown_fields=True):
    phone: Phone
    name: Medium = ""
    birthday: (
        Annotated[
            str,
            Meta(
                max_length=10,
                description="`1990-02-28`, or `--02-29` where the year is not known (ISO 8601).",
                examples=["1990-02-28", "--02-29"],
            ),
        ]
        | None
    ) = None
    email: Annotated[str, Meta(max_length=254, pattern=CLEAN)] = ""
    referrer: Annotated[Code, Meta(description="Card number of the client who invited this one.")] | None = None
    card: Annotated[Code, Meta(description="A plastic card that the client is given; see bindCard.")] | None = None
    consents: Annotated[list[ConsentInput], Meta(max_length=3)] = field(default_factory=list)
    cashier: Short = ""


class EnrolClient(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"POST": ("enrol",)}
    guessable = True

    @documented(
        operation="enrolClient",
        summary="Enrol a client",
        request=EnrolInput,
        answers={201: ClientAnswer},
        problems=("client_exists", "card_not_found", "card_taken", "card_blocked", "card_replaced", *TERMS),
        tag="clients",
    )
    def post(self, request: Request) -> HttpResponse:
        key, given = self.key, self.body(EnrolInput)
        kinds = [consent.kind for consent in given.consents]
        if len(set(kinds)) != len(kinds):
            raise InvalidBody(Wrong("/consents", "twice"))

        def act() -> Done:
            client = _enrol(self, given)
            if given.card is not None:
                by = f"{self.caller} {given.cashier}".strip()
                at = GiveAt(self.caller, given.cashier)
                binding.bind(account=client.account, number=given.card, now=self.now, by=by, gift=at)
            answer = client_answer(client.account, caller=self.caller, now=self.now, present=True)
            return client.account, msgspec.json.encode(answer).decode()

        return self.stored(once(caller=self.caller, key=key, now=self.now, status=201, act=act))


def _enrol(view: ApiView, given: EnrolInput) -> Client:
    try:
        born = read_iso(given.birthday) if given.birthday is not None else None
    except ValueError:
        raise InvalidBody(Wrong("/birthday", "not_a_date")) from None
    try:
        return enrol(
            program_id=view.caller.program_id,
            merchant_id=view.caller.merchant_id,
            phone=given.phone,
            name=given.name,
            **fields_of(born),
            email=given.email,
            consents=[
                Consented(Consent.Kind(consent.kind), consent.given, consent.text_version) for consent in given.consents
            ],
            referrer=_referrer(view, given.referrer),
            source=f"{view.caller} {given.cashier}".strip(),
            address=place_of(Outlet.objects.get(pk=view.caller.outlet_id)),
            now=view.now,
        )
    except NotAPhoneError:
        raise InvalidBody(Wrong("/phone", "not_a_phone")) from None
    except NotABirthdayError:
        raise InvalidBody(Wrong("/birthday", "not_a_birthday")) from None
    except NotAnEmailError:
        raise InvalidBody(Wrong("/email", "not_an_email")) from None


def _referrer(view: ApiView, card: str | None) -> Account | None:
    if card is None:
        return None
    try:
        return find(program_id=view.caller.program_id, who=Who("card", card.strip()), now=view.now)
    except Refused:
        raise InvalidBody(Wrong("/referrer", "unknown_referrer")) from None
