"""Clients by name where the audit log speaks of them: its records hold keys alone."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from django.urls import reverse
from django.utils.translation import gettext as _

from clients.models import Client
from clients.pages.staff.scope import phone_for
from merchants.access import Action
from merchants.doors import Workplace
from merchants.log import Subject


def by_account(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    clients = Client.objects.filter(account__in=keys).select_related("account")
    return {client.account_id: _subject(place, client) for client in clients}


def by_client(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    clients = Client.objects.filter(pk__in=keys).select_related("account")
    return {client.pk: _subject(place, client) for client in clients}


def _subject(place: Workplace, client: Client) -> Subject:
    name = client.name or phone_for(place, client) or _("Client without a name")
    seen = place.may(Action.SEE_CLIENTS)
    return Subject(name, reverse("client", args=[place.merchant.pk, client.account.public_id]) if seen else "")
