"""Mailings: asked for with their numbers, watched, paused, gone on with, stopped."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from msgspec import ValidationError

from campaigns.mailings import planning, results
from campaigns.mailings.planning import Estimate, NotNowError, audience, estimate, rough_estimate
from campaigns.messages import claiming, templates
from campaigns.messages.reasons import say
from campaigns.models import Channel, Mailing, MessageTemplate
from campaigns.pages.mailings.forms import MailingForm, moment_in_words
from clients.models import Segment
from clients.segments.using import within
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]
# How long a page may count an audience.
PATIENCE_MS: Final = 8_000


@require_safe
@members_only(Action.SEE_FIGURES)
def mailings(request: HttpRequest, place: Workplace) -> HttpResponse:
    rows = Mailing.objects.filter(program=place.program, merchant=place.merchant).select_related("created_by")
    page = paging.newest_first(rows, request.GET.get("before", ""))
    context = {
        "page": page,
        "rows": page.rows,
        "has_templates": templates.of(place.merchant).exists(),
        "may_edit": place.may(Action.RUN_CAMPAIGNS),
    }
    return render(request, "campaigns/mailings/list.html", context)


@require_http_methods(FORM)
@members_only(Action.RUN_CAMPAIGNS)
def mailing_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?template=`, `?segment=`. The form, its numbers, then the deed: once."""
    now = timezone.now()
    if not templates.of(place.merchant).exists():
        messages.warning(request, _("First write what to say: a template of a message."))
        return redirect("message_templates", place.merchant.pk)
    initial = {field: request.GET.get(field, "") for field in ("template", "segment")}
    form = MailingForm(
        request.POST if request.method == "POST" else None, merchant=place.merchant, now=now, initial=initial
    )
    if form.is_valid():
        answer = _asked(request, place, form, now)
        if answer is not None:
            return answer
    return render(request, "campaigns/mailings/new.html", {"form": form})


@require_safe
@members_only(Action.SEE_FIGURES)
def mailing(request: HttpRequest, place: Workplace, mailing_id: int) -> HttpResponse:
    one = _found(place, mailing_id)
    words = words_on_page(place.program.pk)
    told = results.of(one)
    context = {
        "one": one,
        "results": told,
        "cost": words.money(told.cost) if told.cost is not None else "",
        "channels": [(Channel(channel).label, number) for channel, number in told.by_channel.items() if channel],
        "failed": [(say(why), number) for why, number in told.failed.items()],
        "skipped": [(say(why), number) for why, number in told.skipped.items()],
        "is_living": one.state in Mailing.LIVING,
        "may_edit": place.may(Action.RUN_CAMPAIGNS),
    }
    if "HX-Request" in request.headers:
        response = render(request, "campaigns/mailings/progress.html", context)
        # Other buttons belong to it then.
        if one.state != request.GET.get("state"):
            response["HX-Refresh"] = "true"
        return response
    return render(request, "campaigns/mailings/one.html", context)


@require_POST
@members_only(Action.RUN_CAMPAIGNS)
def mailing_change(request: HttpRequest, place: Workplace, mailing_id: int) -> HttpResponse:
    """`do`: pause, go_on, stop. A stop asks first, because it is for ever."""
    one, now, asked = _found(place, mailing_id), timezone.now(), request.POST.get("do", "")
    if asked == "stop" and "confirmed" not in request.POST:
        told = results.of(one)
        context = {
            "title": _("Stop the mailing?"),
            "sentence": _(
                "Whoever has not got the message yet will not get it. A stopped mailing can’t be gone on with."
            ),
            "figures": [(_("Sent already"), told.sent), (_("Will not be sent"), told.waiting)],
            "verb": _("Stop"),
            "danger": True,
            "back": reverse("mailing", args=[place.merchant.pk, one.pk]),
        }
        return render(request, "campaigns/mailings/stop.html", context)
    act = {"pause": planning.pause, "go_on": planning.go_on, "stop": planning.stop}.get(asked)
    if act is None:
        raise Http404
    try:
        act(mailing=one, now=now, by=place.user)
    except NotNowError:
        messages.warning(request, _("It is too late for that: look how the mailing stands."))
    return redirect("mailing", place.merchant.pk, one.pk)


def _asked(request: HttpRequest, place: Workplace, form: MailingForm, now: dt.datetime) -> HttpResponse | None:
    """The page with the numbers, or what follows the deed; None where the form has to be shown again."""
    template, segment, starts_at = form.chosen
    if missing := templates.of_occasions(template, place.program.language):
        names = ", ".join(f"{{{name}}}" for name in missing)
        form.add_error("template", _("%(names)s: only campaigns know that. Choose another message.") % {"names": names})
        return None
    counted = _estimate(place, template, segment, now)
    if counted is None:
        form.add_error("segment", _("The segment’s conditions can’t be read any more: open and save it."))
        return None
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError:
        key = uuid.uuid4()
    if "confirmed" in request.POST and request.POST.get("expected") == str(counted.reached):
        one = planning.plan(
            merchant=place.merchant,
            template=template,
            segment=segment,
            title=form.cleaned_data["title"],
            starts_at=starts_at,
            expected=counted,
            key=key,
            now=now,
            by=place.user,
        )
        return redirect("mailing", place.merchant.pk, one.pk)
    if not counted.reached:
        form.add_error(None, _("Nobody would get it: no client of these can be reached by this message’s channels."))
        return None
    words = words_on_page(place.program.pk)
    context: dict[str, Any] = {
        "form": form,
        "key": key,
        "counted": counted,
        "template": template,
        "segment": segment,
        "whom": segment.name if segment is not None else _("All clients"),
        "when": moment_in_words(starts_at, now),
        "channels": [(Channel(channel).label, number) for channel, number in counted.by_channel.items()],
        "without": [(say(why), number) for why, number in counted.without.items()],
        "cost": words.money(counted.cost) if counted.cost else "",
        "is_other": "confirmed" in request.POST,
    }
    return render(request, "campaigns/mailings/confirm.html", context)


def _estimate(
    place: Workplace, template: MessageTemplate, segment: Segment | None, now: dt.datetime
) -> Estimate | None:
    """None for a segment that can't be read. What takes too long to count is guessed from above."""
    row = claiming.settings_of(place.merchant)
    price = templates.sms_cost(template, place.merchant, row, now)
    try:
        rows = audience(place.merchant, segment, now)
    except ValidationError:
        return None
    counted = within(PATIENCE_MS, lambda: estimate(rows, template, price))
    return counted if counted is not None else rough_estimate(place.merchant, template, price)


def _found(place: Workplace, key: int) -> Mailing:
    rows = Mailing.objects.filter(program=place.program, merchant=place.merchant)
    one = rows.select_related("merchant", "template", "created_by").filter(pk=key).first()
    if one is None:
        raise Http404
    return one
