"""GET /clients"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from django.http import HttpResponse
from msgspec import Meta, Struct
from rest_framework.request import Request

from cashier.api.answers.client import ClientAnswer, ClientPage, client_answer, client_summary
from cashier.api.cart import ClientInput, who
from cashier.api.cursors import Cursor, cursor_of, key_of
from cashier.api.input.errors import InvalidBody, Wrong
from cashier.api.input.texts import CLEAN, Code, OneTimeCode, Phone
from cashier.api.schema import documented, either
from cashier.api.view import ApiView
from clients.models import Client
from loyalty import binding
from loyalty.accounts import find
from loyalty.refusals import Refused
from loyalty.sales.request import Who

PAGE = 50


class FindInput(Struct, forbid_unknown_fields=True):
    """One of `phone`, `card`, `code` finds one client; `q` lists clients by a part of the name or of the phone."""

    phone: Phone | None = None
    card: Code | None = None
    code: OneTimeCode | None = None
    q: Annotated[str, Meta(min_length=3, max_length=40, pattern=CLEAN)] | None = None
    cursor: Cursor | None = None


class FindClients(ApiView):
    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {"GET": ("sell", "read")}
    guessable = True

    @documented(
        operation="findClients",
        summary="Find a client",
        description="By `phone`, `card` or `code` one client; by `q` a page of them. A code is not used up by this. "
        "What a scanner reads from the QR code of the client's page is taken as `code` and as `card`.",
        query=FindInput,
        answers={200: either(ClientAnswer, ClientPage)},
        problems=("client_not_found", "card_blocked", "card_replaced"),
        tag="clients",
    )
    def get(self, request: Request) -> HttpResponse:
        query = self.query(FindInput)
        if query.q is not None:
            if query.phone or query.card or query.code:
                raise InvalidBody(Wrong("?q", "exactly_one"))
            return self.answer(_page(self, query.q, key_of(query.cursor)))
        named = _who(self, query)
        account = find(program_id=self.caller.program_id, who=named, now=self.now)
        shown = binding.is_shown(program_id=self.caller.program_id, who=named)
        return self.answer(client_answer(account, caller=self.caller, now=self.now, present=shown))

    def is_guess(self, refused: Refused) -> bool:
        """A card that waits for its client is in the cashier's hands."""
        if not super().is_guess(refused):
            return False
        card = self.query(FindInput).card
        return card is None or not binding.is_waiting(self.caller.program_id, card)


def _who(view: ApiView, query: FindInput) -> Who:
    wrong: list[Wrong] = []
    if query.cursor is not None:
        wrong.append(Wrong("?cursor", "unknown_parameter"))
    given = ClientInput(phone=query.phone, card=query.card, code=query.code)
    named = who(given, wrong, caller=view.caller, now=view.now, pointer="?")
    if named is None or wrong:
        raise InvalidBody(*(Wrong(_parameter(error.pointer), error.code) for error in wrong))
    return named


def _parameter(pointer: str) -> str:
    return "?phone" if pointer in ("?", "?/phone") else pointer


def _page(view: ApiView, part: str, before: int | None) -> ClientPage:
    clients = Client.objects.filter(program_id=view.caller.program_id).newest_first(before=before)
    found = list(clients.matching(part.strip(), newest=PAGE + 1).select_related("account")[: PAGE + 1])
    following = cursor_of(found[PAGE - 1].pk) if len(found) > PAGE else None
    return ClientPage([client_summary(client) for client in found[:PAGE]], following)
