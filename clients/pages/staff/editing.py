"""Forms about a client: a new one, corrections, block, status."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import editing
from clients.birthdays import born_of
from clients.consents import Kind, place_of
from clients.models import Client
from clients.pages.staff.forms import BlockForm, ClientForm, NewClientForm, TierForm
from clients.pages.staff.one import name_of
from clients.pages.staff.scope import client_of, rules_now
from loyalty import accounts
from loyalty.models import Account
from loyalty.refusals import Refused
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Join a client at the counter. A known phone leads to the client who has it."""
    now = timezone.now()
    initial = {"phone": request.GET.get("phone", "")[:40].replace("\0", "")}
    form = NewClientForm(request.POST if request.method == "POST" else None, initial=initial, now=now)
    if form.is_valid():
        agreed = {Kind.PROCESSING: "processing", Kind.ADVERTISING: "advertising"}
        try:
            client = editing.add(
                merchant=place.merchant,
                particulars=form.particulars,
                consents=[kind for kind, field in agreed.items() if form.cleaned_data[field]],
                source=f"member:{place.member.pk}",
                address=_address(place),
                now=now,
                by=place.user,
            )
        except Refused as refused:
            known = _known(refused)
            if known is not None:
                messages.info(request, _("This phone has joined already: here is the client."))
                return redirect("client", place.merchant.pk, known.account.public_id)
            form.add_error("phone", _("This phone belongs to an account without a person. Ask for support."))
        else:
            messages.success(request, _("The client has joined."))
            return redirect("client", place.merchant.pk, client.account.public_id)
    return render(request, "clients/new.html", {"form": form})


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_edit(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    client = client_of(place, client_id)
    initial = {
        "phone": client.phone.as_international if client.phone else "",
        "name": client.name,
        "birthday": born_of(client.birthday, year_known=client.birthday_year_known),
        "email": client.email,
        "note": client.note,
        "tags": client.account.tags,
    }
    form = ClientForm(request.POST if request.method == "POST" else None, initial=initial, now=now)
    # Clients of other systems come without a phone sometimes; nobody loses one here.
    form.fields["phone"].required = bool(client.phone)
    if form.is_valid():
        try:
            changed = editing.edit(client=client, particulars=form.particulars, now=now, by=place.user)
        except Refused as refused:
            form.add_error("phone", _taken(place, _known(refused)))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("client", place.merchant.pk, client_id)
    return render(request, "clients/edit.html", {"form": form, "client": client})


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_block(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    """Block, or unblock whoever is blocked."""
    client = client_of(place, client_id)
    account = client.account
    blocked = account.status == Account.Status.BLOCKED
    form = BlockForm(request.POST if request.method == "POST" else None, initial={"was": account.status})
    if form.is_valid():
        if form.cleaned_data["was"] != account.status:
            messages.info(request, _("Somebody has done that already."))
        else:
            act = accounts.unblock if blocked else accounts.block
            act(account=account, reason=form.cleaned_data["reason"], now=timezone.now(), by=place.user)
            messages.success(request, _("The client is unblocked.") if blocked else _("The client is blocked."))
        return redirect("client", place.merchant.pk, client_id)
    sentence = _("The client neither earns nor spends until unblocked. The points stay.")
    title = _("Block %(name)s?")
    if blocked:
        sentence = _("The client earns and spends again.")
        title = _("Unblock %(name)s?")
        if account.block_reason:
            sentence += " " + _("Blocked because: %(why)s") % {"why": account.block_reason}
    return render(
        request,
        "shop/confirm.html",
        {
            "title": title % {"name": name_of(client)},
            "sentence": sentence,
            "form": form,
            "verb": _("Unblock") if blocked else _("Block"),
            "danger": not blocked,
            "back": reverse("client", args=[place.merchant.pk, client_id]),
        },
    )


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_tier(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    """Hold the status at a tier at least, until a day."""
    now = timezone.now()
    client = client_of(place, client_id)
    rulebook = rules_now(place, now)
    form = TierForm(
        request.POST if request.method == "POST" else None,
        initial={"tier": client.account.manual_tier},
        rulebook=rulebook,
        now=now,
    )
    if form.is_valid():
        day = form.cleaned_data["until"] if form.cleaned_data["tier"] else None
        accounts.set_manual_tier(
            account=client.account,
            tier=form.cleaned_data["tier"],
            until=rulebook.calendar.end_of(day) if day else None,
            reason=form.cleaned_data["reason"],
            now=now,
            by=place.user,
        )
        messages.success(request, _("The tier is set."))
        return redirect("client", place.merchant.pk, client_id)
    return render(request, "clients/tier.html", {"form": form, "client": client, "tiers": rulebook.tiers})


def _address(place: Workplace) -> str:
    """Where the client stands: the outlet of whoever works at one alone, else the shop."""
    outlets = list(place.open_outlets()[:2])
    return place_of(outlets[0]) if len(outlets) == 1 else place.merchant.name


def _known(refused: Refused) -> Client | None:
    """Whose the phone is, of a refusal `client_exists`."""
    if refused.code != "client_exists":
        raise refused
    return Client.objects.filter(account__public_id=str(refused.facts["account_id"])).select_related("account").first()


def _taken(place: Workplace, known: Client | None) -> str:
    if known is None:
        return _("This phone belongs to an account without a person. Ask for support.")
    url = reverse("client", args=[place.merchant.pk, known.account.public_id])
    return format_html('{} <a href="{}">{}</a>', _("Another client has this phone:"), url, name_of(known))
