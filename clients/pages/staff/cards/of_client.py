"""The cards of one client: bind, block, unblock, replace."""

from __future__ import annotations

import uuid
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients import limits
from clients.models import Client
from clients.pages.staff.cards.forms import BindForm, BlockCardForm, NoteForm, ReplaceForm
from clients.pages.staff.one import name_of
from clients.pages.staff.scope import client_of, number_for
from loyalty import binding
from loyalty.models import Card
from loyalty.refusals import Refused
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_card_bind(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    client = client_of(place, client_id)
    form = BindForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and _may_try(place, form):
        try:
            binding.bind(account=client.account, number=form.cleaned_data["number"], now=timezone.now(), by=place.user)
        except Refused as refused:
            form.add_error("number", _refused(place, refused))
        else:
            messages.success(request, _("The card is bound."))
            return redirect("client", place.merchant.pk, client_id)
    context = {
        "title": _("Bind a card: %(name)s") % {"name": name_of(client)},
        "sentence": _("The client is found by this card from now on. Other cards go on working."),
        "form": form,
        "verb": _("Bind"),
        "back": reverse("client", args=[place.merchant.pk, client_id]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_card_block(request: HttpRequest, place: Workplace, client_id: uuid.UUID, card_id: int) -> HttpResponse:
    """Block, or unblock one that is blocked."""
    client = client_of(place, client_id)
    card = _card(client, card_id)
    blocked = card.status == Card.Status.BLOCKED
    data = request.POST if request.method == "POST" else None
    form: BlockCardForm | NoteForm = NoteForm(data) if blocked else BlockCardForm(data)
    if form.is_valid():
        now, note = timezone.now(), form.cleaned_data["note"]
        try:
            if blocked:
                binding.unblock(card=card, note=note, now=now, by=place.user)
            else:
                binding.block(card=card, why=Card.Why(form.cleaned_data["why"]), note=note, now=now, by=place.user)
        except Refused as refused:
            form.add_error(None, _refused(place, refused))
        else:
            messages.success(request, _("The card is unblocked.") if blocked else _("The card is blocked."))
            return redirect("client", place.merchant.pk, client_id)
    sentence = _("Tills find nobody by this card any more. The points and the client’s other cards stay.")
    if blocked:
        sentence = _("The client is found by this card again.")
    title = _("Unblock card %(number)s?") if blocked else _("Block card %(number)s?")
    return render(
        request,
        "shop/confirm.html",
        {
            "title": title % {"number": number_for(place, card)},
            "sentence": sentence,
            "figures": [(_("Client"), name_of(client))],
            "form": form,
            "verb": _("Unblock") if blocked else _("Block"),
            "danger": not blocked,
            "back": reverse("client", args=[place.merchant.pk, client_id]),
        },
    )


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def client_card_replace(request: HttpRequest, place: Workplace, client_id: uuid.UUID, card_id: int) -> HttpResponse:
    client = client_of(place, client_id)
    card = _card(client, card_id)
    form = ReplaceForm(request.POST if request.method == "POST" else None, card=card)
    if form.is_valid() and _may_try(place, form):
        try:
            binding.replace(
                card=card,
                number=form.cleaned_data.get("number", ""),
                note=form.cleaned_data["note"],
                now=timezone.now(),
                by=place.user,
            )
        except Refused as refused:
            form.add_error("number" if "number" in form.fields else None, _refused(place, refused))
        else:
            messages.success(request, _("The card is replaced."))
            return redirect("client", place.merchant.pk, client_id)
    sentence = _("The new card takes over; the old one is blocked for good, and tills say that it was replaced.")
    if card.kind == Card.Kind.VIRTUAL:
        sentence = _("The card on the phone gets a new number. Whoever copied the old one finds nobody by it.")
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("Replace card %(number)s") % {"number": number_for(place, card)},
            "sentence": sentence,
            "figures": [(_("Client"), name_of(client))],
            "form": form,
            "verb": _("Replace"),
            "back": reverse("client", args=[place.merchant.pk, client_id]),
        },
    )


def _card(client: Client, card_id: int) -> Card:
    cards = Card.objects.filter(program_id=client.program_id, account=client.account_id)
    card = cards.exclude(kind=Card.Kind.PHONE).filter(pk=card_id).first()
    if card is None:
        raise Http404
    return card


def _may_try(place: Workplace, form: BindForm) -> bool:
    """Numbers are not tried out here either."""
    if limits.reached(limits.CARDS_BY_MEMBER, str(place.member.pk)):
        form.add_error(None, _("Too many wrong numbers. Try again in ten minutes."))
        return False
    return True


def _refused(place: Workplace, refused: Refused) -> str:
    if refused.code in ("card_not_found", "card_taken"):
        limits.use(limits.CARDS_BY_MEMBER, str(place.member.pk))
    match refused.code:
        case "card_not_found":
            return _("No batch has a card with this number. Check it, or allow any number on the page of cards.")
        case "card_taken":
            return _("This card is another client’s already.")
        case "card_blocked":
            return _("This card is blocked, or its batch is withdrawn.")
        case "card_replaced":
            return _("This card was replaced by another one: it does not come back.")
        case "card_limit":
            return _("The client has too many cards already.")
        case "client_blocked":
            return _("The client is blocked: unblock first.")
        case _:
            raise refused
