"""Templates of messages and how the shop writes: for members."""

from __future__ import annotations

import re
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from phonenumber_field.phonenumber import to_python

from campaigns.messages import channels, claiming, reaching, settings, templates, variables
from campaigns.messages.templates import Content
from campaigns.models import Channel, MessageTemplate
from campaigns.pages.messages.forms import (
    SettingsForm,
    TemplateForm,
    TestForm,
    channels_in_words,
    initial_of,
    settings_initial,
)
from clients.limits import HOUR, Limit, use
from clients.models import Client
from loyalty.models import Account
from loyalty.wording import words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.gateways.answers import GatewayError

FORM: Final = ["GET", "HEAD", "POST"]


@require_safe
@members_only(Action.SEE_FIGURES)
def message_templates(request: HttpRequest, place: Workplace) -> HttpResponse:
    rows = [(one, channels_in_words(one)) for one in templates.of(place.merchant)]
    known = {one.name for one, _channels in rows}
    context = {
        "rows": rows,
        "ready": [(number, one) for number, one in enumerate(templates.ready()) if one.name not in known],
        "may_edit": place.may(Action.RUN_CAMPAIGNS),
    }
    return render(request, "campaigns/messages/templates.html", context)


@require_http_methods(FORM)
@members_only(Action.RUN_CAMPAIGNS)
def message_template_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?ready=`: one of those to begin with."""
    initial: dict[str, Any] = {}
    key = paging.key_of(request.GET.get("ready", ""))
    if key is not None and key < len(templates.ready()):
        initial = initial_of(templates.ready()[key])
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_valid():
        try:
            one = templates.make(merchant=place.merchant, content=form.content(), now=timezone.now(), by=place.user)
        except templates.NameTakenError:
            form.add_error("name", _("Another template is called so."))
        except templates.TooManyError:
            form.add_error(None, _("There are too many templates: remove those that you don’t use."))
        else:
            messages.success(request, _("Saved."))
            return redirect("message_template", place.merchant.pk, one.pk)
    return render(request, "campaigns/messages/template.html", _context(place, form, None))


@require_http_methods(FORM)
@members_only(Action.RUN_CAMPAIGNS)
def message_template(request: HttpRequest, place: Workplace, template_id: int) -> HttpResponse:
    one = _found(place, template_id)
    form = TemplateForm(
        request.POST if request.method == "POST" else None, initial=initial_of(templates.content_of(one))
    )
    if form.is_valid():
        try:
            templates.change(template=one, content=form.content(), now=timezone.now(), by=place.user)
        except templates.NameTakenError:
            form.add_error("name", _("Another template is called so."))
        else:
            messages.success(request, _("Saved."))
            return redirect("message_template", place.merchant.pk, one.pk)
    return render(request, "campaigns/messages/template.html", _context(place, form, one))


@require_POST
@members_only(Action.RUN_CAMPAIGNS)
def message_template_preview(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What is being written, as a client would get it: `whom` is part of a phone or a name."""
    form = TemplateForm(request.POST)
    form.is_valid()
    content = form.content(form.cleaned_data)
    client, told = _somebody(place, request.POST.get("whom", ""))
    return render(request, "campaigns/messages/preview.html", _previews(place, content, client, told))


@require_http_methods(FORM)
@members_only(Action.RUN_CAMPAIGNS)
def message_template_test(request: HttpRequest, place: Workplace, template_id: int) -> HttpResponse:
    """To whoever asks, and nobody else: with the values of one of the clients."""
    one = _found(place, template_id)
    form = TestForm(request.POST if request.method == "POST" else None, initial={"address": place.user.email})
    if form.is_valid():
        why = _send_test(place, one, form.cleaned_data["channel"], form.cleaned_data["address"])
        if why:
            form.add_error("address", why)
        else:
            messages.success(request, _("Sent. Look whether it has come."))
            return redirect("message_template", place.merchant.pk, one.pk)
    context = {"form": form, "one": one}
    return render(request, "campaigns/messages/test.html", context)


@require_http_methods(FORM)
@members_only(Action.RUN_CAMPAIGNS)
def message_template_remove(request: HttpRequest, place: Workplace, template_id: int) -> HttpResponse:
    one = _found(place, template_id)
    if request.method == "POST" and "confirmed" in request.POST:
        templates.remove(template=one, now=timezone.now(), by=place.user)
        messages.success(request, _("The template has been removed."))
        return redirect("message_templates", place.merchant.pk)
    context = {
        "title": _("Remove the template?"),
        "sentence": _("“%(name)s” can’t be chosen any more. What has been asked for with it still goes out.")
        % {"name": one.name},
        "verb": _("Remove"),
        "danger": True,
        "back": request.build_absolute_uri("../"),
    }
    return render(request, "shop/confirm.html", context)


@require_http_methods(FORM)
@members_only(Action.RUN_CAMPAIGNS)
def message_settings(request: HttpRequest, place: Workplace) -> HttpResponse:
    row = claiming.settings_of(place.merchant)
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=settings_initial(row))
    if form.is_valid():
        settings.change(row=row, said=form.cleaned_data, now=timezone.now(), by=place.user)
        messages.success(request, _("Saved."))
        return redirect("message_settings", place.merchant.pk)
    set_up = reaching.set_up()
    context = {
        "form": form,
        "channels": [(Channel(value).label, value in set_up) for value in Channel.values],
        "zone": place.program.time_zone,
    }
    return render(request, "campaigns/messages/settings.html", context)


def _found(place: Workplace, key: int) -> MessageTemplate:
    one = templates.of(place.merchant).select_related("merchant").filter(pk=key).first()
    if one is None:
        raise Http404
    return one


def _context(place: Workplace, form: TemplateForm, one: MessageTemplate | None) -> dict[str, Any]:
    content = form.content(form.cleaned_data) if form.is_bound else None
    if content is None:
        content = Content(
            name="",
            purpose="advertising",
            channels=tuple(channel for channel in reversed(Channel.values) if form.initial.get(f"text_{channel}")),
            subject=form.initial.get("subject", ""),
            texts={channel: form.initial.get(f"text_{channel}", "") for channel in Channel.values},
        )
    client, told = _somebody(place, "")
    russian = place.program.language == "ru"
    return {
        "form": form,
        "one": one,
        "names": [(one.russian if russian else one.key, one.says, one.of_details) for one in variables.VARIABLES],
        **_previews(place, content, client, told),
    }


def _previews(place: Workplace, content: Content, client: Client | None, told: str) -> dict[str, Any]:
    row = claiming.settings_of(place.merchant)
    words = words_on_page(place.program.pk)
    shown = templates.preview(content, client=client, merchant=place.merchant, settings=row, now=timezone.now())
    return {
        "previews": [(Channel(one.channel).label, one, words.money(one.cost) if one.cost else "") for one in shown],
        "client": client,
        "told": told,
    }


def _somebody(place: Workplace, whom: str) -> tuple[Client | None, str]:
    """The client to show it with: whom the words find, or the newest; and what is to be said about it."""
    rows = Client.objects.filter(program=place.program, account__status=Account.Status.ACTIVE)
    rows = rows.select_related("account", "program")
    whom = " ".join(whom.replace("\0", " ").split())
    if whom:
        found = rows.matching(whom, newest=1, numbers=place.may(Action.SEE_PHONES)).newest_first().first()
        return (found, "") if found is not None else (None, _("Nobody was found: this is a made-up client."))
    return rows.newest_first().first(), ""


def _send_test(place: Workplace, one: MessageTemplate, channel: str, address: str) -> str:
    """Why it did not work; empty where it did."""
    if channel not in one.channels:
        return _("The template has no text for this channel.")
    if channel not in reaching.set_up():
        return _("This channel is not set up here.")
    if channel == Channel.SMS:
        phone = to_python(address, region="RU")
        if phone is None or not phone.is_valid():
            return _("This is no phone number.")
        address = phone.as_e164
    elif not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
        return _("This is no e-mail address.")
    if use(TESTS, str(place.merchant.pk)):
        return _("Too many trials in an hour. Try later.")
    client, _told = _somebody(place, "")
    if client is None:
        return _("There are no clients yet to show it with.")
    row, now = claiming.settings_of(place.merchant), timezone.now()
    letter = templates.letter_to_oneself(
        one, client=client, channel=channel, address=address, merchant=place.merchant, settings=row, now=now
    )
    answer = channels.attempt(letter)
    channels.close()
    if isinstance(answer, GatewayError):
        return _("The gateway did not take it. Ask whoever runs the installation to look.")
    return ""


# A trial costs money, and its address may be anybody's.
TESTS: Final = Limit("message tests", 20, HOUR)
