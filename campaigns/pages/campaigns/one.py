"""A campaign: what it does, what it has given, whose turn it was; a dry run; started, paused, put into the archive."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaigns.models import Campaign, CampaignTurn
from campaigns.pages.campaigns.common import (
    State,
    campaign_of,
    chart_of,
    clients_in_words,
    given_in_words,
    names_at,
    plan_of,
)
from campaigns.plan import Plan, faults
from campaigns.running import changing, scanning
from campaigns.running.due import sight_of
from campaigns.running.foreseeing import Foreseen, foresee
from campaigns.words import ended, limits_said, sentence, state_of, steps_said
from campaigns.words import said as said_
from clients.models import Client
from clients.pages.staff.one import name_of
from clients.segments.using import PATIENCE_MS, within
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]


@members_only(Action.SEE_FIGURES)
@require_safe
def campaign(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    one, now = campaign_of(place, campaign_id), timezone.now()
    turns = CampaignTurn.objects.filter(program=place.program, campaign=one)
    state = request.GET.get("state", "")
    if state in CampaignTurn.State.values:
        turns = turns.filter(state=state)
    page = paging.newest_first(turns, request.GET.get("before", ""))
    plan, words, names = plan_of(one), words_on_page(place.program.pk), names_at(place, now)
    context = {
        "campaign": one,
        "when": said_(plan.when, words, names),
        "steps": steps_said(plan, words, names),
        "limits": limits_said(plan, words),
        "hint": _(plan.when.hint),
        "given": given_in_words(place, one.points, one.money),
        "ended": ended(one),
        "turns": _lines(place, page.rows),
        "page": page,
        "state": state,
        "states": [(value, label) for value, label in CampaignTurn.State.choices],
        "may_edit": place.may(Action.RUN_CAMPAIGNS),
        "ready": not any(faults(plan, precision=place.program.precision)),
        "by_hand": plan.when.by_hand,
        "under_way": _under_way(one) if plan.when.by_hand else "",
        "is_editable": one.state in (State.DRAFT, State.RUNNING, State.PAUSED),
        "any": state or page.rows or turns.exists(),
    }
    return render(request, "campaigns/campaigns/one.html", context)


def _under_way(one: Campaign) -> str:
    """How far the campaign is since the button was pressed; nothing where it is through."""
    pressed = scanning.begun_by_hand(one)
    if pressed is None or one.state not in (State.RUNNING, State.PAUSED):
        return ""
    if pressed.done_at is None:
        return _("It is under way: whose turn it is is being written down.")
    left = within(PATIENCE_MS, lambda: scanning.waiting(one))
    if left == 0:
        return ""
    if left is None:
        return _("It is under way: for %(all)s.") % {"all": clients_in_words(pressed.clients or 0)}
    return _("It is under way: %(left)s of %(all)s wait for their turn or a further step.") % {
        "left": f"{left:,}".replace(",", " "),
        "all": clients_in_words(pressed.clients or 0),
    }


def _lines(place: Workplace, rows: Any) -> list[dict[str, Any]]:
    """Whose turn it was. Who is erased has no name any more."""
    turns = list(rows)
    people = {
        one.account_id: one
        for one in Client.objects.filter(
            program=place.program, account__in=[turn.account_id for turn in turns]
        ).select_related("account")
    }
    return [
        {
            "turn": turn,
            "client": people.get(turn.account_id),
            "name": name_of(people[turn.account_id]) if turn.account_id in people else _("no client any more"),
            "state": state_of(turn),
            "given": given_in_words(place, turn.points, turn.money),
        }
        for turn in turns
    ]


@members_only(Action.SEE_FIGURES)
@require_safe
def campaign_dry_run(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    one, now = campaign_of(place, campaign_id), timezone.now()
    plan = plan_of(one)
    wrong = [text for _where, _name, text in faults(plan, precision=place.program.precision)]
    foreseen = None if wrong else _foreseen(one, now)
    context = {
        "campaign": one,
        "wrong": wrong,
        "slow": not wrong and foreseen is None,
        "foreseen": foreseen,
        "sentence": sentence(plan, words_on_page(place.program.pk), names_at(place, now)),
        "may_start": place.may(Action.RUN_CAMPAIGNS) and one.state == State.DRAFT,
        **(_in_words(place, foreseen) if foreseen else {}),
    }
    return render(request, "campaigns/campaigns/dry_run.html", context)


def _foreseen(one: Campaign, now: dt.datetime) -> Foreseen | None:
    """None where it takes longer than a page may."""
    return within(2 * PATIENCE_MS, lambda: foresee(sight_of(one, now)))


def _in_words(place: Workplace, foreseen: Foreseen) -> dict[str, Any]:
    people = {
        one.account_id: one
        for one in Client.objects.filter(
            program=place.program, account__in=[account for account, _day in foreseen.sample]
        ).select_related("account")
    }
    return {
        "chart": chart_of(foreseen) if foreseen.days else None,
        "clients": clients_in_words(foreseen.treated),
        "today": clients_in_words(foreseen.today),
        "held_out": clients_in_words(foreseen.held_out) if foreseen.held_out else "",
        "left": clients_in_words(foreseen.left) if foreseen.left else "",
        "sum": given_in_words(place, foreseen.points, foreseen.money),
        "inside": clients_in_words(foreseen.inside) if foreseen.inside is not None else "",
        "sample": [
            (people[account], name_of(people[account]), day) for account, day in foreseen.sample if account in people
        ],
    }


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def campaign_start(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    one, now = campaign_of(place, campaign_id), timezone.now()
    plan = plan_of(one)
    if one.state != State.DRAFT or any(faults(plan, precision=place.program.precision)):
        messages.error(request, _("The campaign can’t be started yet: look at what it lacks."))
        return redirect("campaign", place.merchant.pk, one.pk)
    if request.method == "POST":
        return _done(request, place, one, changing.start, _("The campaign is running."))
    foreseen = _foreseen(one, now)
    figures = []
    if foreseen is not None and foreseen.inside is None:
        span = _("In the last 30 days it would have been") if foreseen.past else _("In the next 30 days")
        figures = [
            *([] if foreseen.past else [(_("Today"), clients_in_words(foreseen.today))]),
            (span, clients_in_words(foreseen.treated)),
            (_("Given to them"), given_in_words(place, foreseen.points, foreseen.money)),
        ]
    context = {
        "title": _("Start the campaign?"),
        "sentence": sentence(plan, words_on_page(place.program.pk), names_at(place, now)),
        "figures": figures,
        "warning": _without_budget(place, plan, foreseen),
        "verb": _("Start the campaign"),
        "back": reverse("campaign", args=[place.merchant.pk, one.pk]),
    }
    return render(request, "shop/confirm.html", context)


def _without_budget(place: Workplace, plan: Plan, foreseen: Foreseen | None) -> str:
    """Points of campaigns are held by their budget alone: without one, what that comes to."""
    if not plan.cost.points or plan.limits.points is not None or plan.limits.clients is not None:
        return ""
    words = words_on_page(place.program.pk)
    each = words.points(plan.cost.points)
    if foreseen is None or foreseen.inside is not None:
        return _("The campaign has no budget: each client whose turn comes gets %(each)s, however many they are.") % {
            "each": each
        }
    told = {"clients": clients_in_words(foreseen.treated), "each": each, "all": words.points(foreseen.points)}
    if plan.when.by_hand:
        return _("The campaign has no budget: %(clients)s × %(each)s, %(all)s at once.") % told
    return (
        _(
            "The campaign has no budget: %(clients)s × %(each)s make %(all)s in 30 days, and it goes on until you stop "
            "it."
        )
        % told
    )


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def campaign_archive(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    one = campaign_of(place, campaign_id)
    if request.method == "POST":
        return _done(request, place, one, changing.archive, _("The campaign is in the archive."), to="campaigns")
    waiting = CampaignTurn.objects.filter(campaign=one, due_at__isnull=False).count()
    context = {
        "title": _("Put the campaign into the archive?"),
        "sentence": _("It stops for good. What clients were given stays, and so does the list of whose turn it was."),
        "figures": [(_("Wait for their turn or a further step"), clients_in_words(waiting))],
        "verb": _("Into the archive"),
        "danger": True,
        "back": reverse("campaign", args=[place.merchant.pk, one.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.RUN_CAMPAIGNS)
@require_POST
def campaign_do(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    """`do`: pause, go_on."""
    verbs: Mapping[str, tuple[Callable[..., Campaign], str]] = {
        "pause": (changing.pause, _("The campaign pauses.")),
        "go_on": (changing.go_on, _("The campaign goes on.")),
    }
    found = verbs.get(request.POST.get("do", ""))
    if found is None:
        raise Http404
    return _done(request, place, campaign_of(place, campaign_id), *found)


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def campaign_fire(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    """The button of a campaign by hand: asks first, with numbers."""
    one, now = campaign_of(place, campaign_id), timezone.now()
    back = redirect("campaign", place.merchant.pk, one.pk)
    if one.state != State.RUNNING or not plan_of(one).when.by_hand:
        messages.error(request, _("The campaign does not run by hand."))
        return back
    if request.method == "POST":
        key = request.POST.get("key", "")
        if not re.fullmatch("[0-9a-f]{32}", key):
            return redirect("campaign_fire", place.merchant.pk, one.pk)
        try:
            changing.press(campaign=one, key=key, now=now, by=place.user)
        except changing.NotNowError:
            messages.error(request, _("That can’t be done now: the campaign has changed meanwhile."))
        else:
            messages.success(request, _("It begins within a minute: this page says how far it is."))
        return back
    foreseen = _foreseen(one, now)
    context = {
        "title": _("Do it now?"),
        "sentence": sentence(plan_of(one), words_on_page(place.program.pk), names_at(place, now)),
        "figures": []
        if foreseen is None
        else [
            (_("Clients"), clients_in_words(foreseen.treated)),
            (_("Given to them"), given_in_words(place, foreseen.points, foreseen.money)),
        ],
        "warning": _without_budget(place, plan_of(one), foreseen),
        "verb": _("Do it now"),
        "key": uuid.uuid4().hex,
        "back": reverse("campaign", args=[place.merchant.pk, one.pk]),
    }
    return render(request, "campaigns/campaigns/fire.html", context)


def _done(
    request: HttpRequest,
    place: Workplace,
    one: Campaign,
    verb: Callable[..., Campaign],
    told: str,
    to: str = "campaign",
) -> HttpResponse:
    try:
        verb(campaign=one, now=timezone.now(), by=place.user)
    except (changing.NotNowError, changing.UnfinishedError):
        messages.error(request, _("That can’t be done now: the campaign has changed meanwhile."))
    else:
        messages.success(request, told)
    return redirect(to, *([place.merchant.pk] if to == "campaigns" else [place.merchant.pk, one.pk]))
