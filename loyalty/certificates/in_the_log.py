"""Certificates where the audit log speaks of them: by the end of the code, never by all of it."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from django.urls import reverse

from loyalty.models import Certificate
from merchants.access import Action
from merchants.doors import Workplace
from merchants.log import Subject


def by_certificate(place: Workplace, keys: AbstractSet[int]) -> Mapping[int, Subject]:
    rows = Certificate.objects.filter(program_id=place.program.pk, merchant=place.merchant, pk__in=keys)
    may_open = place.may(Action.ISSUE_CERTIFICATES)
    return {
        row.pk: Subject(
            f"…{row.code[-4:]}",
            reverse("certificate", args=[place.merchant.pk, row.public_id]) if may_open else "",
        )
        for row in rows
    }
