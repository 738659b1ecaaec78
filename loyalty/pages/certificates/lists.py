"""The certificates of a merchant, and what he owes for those that were sold."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from loyalty.certificates import wording
from loyalty.models import Certificate
from loyalty.pages.certificates.forms import SOON, FindForm
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.ISSUE_CERTIFICATES)
@require_safe
def certificates(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Newest first. The codes stand on the pages of each: a list that lies open pays for nothing."""
    now, words = timezone.now(), words_on_page(place.program.pk)
    form = FindForm(request.GET)
    asked = form.asked()
    mine = Certificate.objects.filter(program_id=place.program.pk, merchant=place.merchant)
    rows = in_state(mine.filter(form.filters()), asked.get("show", ""), now)
    page: paging.Page[Certificate] = paging.newest_first(rows, request.GET.get("before", ""))
    return render(
        request,
        "certificates/list.html",
        {
            "form": form,
            "page": page,
            "rows": [
                (one, wording.worth(one, words), wording.rest(one, words), one.state(now), wording.state(one, now))
                for one in page.rows
            ],
            "asked": bool(asked),
            "batch": asked.get("batch"),
            "may_export": place.may(Action.EXPORT),
            "owed": Certificate.objects.owed(now, merchant_id=place.merchant.pk),
        },
    )


def in_state(rows: Any, show: str, now: dt.datetime) -> Any:
    match show:
        case "good":
            return rows.good(now)
        case "soon":
            return rows.good(now).filter(expires_at__lte=now + SOON)
        case "used":
            return rows.used_up()
        case "expired":
            return rows.expired(now)
        case "cancelled":
            return rows.cancelled()
        case _:
            return rows
