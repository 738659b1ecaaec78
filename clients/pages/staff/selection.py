"""Points by hand for clients picked from the list: each of them and the total, then the deed, for all or for none."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from clients import listing
from clients.models import Client
from clients.pages.staff.forms import AdjustForm
from clients.pages.staff.one import name_of
from clients.pages.staff.points import is_done, over_in_words, signed, until_day
from clients.pages.staff.scope import rules_now
from loyalty import accounts, hand_limits
from loyalty.engine.earning import lot_dates
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account
from loyalty.refusals import Refused
from loyalty.standing import standing
from loyalty.wording import Words, words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

# As many as a page of the list shows.
MOST: Final = paging.SIZE


@members_only(Action.ADJUST_POINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def adjust_selected(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?client=` once for each; the form carries them on."""
    now = timezone.now()
    picked = _picked(request)
    if not picked:
        messages.warning(request, _("Tick the clients first."))
        return redirect("clients", place.merchant.pk)
    rulebook = rules_now(place, now)
    form = AdjustForm(request.POST if request.method == "POST" else None, rulebook=rulebook, now=now)
    rests = listing.rests_of([client.account for client in picked], now)
    if form.is_valid():
        seen = str(sum(rests.values(), ZERO))
        if "confirmed" in request.POST and form.cleaned_data["once"]:
            if form.cleaned_data["seen"] == seen or is_done(place, picked[0], form.cleaned_data["once"]):
                done = _adjust(request, place, picked, form, now)
                if done is not None:
                    return done
            else:
                messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
        if _possible(place, picked, form, now):
            return _ask(request, place, picked, form, rulebook, rests, seen, now)
    context = {"form": form, "clients": [name_of(one) for one in picked], "picked": picked}
    return render(request, "clients/adjust_selected.html", context)


def _picked(request: HttpRequest) -> Sequence[Client]:
    """Those of them that there are, in the order of their accounts."""
    data = request.POST if request.method == "POST" else request.GET
    ids = set()
    for text in data.getlist("client")[:MOST]:
        try:
            ids.add(uuid.UUID(text))
        except ValueError:
            continue
    rows = Client.objects.filter(account__public_id__in=ids).exclude(account__status=Account.Status.REMOVED)
    return list(rows.select_related("account").order_by("account"))


def _possible(place: Workplace, picked: Sequence[Client], form: AdjustForm, now: dt.datetime) -> bool:
    """Whether each has enough, and the limits leave room for all of it together; else the form says what is wrong."""
    words = words_on_page(place.program.pk)
    if form.change < 0:
        for client in picked:
            present = standing(program_id=place.program.pk, account_id=client.account_id, now=now)
            if present.available < -form.change:
                said = _("%(name)s: only %(points)s can be deducted.")
                form.add_error("points", said % {"name": name_of(client), "points": words.points(present.available)})
                return False
    over = hand_limits.over(merchant=place.merchant, points=form.change * len(picked), now=now, by=place.user)
    if over is not None:
        said = _("All together that is %(points)s.") % {"points": words.points(abs(form.change) * len(picked))}
        form.add_error("points", f"{said} {over_in_words(form, over, words)}")
        return False
    return True


def _adjust(
    request: HttpRequest, place: Workplace, picked: Sequence[Client], form: AdjustForm, now: dt.datetime
) -> HttpResponse | None:
    """None where the points, or the limit, have gone meanwhile: the form says so."""
    try:
        done = accounts.adjust_all(
            accounts=[client.account for client in picked],
            points=form.change,
            reason=form.said,
            now=now,
            by=place.user,
            merchant_id=place.merchant.pk,
            once=form.cleaned_data["once"].hex,
            expires_at=form.until,
        )
    except Refused as refused:
        if refused.code not in {"insufficient_points", "adjustment_limit"}:
            raise
        return None
    if done:
        words = words_on_page(place.program.pk)
        said = _("Added: %(points)s.") if form.change > 0 else _("Deducted: %(points)s.")
        messages.success(request, f"{_clients(done)}. {said % {'points': words.points(abs(form.change) * done)}}")
    else:
        messages.info(request, _("That is done already."))
    return redirect("clients", place.merchant.pk)


def _ask(
    request: HttpRequest,
    place: Workplace,
    picked: Sequence[Client],
    form: AdjustForm,
    rulebook: Rulebook,
    rests: dict[int, Any],
    seen: str,
    now: dt.datetime,
) -> HttpResponse:
    words = words_on_page(place.program.pk)
    figures = [
        (_("To each of them"), signed(form.change, words)),
        (_("Total for all of them"), signed(form.change * len(picked), words)),
    ]
    if form.change > 0:
        figures.append((_("Can be spent"), until_day(form.until or lot_dates(rulebook, now)[1])))
    figures.append((_("Reason"), form.said))
    for client in picked:
        before = rests.get(client.account_id, ZERO) - client.account.debt
        figures.append((name_of(client), f"{words.shortest(before)} → {words.points(before + form.change)}"))
    data = request.POST.copy()
    data["once"], data["seen"] = uuid.uuid4().hex, seen
    hidden = AdjustForm(data, rulebook=rulebook, now=now)
    for field in hidden.fields.values():
        field.widget = forms.HiddenInput()
    context = {
        "title": _("Add points?") if form.change > 0 else _("Deduct points?"),
        "sentence": _clients(len(picked)) + ".",
        "figures": figures,
        "form": hidden,
        "picked": picked,
        "verb": _verb(form, len(picked), words),
        "danger": form.change < 0,
        "back": reverse("clients", args=[place.merchant.pk]),
    }
    return render(request, "clients/adjust_selected_confirm.html", context)


def _clients(number: int) -> str:
    return ngettext("%(number)s client", "%(number)s clients", number) % {"number": number}


def _verb(form: AdjustForm, number: int, words: Words) -> str:
    said = _("Add %(points)s") if form.change > 0 else _("Deduct %(points)s")
    return said % {"points": words.points(abs(form.change) * number)}
