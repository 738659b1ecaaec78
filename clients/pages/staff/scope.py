"""What somebody at his workplace sees of a client: contacts by his role, purchases of his own merchant alone."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from clients.models import Client
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account, Card, Sale
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.templatetags.kopilka import phone as spelled
from merchants.access import Action
from merchants.doors import Workplace
from merchants.models import Merchant


def client_of(place: Workplace, client_id: uuid.UUID) -> Client:
    """A client of the programme, by the public id of the account. Http404."""
    client = Client.objects.filter(account__public_id=client_id).select_related("account").first()
    if client is None:
        raise Http404
    return client


def ours(place: Workplace, accounts: Sequence[int]) -> set[int]:
    """Of these accounts those whose clients this merchant may decide on for good: they have joined here, or bought
    here, or joined where nobody answers for them any more."""
    bought = Sale.objects.filter(program_id=place.program.pk, account=OuterRef("pk"), merchant=place.merchant)
    found = Account.objects.filter(
        Q(merchant=place.merchant)
        | Q(merchant__is_active=False)
        | Exists(bought.exclude(status__in=(Sale.Status.HELD, Sale.Status.ENDED))),
        program_id=place.program.pk,
        pk__in=accounts,
    )
    return set(found.values_list("pk", flat=True))


def not_ours(request: HttpRequest) -> HttpResponse:
    why = _("This client has joined at another company and has never bought at yours. That company decides on it.")
    return render(request, "403.html", {"why": why}, status=403)


def rules_now(place: Workplace, now: object) -> Rulebook:
    try:
        return rulebook_at(place.program.pk, now)[1]  # type: ignore[arg-type]
    except Refused:
        return Rulebook()


def phone_for(place: Workplace, client: Client) -> str:
    """`+7 916 123-45-67`, or `…45-67` for those who may not see it."""
    if not client.phone:
        return ""
    number = spelled(client.phone)
    return number if place.may(Action.SEE_PHONES) else f"…{number[-5:]}"


def email_for(place: Workplace, client: Client) -> str:
    """`a…@mail.ru` for those who may not see it."""
    if place.may(Action.SEE_PHONES) or not client.email:
        return client.email
    name, _at, host = client.email.rpartition("@")
    return f"{name[:1]}…@{host}"


def number_for(place: Workplace, card: Card) -> str:
    """A card's number spends its points at a till."""
    if card.kind == Card.Kind.PHONE:
        number = spelled(card.number)
        return number if place.may(Action.SEE_PHONES) else f"…{number[-5:]}"
    return card.number if place.may(Action.SEE_PHONES) else f"…{card.number[-4:]}"


def own_sales(place: Workplace) -> Q | None:
    """Limits purchases to those that the workplace may see; None where those are all of the programme's."""
    if place.outlets is None and not Merchant.objects.exclude(pk=place.merchant.pk).exists():
        return None
    return place.seen()


def is_seen(place: Workplace, sale: Sale) -> bool:
    """`place.seen()` of a row that has been read."""
    mine = sale.merchant_id == place.merchant.pk
    return mine and (place.outlets is None or sale.outlet_id in place.outlets)
