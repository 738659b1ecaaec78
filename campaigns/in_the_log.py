"""Campaigns, mailings and templates of messages as the audit log names them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from django.urls import reverse

from campaigns.models import Campaign, Mailing, MessageTemplate
from merchants.access import Action
from merchants.doors import Workplace
from merchants.log import Subject


def by_campaign(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    rows = Campaign.objects.filter(program=place.program, merchant=place.merchant, pk__in=keys)
    seen = place.may(Action.SEE_FIGURES)
    return {
        one.pk: Subject(one.name, reverse("campaign", args=[place.merchant.pk, one.pk]) if seen else "") for one in rows
    }


def by_mailing(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    rows = Mailing.objects.filter(program=place.program, merchant=place.merchant, pk__in=keys)
    seen = place.may(Action.SEE_FIGURES)
    return {
        one.pk: Subject(one.title, reverse("mailing", args=[place.merchant.pk, one.pk]) if seen else "") for one in rows
    }


def by_template(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    rows = MessageTemplate.objects.filter(program=place.program, merchant=place.merchant, pk__in=keys)
    return {one.pk: Subject(one.name, "") for one in rows}
