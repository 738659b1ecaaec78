"""A client's data as a file, for the client who asked the shop for them."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from clients.pages.staff.scope import client_of
from clients.personal import dossier, dossier_files
from merchants import audit
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.pages.scope import require_all_outlets


@members_only(Action.EXPORT)
@require_safe
def client_data(request: HttpRequest, place: Workplace, client_id: uuid.UUID, kind: str) -> HttpResponseBase:
    """Receipts of the merchant's own, at whatever outlet: for those who work at all of them. The log keeps who has
    taken it."""
    require_all_outlets(place)
    if kind not in dossier_files.KINDS:
        raise Http404
    now, one = timezone.now(), client_of(place, client_id)
    audit.record(
        program_id=place.program.pk,
        action="client.data_given",
        at=now,
        by=place.user,
        subject=one,
        details={"kind": kind},
    )
    asked = dossier.asked_by(one, now=now, merchant_id=place.merchant.pk)
    return dossier_files.answer("json" if kind == "json" else "zip", asked)
