"""Gifts that clients have taken: the list, handing over, cancelling."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.engine.calendar import Calendar
from loyalty.models import Exchange
from loyalty.pages.rewards.forms import CancelForm, TakenForm
from loyalty.refusals import Refused
from loyalty.rewards import codes, ending
from loyalty.standing import standing
from loyalty.templatetags.kopilka import moment
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


def found(place: Workplace, form: TakenForm) -> QuerySet[Exchange]:
    """What the list and its download show."""
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    rows = Exchange.objects.filter(program_id=place.program.pk, merchant=place.merchant)
    return rows.filter(form.filters(calendar.start_of)).select_related("account__client", "outlet")


@members_only(Action.SEE_CLIENTS)
@require_safe
def exchanges(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Those to be handed over first; newest first."""
    form = TakenForm(request.GET, merchant_id=place.merchant.pk)
    page: paging.Page[Exchange] = paging.newest_first(found(place, form), request.GET.get("before", ""))
    may_end = place.may(Action.GIVE_BACK)
    return render(
        request,
        "rewards/exchanges.html",
        {
            "form": form,
            "page": page,
            # Whoever has a code is given the gift: it is whole only for those who hand over.
            "rows": [(row, codes.shown(row.code) if may_end else f"…{row.code[-4:]}") for row in page.rows],
            "asked": bool(form.asked()),
            "any": Exchange.objects.filter(program_id=place.program.pk, merchant=place.merchant).exists(),
            "may_end": may_end,
            "may_export": place.may(Action.EXPORT),
            "now": timezone.now(),
        },
    )


@members_only(Action.GIVE_BACK)
@require_http_methods(FORM)
def hand_over(request: HttpRequest, place: Workplace, exchange_id: uuid.UUID) -> HttpResponse:
    one = _one(place, exchange_id)
    if request.method == "POST":
        return _done(
            request,
            place,
            lambda: ending.hand_over(exchange=one, now=timezone.now(), by=place.user),
            _("“%(gift)s” is handed over.") % {"gift": one.title},
        )
    return _ask(
        request,
        place,
        one,
        title=_("Hand the gift over?"),
        sentence=_("Give it to the client and compare the code: after that it can’t be cancelled."),
        verb=_("Handed over"),
    )


@members_only(Action.GIVE_BACK)
@require_http_methods(FORM)
def cancel(request: HttpRequest, place: Workplace, exchange_id: uuid.UUID) -> HttpResponse:
    one = _one(place, exchange_id)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        return _done(
            request,
            place,
            lambda: ending.cancel(exchange=one, now=timezone.now(), by=place.user, reason=reason),
            _("The gift is cancelled, the points are back."),
        )
    return _ask(
        request,
        place,
        one,
        title=_("Cancel the gift?"),
        sentence=_("The points come back with the dates that they had, and the gift lies in the stock again."),
        verb=_("Cancel the gift"),
        form=form,
        returning=True,
    )


def _one(place: Workplace, exchange_id: uuid.UUID) -> Exchange:
    rows = Exchange.objects.filter(program_id=place.program.pk, merchant=place.merchant, public_id=exchange_id)
    one = rows.select_related("account__client", "reward").first()
    if one is None:
        raise Http404
    return one


def _done(request: HttpRequest, place: Workplace, act: Callable[[], object], said: str) -> HttpResponse:
    try:
        act()
    except Refused as refused:
        messages.error(request, _REFUSED[refused.code]())
    else:
        messages.success(request, said)
    return redirect("exchanges", place.merchant.pk)


_REFUSED: dict[str, Callable[[], str]] = {
    "exchange_decided": lambda: _("This gift was handed over or cancelled before."),
    "exchange_over": lambda: _("The time to come for it is over: the points go back to the client."),
}


def _ask(
    request: HttpRequest,
    place: Workplace,
    one: Exchange,
    *,
    title: str,
    sentence: str,
    verb: str,
    form: forms.Form | None = None,
    returning: bool = False,
) -> HttpResponse:
    if one.state != Exchange.State.ORDERED:
        messages.error(request, _REFUSED["exchange_decided"]())
        return redirect("exchanges", place.merchant.pk)
    words = words_on_page(place.program.pk)
    client = getattr(one.account, "client", None)
    figures = [
        (_("Gift"), one.title),
        (_("Code"), codes.shown(one.code)),
        (_("Client"), (client.name if client else "") or _("Client without a name")),
        (_("Taken"), moment(one.created_at)),
    ]
    if one.note:
        figures.append((one.reward.asks or _("What the client said"), one.note))
    if returning:
        stands = standing(program_id=place.program.pk, account_id=one.account_id, now=timezone.now())
        figures.append((_("Points that come back"), words.points(one.points)))
        figures.append((_("Balance after"), words.points(stands.balance + one.points)))
    else:
        figures.append((_("Paid"), words.points(one.points)))
    return render(
        request,
        "shop/confirm.html",
        {
            "title": title,
            "sentence": sentence,
            "figures": figures,
            "form": form or "",
            "verb": verb,
            "danger": returning,
            "back": reverse("exchanges", args=[place.merchant.pk]),
        },
    )
