"""What clients did elsewhere and want points for: what waits is decided here, after the numbers."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Client
from clients.pages.staff.forms import ReasonForm
from clients.pages.staff.one import name_of
from clients.pages.staff.points import until_day
from loyalty.activities import approve, foresee, refuse
from loyalty.engine.earning import lot_dates
from loyalty.models import Activity
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.rule_words import action
from loyalty.standing import standing
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]
MOST_WAITING = 100


@members_only(Action.ADJUST_POINTS)
@require_safe
def activities(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What waits, the oldest first, and below it what was decided."""
    rows = Activity.objects.filter(program_id=place.program.pk, merchant_id=place.merchant.pk)
    rows = rows.select_related("account__client")
    waiting = list(rows.filter(status=Activity.Status.WAITING).order_by("pk")[:MOST_WAITING])
    page = paging.newest_first(rows.exclude(status=Activity.Status.WAITING), request.GET.get("before", ""))
    context = {
        "waiting": [_shown(row) for row in waiting],
        "decided": [_shown(row) for row in page.rows],
        "page": page,
        "may_see_clients": place.may(Action.SEE_CLIENTS),
    }
    return render(request, "clients/activities.html", context)


@members_only(Action.ADJUST_POINTS)
@require_http_methods(FORM)
def activity_approve(request: HttpRequest, place: Workplace, activity_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    one, words = _one(place, activity_id), words_on_page(place.program.pk)
    try:
        if request.method == "POST":
            done = approve(activity=one, now=now, by=place.user)
            messages.success(request, _("Given: %(points)s.") % {"points": words.points(done.points)})
            return redirect("activities", place.merchant.pk)
        offer = foresee(activity=one, now=now)
    except Refused as refused:
        return _told(request, place, refused)
    present = standing(program_id=place.program.pk, account_id=one.account_id, now=now)
    _number, rulebook = rulebook_at(place.program.pk, one.at)
    until = lot_dates(rulebook, now, offer.rule)[1]
    figures = [
        *_about(one),
        (_("Was"), words.points(present.balance)),
        (_("Change"), f"+{words.points(offer.points)}"),
        (_("Will be"), words.points(present.balance + offer.points)),
        (_("Can be spent"), until_day(until)),
    ]
    if offer.limit:
        promised = words.points(one.points)
        figures.append((_("Why so few"), _("%(points)s were promised; the limit leaves less.") % {"points": promised}))
    context = {
        "title": _("Give the points?"),
        "sentence": _who(one),
        "figures": figures,
        "verb": _("Give %(points)s") % {"points": words.points(offer.points)},
        "back": reverse("activities", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.ADJUST_POINTS)
@require_http_methods(FORM)
def activity_refuse(request: HttpRequest, place: Workplace, activity_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    one, words = _one(place, activity_id), words_on_page(place.program.pk)
    if one.status != Activity.Status.WAITING:
        return _told(request, place, Refused("activity_decided"))
    form = ReasonForm(request.POST if request.method == "POST" else None)
    try:
        if form.is_valid():
            refuse(activity=one, reason=form.cleaned_data["reason"], now=now, by=place.user)
            messages.success(request, _("Refused. No points are given."))
            return redirect("activities", place.merchant.pk)
    except Refused as refused:
        return _told(request, place, refused)
    context = {
        "title": _("Refuse the points?"),
        "sentence": _who(one),
        "figures": [*_about(one), (_("Not given"), words.points(one.points))],
        "form": form,
        "verb": _("Refuse"),
        "danger": True,
        "back": reverse("activities", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


def _one(place: Workplace, activity_id: uuid.UUID) -> Activity:
    rows = Activity.objects.filter(program_id=place.program.pk, merchant_id=place.merchant.pk, public_id=activity_id)
    one = rows.select_related("account__client").first()
    if one is None:
        raise Http404
    return one


def _told(request: HttpRequest, place: Workplace, refused: Refused) -> HttpResponse:
    match refused.code:
        case "activity_decided":
            messages.warning(request, _("Somebody has decided about this already."))
        case "client_blocked":
            messages.error(request, _("The client is blocked: nothing can be given."))
        case _:
            messages.error(request, _("The limit of the rule leaves nothing to give to this client now."))
    return redirect("activities", place.merchant.pk)


def _shown(row: Activity) -> dict[str, Any]:
    return {"row": row, "action": action(row.action), "client": _client(row)}


def _client(row: Activity) -> str:
    client: Client | None = getattr(row.account, "client", None)
    return name_of(client) if client is not None else _("Client without a name")


def _who(row: Activity) -> str:
    return _("Client: %(name)s.") % {"name": _client(row)}


def _about(row: Activity) -> list[tuple[str, str]]:
    return [(_("Action"), action(row.action)), (_("Reference"), row.reference)]
