"""Gifts on the client's own page: what there is for points, taking one, and the code to show when coming for it."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clients import limits
from clients.pages.public.doors import Holder, dress, for_holder
from loyalty.models import Account, Exchange, Reward
from loyalty.refusals import Refused
from loyalty.rewards import codes, exchanging, offering, wording
from loyalty.rewards.offering import Offer
from merchants import qr
from merchants.forms import PageForm

MOST_TAKEN = 20
SOURCE = "card page"


class TakeForm(PageForm):
    """`once` is the form's own key: sent twice, it takes one gift."""

    once = forms.UUIDField(widget=forms.HiddenInput)
    note = forms.CharField(
        label="", max_length=250, error_messages={"required": gettext_lazy("Without this the shop can’t give it.")}
    )

    def __init__(self, *args: Any, asks: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asks:
            self.fields["note"].label = asks
        else:
            del self.fields["note"]


@require_safe
@for_holder
def card_gifts(request: HttpRequest, holder: Holder) -> HttpResponse:
    now = timezone.now()
    offers = offering.offers(program_id=holder.program.pk, account=holder.account, now=now)
    several = len({offer.reward.merchant_id for offer in offers}) > 1
    context = {
        **dress(holder.merchant),
        "holder": holder,
        "offers": [(offer, _said(offer)) for offer in offers],
        "several": several,
        "taken": taken_of(holder),
        "available": offering.standing_now(
            program_id=holder.program.pk, account_id=holder.account.pk, now=now
        ).available,
        "is_blocked": holder.account.status != Account.Status.ACTIVE,
    }
    return render(request, "clients/public/gifts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_holder
def card_gift(request: HttpRequest, holder: Holder, reward_id: uuid.UUID) -> HttpResponse:
    """Asks first, with the numbers."""
    now = timezone.now()
    rows = Reward.objects.filter(program_id=holder.program.pk, public_id=reward_id, enabled=True)
    reward = rows.select_related("merchant", "program").first()
    if reward is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = TakeForm(sent, asks=reward.asks, initial={"once": uuid.uuid4()})
    problem = ""
    if form.is_valid():
        if limits.use(limits.GIFTS_BY_CARD, str(holder.account.public_id)):
            problem = _("Too many gifts in an hour. Come back later.")
        else:
            try:
                row = exchanging.exchange(
                    reward=reward,
                    account=holder.account,
                    channel=Exchange.Channel.CARD,
                    now=now,
                    by=SOURCE,
                    note=form.cleaned_data.get("note", ""),
                    once=form.cleaned_data["once"].hex,
                )
            except Refused as refused:
                problem = _refused(refused)
            else:
                return redirect("card_gift_taken", holder.token, row.public_id)
    offer = offering.offer_of(reward=reward, account=holder.account, now=now)
    stands = offering.standing_now(program_id=holder.program.pk, account_id=holder.account.pk, now=now)
    context = {
        **dress(holder.merchant),
        "holder": holder,
        "offer": offer,
        "form": form,
        "problem": problem or _said(offer),
        "may_take": not offer.reason and holder.account.status == Account.Status.ACTIVE,
        "before": stands.available,
        "after": stands.available - reward.price,
    }
    return render(request, "clients/public/gift.html", context)


@require_safe
@for_holder
def card_gift_taken(request: HttpRequest, holder: Holder, exchange_id: uuid.UUID) -> HttpResponse:
    """The code and its picture, until it is handed over."""
    rows = Exchange.objects.filter(program_id=holder.program.pk, account=holder.account, public_id=exchange_id)
    row = rows.select_related("reward", "merchant").first()
    if row is None:
        raise Http404
    waits = row.state == Exchange.State.ORDERED
    context = {
        **dress(holder.merchant),
        "holder": holder,
        "row": row,
        "waits": waits,
        "code": codes.shown(row.code),
        "qr": qr.svg(codes.picture(row.code)) if waits else "",
    }
    return render(request, "clients/public/gift_taken.html", context)


def taken_of(holder: Holder) -> list[Exchange]:
    """Those that wait first, then the newest."""
    rows = Exchange.objects.filter(program_id=holder.program.pk, account=holder.account).order_by("-pk")[:MOST_TAKEN]
    return sorted(rows, key=lambda row: row.state != Exchange.State.ORDERED)


def _said(offer: Offer) -> str:
    return wording.reason(offer.reason, to_client=True) if offer.reason and offer.reason != "points" else ""


def _refused(refused: Refused) -> str:
    match refused.code:
        case "reward_refused":
            return wording.reason(str(refused.facts["why"]), to_client=True)
        case "insufficient_points":
            return wording.reason("points", to_client=True)
        case "client_blocked":
            return _("The card is blocked. Please ask at the shop.")
        case _:
            return _("It can’t be taken now. Please ask at the shop.")
