"""Points by hand above somebody's limit: what waits is approved or refused here by somebody else, after the numbers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Client, ClientAct
from clients.pages.staff import moving
from clients.pages.staff.forms import ReasonForm
from clients.pages.staff.one import name_of
from clients.pages.staff.points import figures_of, signed
from loyalty import approvals
from loyalty.models import AdjustmentRequest, Sale
from loyalty.refusals import Refused
from loyalty.sales.moving import CannotMove
from loyalty.standing import standing
from loyalty.templatetags.kopilka import moment
from loyalty.wording import Words, words_on_page
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm

FORM = ["GET", "HEAD", "POST"]
MOST_WAITING = 100
WAITING = AdjustmentRequest.State.WAITING


class ApproveForm(PageForm):
    """`seen` is the balance that was looked at."""

    words = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Whoever asked gets them by e-mail."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    seen = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)


@members_only(Action.ADJUST_POINTS)
@require_safe
def approvals_page(request: HttpRequest, place: Workplace) -> HttpResponse:
    """What waits, the oldest first, and below it what was decided. Who may not approve sees his own."""
    rows = AdjustmentRequest.objects.filter(program_id=place.program.pk, merchant_id=place.merchant.pk)
    may_approve = place.may(Action.APPROVE_POINTS)
    if not may_approve:
        rows = rows.filter(asked_by=place.user)
    rows = rows.select_related("account__client", "asked_by", "decided_by", "sale")
    waiting = list(rows.filter(state=WAITING).order_by("pk")[:MOST_WAITING])
    page = paging.newest_first(rows.exclude(state=WAITING), request.GET.get("before", ""))
    context = {
        "waiting": [_shown(row, place) for row in waiting],
        "decided": [_shown(row, place) for row in page.rows],
        "acts": _acts(place, mine=not may_approve),
        "page": page,
        "may_approve": may_approve,
        "may_see_clients": place.may(Action.SEE_CLIENTS),
    }
    return render(request, "approvals/list.html", context)


def _acts(place: Workplace, *, mine: bool) -> list[ClientAct]:
    """What waits for many clients: decided at its own page."""
    acts = ClientAct.objects.filter(program=place.program, merchant=place.merchant, state=ClientAct.State.ASKED)
    acts = acts.filter(created_at__gt=timezone.now() - approvals.DECIDED_WITHIN)
    if mine:
        acts = acts.filter(created_by=place.user)
    return list(acts.select_related("created_by").order_by("pk")[:MOST_WAITING])


@members_only(Action.APPROVE_POINTS)
@require_http_methods(FORM)
def approval_approve(request: HttpRequest, place: Workplace, request_id: uuid.UUID) -> HttpResponse:
    """The numbers of now, then the deed; where they have changed meanwhile, the numbers again."""
    now = timezone.now()
    one, words = _one(place, request_id), words_on_page(place.program.pk)
    form = ApproveForm(request.POST if request.method == "POST" else None)
    if one.sale is not None:
        return _approve_move(request, place, one, one.sale, form)
    try:
        approvals.check(request=one, now=now, by=place.user)
        present = standing(program_id=place.program.pk, account_id=one.account_id, now=now)
        if form.is_valid():
            if form.cleaned_data["seen"] == str(present.balance):
                approvals.approve(request=one, words=form.cleaned_data["words"], now=now, by=place.user)
                said = _("Added: %(points)s.") if one.points > 0 else _("Deducted: %(points)s.")
                messages.success(request, said % {"points": words.points(abs(one.points))})
                return redirect("approvals", place.merchant.pk)
            messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
    except Refused as refused:
        return _told(request, place, refused, words)
    data: Any = request.POST.copy() if form.is_bound else None
    if data is not None:
        data["seen"] = str(present.balance)
    verb = _("Approve and add %(points)s") if one.points > 0 else _("Approve and deduct %(points)s")
    context = {
        "title": _("Approve these points?"),
        "sentence": _("Client: %(name)s.") % {"name": _client(one)},
        "figures": [*_about(one), *figures_of(one.points, one.expires_at, place, present, now)],
        "form": ApproveForm(data, initial={"seen": str(present.balance)}),
        "verb": verb % {"points": words.points(abs(one.points))},
        "back": reverse("approvals", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


def _approve_move(
    request: HttpRequest, place: Workplace, one: AdjustmentRequest, sale: Sale, form: ApproveForm
) -> HttpResponse:
    """The same of a receipt that is to be moved."""
    now, words = timezone.now(), words_on_page(place.program.pk)
    try:
        seen = approvals.foresee(request=one, now=now, by=place.user)
        if form.is_valid():
            if form.cleaned_data["seen"] == moving.numbers(seen):
                approvals.approve(request=one, words=form.cleaned_data["words"], now=now, by=place.user)
                messages.success(request, _("Done: the receipt is %(name)s’s.") % {"name": _client(one)})
                return redirect("approvals", place.merchant.pk)
            messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
    except CannotMove as refused:
        messages.error(request, moving.in_words(refused, place))
        return redirect("approvals", place.merchant.pk)
    except Refused as refused:
        if refused.code in ("client_blocked", "occurred_at_too_old"):
            messages.error(request, moving.in_words(refused, place))
            return redirect("approvals", place.merchant.pk)
        return _told(request, place, refused, words)
    data: Any = request.POST.copy() if form.is_bound else None
    if data is not None:
        data["seen"] = moving.numbers(seen)
    context = {
        "title": _("Move the receipt to another client?") if sale.account_id else _("Give the receipt to this client?"),
        "sentence": moving.about(sale, words),
        "figures": [
            *_about(one),
            *moving.figures(_("Now it is of"), moving.owner(sale), seen.giver, words),
            *moving.figures(_("It will be of"), _client(one), seen.taker, words),
        ],
        "form": ApproveForm(data, initial={"seen": moving.numbers(seen)}),
        "verb": _("Approve and move the receipt"),
        "danger": bool(sale.account_id),
        "back": reverse("approvals", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.APPROVE_POINTS)
@require_http_methods(FORM)
def approval_refuse(request: HttpRequest, place: Workplace, request_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    one, words = _one(place, request_id), words_on_page(place.program.pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    try:
        approvals.check_deciding(request=one, now=now, by=place.user)
        if form.is_valid():
            approvals.refuse(request=one, words=form.cleaned_data["reason"], now=now, by=place.user)
            messages.success(request, _("Refused. Nothing has been moved."))
            return redirect("approvals", place.merchant.pk)
    except Refused as refused:
        return _told(request, place, refused, words)
    context = {
        "title": _("Refuse these points?"),
        "sentence": _("Client: %(name)s.") % {"name": _client(one)},
        "figures": [*_about(one), (_("Points asked for"), signed(one.points, words))],
        "form": form,
        "verb": _("Refuse"),
        "danger": True,
        "back": reverse("approvals", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.ADJUST_POINTS)
@require_http_methods(FORM)
def approval_withdraw(request: HttpRequest, place: Workplace, request_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    one, words = _one(place, request_id), words_on_page(place.program.pk)
    if one.asked_by_id != place.user.pk:
        raise Http404
    try:
        if request.method == "POST":
            approvals.withdraw(request=one, now=now, by=place.user)
            messages.success(request, _("Withdrawn."))
            return redirect("approvals", place.merchant.pk)
        approvals.check_withdrawing(request=one, by=place.user)
    except Refused as refused:
        return _told(request, place, refused, words)
    context = {
        "title": _("Withdraw the request?"),
        "sentence": _("Client: %(name)s.") % {"name": _client(one)},
        "figures": [(_("Points asked for"), signed(one.points, words)), (_("Reason"), one.reason)],
        "verb": _("Withdraw"),
        "danger": True,
        "back": reverse("approvals", args=[place.merchant.pk]),
    }
    return render(request, "shop/confirm.html", context)


def _one(place: Workplace, request_id: uuid.UUID) -> AdjustmentRequest:
    rows = AdjustmentRequest.objects.filter(
        program_id=place.program.pk, merchant_id=place.merchant.pk, public_id=request_id
    )
    one = rows.select_related(
        "account__client", "asked_by", "merchant", "sale__outlet", "sale__account__client", "sale__merchant"
    ).first()
    if one is None:
        raise Http404
    return one


def _told(request: HttpRequest, place: Workplace, refused: Refused, words: Words) -> HttpResponse:
    facts: Mapping[str, Any] = refused.facts
    match refused.code:
        case "request_ones_own":
            said = _("You asked for this yourself: somebody else has to decide.")
        case "request_decided":
            said = _("This has been decided already.")
        case "request_over":
            said = _("Its time is over. Whoever asked may ask again.")
        case "adjustment_limit":
            said = _("This is above your own limit (%(points)s now): an owner has to approve it.")
            said %= {"points": words.points(facts["left"])}
        case "insufficient_points":
            said = _("Only %(points)s can be deducted now: refuse the request, or wait until there are enough.")
            said %= {"points": words.points(facts["available"])}
        case "points_expired":
            said = _("The last day of these points is over: refuse the request, and let it be asked for anew.")
        case "points_invalid":
            said = _("The programme counts whole points only.")
        case _:
            said = _("The client has been removed: nothing can be added or deducted.")
    messages.error(request, said)
    return redirect("approvals", place.merchant.pk)


def _about(one: AdjustmentRequest) -> list[tuple[str, str]]:
    return [
        (_("Asked by"), one.asked_by.name or one.asked_by.email),
        (_("Asked at"), moment(one.asked_at)),
        (_("Reason"), one.reason),
    ]


def _shown(row: AdjustmentRequest, place: Workplace) -> dict[str, Any]:
    return {"row": row, "client": _client(row), "mine": row.asked_by_id == place.user.pk}


def _client(row: AdjustmentRequest) -> str:
    client: Client | None = getattr(row.account, "client", None)
    return name_of(client) if client is not None else _("Client without a name")
