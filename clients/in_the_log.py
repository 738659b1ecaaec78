"""Clients by name where the audit log speaks of them: its records hold keys alone."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from django.urls import reverse
from django.utils.translation import gettext as _

from clients.models import Client
from clients.pages.staff.scope import phone_for
from loyalty.models import CardBatch
from merchants.access import Action
from merchants.doors import Workplace
from merchants.log import MOST_MEANT, Subject


def by_account(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    clients = Client.objects.filter(account__in=keys).select_related("account")
    return {client.account_id: _subject(place, client) for client in clients}


def by_client(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    clients = Client.objects.filter(pk__in=keys).select_related("account")
    return {client.pk: _subject(place, client) for client in clients}


def by_batch(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    batches = CardBatch.objects.filter(program_id=place.program.pk, merchant=place.merchant, pk__in=keys)
    seen = place.may(Action.EDIT_CLIENTS)
    return {
        key: Subject(name, reverse("card_batch", args=[place.merchant.pk, key]) if seen else "")
        for key, name in batches.values_list("pk", "name")
    }


def meant_by(place: Workplace, text: str) -> Mapping[str, list[int]]:
    """Clients whom a part of a name or number may mean."""
    if not place.may(Action.SEE_CLIENTS):
        return {}
    found = list(
        Client.objects.newest_first()
        .matching(text, newest=MOST_MEANT, numbers=place.may(Action.SEE_PHONES))
        .values_list("pk", "account")[:MOST_MEANT]
    )
    return {"client": [client for client, _account in found], "account": [account for _client, account in found]}


def _subject(place: Workplace, client: Client) -> Subject:
    name = client.name or phone_for(place, client) or _("Client without a name")
    seen = place.may(Action.SEE_CLIENTS)
    return Subject(name, reverse("client", args=[place.merchant.pk, client.account.public_id]) if seen else "")
