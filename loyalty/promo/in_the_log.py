"""Batches of promo codes where the audit log speaks of them."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from django.urls import reverse

from loyalty.models import PromoBatch
from merchants.access import Action
from merchants.doors import Workplace
from merchants.log import Subject


def by_batch(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    rows = PromoBatch.objects.filter(program_id=place.program.pk, merchant=place.merchant, pk__in=keys)
    may_open = place.may(Action.SEE_FIGURES)
    return {
        row.pk: Subject(row.name, reverse("promo_batch", args=[place.merchant.pk, row.pk]) if may_open else "")
        for row in rows
    }
