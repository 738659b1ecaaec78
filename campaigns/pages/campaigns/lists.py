"""The campaigns of a shop, ready ones to begin with, and what holds for all of them."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns import triggers
from campaigns.models import Campaign, CampaignSettings, CampaignTurn
from campaigns.pages.campaigns.common import State, given_in_words, names_at
from campaigns.pages.campaigns.forms import RulesForm
from campaigns.pages.campaigns.sheet import trigger_kinds
from campaigns.plan import Plan, read
from campaigns.ready import READY
from campaigns.running import changing
from campaigns.words import said
from clients.segments.using import PATIENCE_MS, within
from loyalty.wording import words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]
LATELY: Final = dt.timedelta(days=30)
_ORDER: Final = {State.RUNNING: 0, State.PAUSED: 1, State.DRAFT: 2, State.FINISHED: 3, State.ARCHIVED: 4}


@members_only(Action.SEE_FIGURES)
@require_http_methods(FORM)
def campaigns(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?archive=1` shows those in the archive. A ready one is taken by POST: `ready`."""
    now = timezone.now()
    if request.method == "POST":
        place.require(Action.RUN_CAMPAIGNS)
        return _take(request, place, now)
    archive = request.GET.get("archive") == "1"
    rows = Campaign.objects.filter(program=place.program, merchant=place.merchant).select_related("audience")
    rows = rows.filter(state=State.ARCHIVED) if archive else rows.exclude(state=State.ARCHIVED)
    found = sorted(rows, key=lambda one: (_ORDER[State(one.state)], -one.pk))
    treated = CampaignTurn.objects.filter(
        program=place.program, campaign__in=[one.pk for one in found], at__gt=now - LATELY, state="done"
    )
    counts = treated.order_by().values_list("campaign").annotate(Count("pk"))
    # None where they are so many that counting would keep the page.
    lately = within(PATIENCE_MS, lambda: dict(counts))
    words, names = words_on_page(place.program.pk), names_at(place, now)
    taken = {one.name for one in found}
    context = {
        "rows": [
            {
                "campaign": one,
                "when": said(read(one.plan).when, words, names),
                "lately": None if lately is None else lately.get(one.pk, 0),
                "given": given_in_words(place, one.points, one.money),
            }
            for one in found
        ],
        "archive": archive,
        "has_archive": not archive and Campaign.objects.filter(
            program=place.program, merchant=place.merchant, state=State.ARCHIVED
        ).exists(),
        "may_edit": place.may(Action.RUN_CAMPAIGNS),
        "ready": [(key, one) for key, one in READY.items() if str(one.name) not in taken],
    }  # fmt: skip
    return render(request, "campaigns/campaigns/list.html", context)


def _take(request: HttpRequest, place: Workplace, now: dt.datetime) -> HttpResponse:
    one = READY.get(request.POST.get("ready", ""))
    if one is None:
        return redirect("campaigns", place.merchant.pk)
    return _made(request, place, str(one.name), one.plan, now)


def _made(request: HttpRequest, place: Workplace, name: str, plan: Plan, now: dt.datetime) -> HttpResponse:
    for number in range(1, 50):
        title = name if number == 1 else f"{name} {number}"
        try:
            made = changing.make(merchant=place.merchant, name=title, plan=plan, audience=None, now=now, by=place.user)
        except changing.NameTakenError:
            continue
        except changing.TooManyError:
            break
        return redirect("campaign_edit", place.merchant.pk, made.pk)
    messages.error(request, _("There are too many campaigns: put some into the archive first."))
    return redirect("campaigns", place.merchant.pk)


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def campaign_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """First of all: when does it act?"""
    if request.method == "POST":
        kind = triggers.BY_KIND.get(request.POST.get("kind", ""))
        if kind is not None:
            now = timezone.now()
            begun: Any = kind() if kind is not triggers.BY_KIND["date"] else kind(day=now.date())
            return _made(request, place, _(kind.title), Plan(trigger=begun), now)
    return render(request, "campaigns/campaigns/new.html", {"chapters": trigger_kinds()})


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def campaign_rules(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules = CampaignSettings.objects.filter(Q(program=place.program, merchant=place.merchant)).first()
    form = RulesForm(request.POST or None, instance=rules)
    if request.method == "POST" and form.is_valid():
        begun = changing.set_rules(merchant=place.merchant, rules=form.instance, now=timezone.now(), by=place.user)
        messages.success(request, _("Kept: it holds for all campaigns from now on."))
        if begun:
            messages.info(request, _("Another group is held out: its comparison with the others begins today."))
        return redirect("campaigns", place.merchant.pk)
    context = {"form": form, "since": rules.holdout_since if rules else None}
    return render(request, "campaigns/campaigns/rules.html", context)
