"""The list of clients, and the search that is asked at every counter."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from clients import listing
from clients.models import Client
from clients.models.client import ClientQuerySet
from clients.pages.staff.forms import FindForm
from clients.pages.staff.scope import own_sales, phone_for, rules_now
from clients.personal import requests
from clients.phones import NotAPhoneError, e164
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.SEE_CLIENTS)
@require_safe
def clients(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The programme's clients, newest first; to htmx the results alone."""
    now = timezone.now()
    rulebook = rules_now(place, now)
    form = FindForm(request.GET, rulebook=rulebook)
    found, part = narrowed(form, rulebook, now)
    rows = found.select_related("account")
    page = _page(rows, part, request.GET.get("before", ""), numbers=place.may(Action.SEE_PHONES))
    phone = "" if page.rows else _phone(part)
    shown = listing.rows_of(page.rows, rulebook, now, only=own_sales(place))
    context = {
        "form": form,
        "page": page,
        "rows": [(row, phone_for(place, row.client)) for row in shown],
        "asked": bool(part or form.asked("tier") or form.asked("show")),
        "may_adjust": place.may(Action.ADJUST_POINTS),
        "may_edit": place.may(Action.EDIT_CLIENTS),
        "may_export": place.may(Action.EXPORT),
        "may_import": place.may(Action.IMPORT_CLIENTS),
        "may_merge": place.may(Action.MERGE_CLIENTS),
        "erasures": requests.waiting(place.program.pk).count() if place.may(Action.ERASE_CLIENTS) else 0,
        "new_phone": phone,
        "new_url": f"{reverse('client_new', args=[place.merchant.pk])}?{urlencode({'phone': phone})}",
    }
    alone = request.htmx and not request.htmx.history_restore_request  # type: ignore[attr-defined]  # the middleware's
    return render(request, "clients/found.html" if alone else "clients/list.html", context)


def narrowed(form: FindForm, rulebook: Rulebook, now: dt.datetime) -> tuple[ClientQuerySet, str]:
    """Clients as the form filters them, and the part of a name or number that is still to be looked for."""
    return Client.objects.filter(_filters(form, rulebook, now)), " ".join(form.asked("q").split())


def _page(rows: Any, part: str, cursor: str, *, numbers: bool) -> paging.Page[Client]:
    if part:
        # The search looks for one page, so it has to begin where the page does.
        rows = rows.newest_first(before=paging.key_of(cursor)).matching(part, newest=paging.SIZE + 1, numbers=numbers)
    return paging.newest_first(rows, cursor)


def _filters(form: FindForm, rulebook: Rulebook, now: dt.datetime) -> Q:
    found, tier = Q(), form.asked("tier")
    if tier:
        found &= listing.in_tier(tier, rulebook, now)
    match form.asked("show"):
        case "debt":
            found &= Q(account__debt__gt=0)
        case "blocked":
            found &= Q(account__status=Account.Status.BLOCKED)
        case "birthday":
            found &= listing.birthday_soon(rulebook.calendar.day_of(now))
    return found


def _phone(part: str) -> str:
    try:
        return e164(part) if part else ""
    except NotAPhoneError:
        return ""
