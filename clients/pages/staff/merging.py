"""Clients who may be one person, made one; and two again."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clients import duplicates, listing, merging
from clients.models import Client, ClientMerge
from clients.pages.staff.one import name_of
from clients.pages.staff.points import signed
from clients.pages.staff.scope import client_of, email_for, not_ours, ours, own_sales, phone_for, rules_now
from loyalty import closing
from loyalty.merging import CannotMerge, Merging, Unmerging, foresee_merge, foresee_unmerge
from loyalty.wording import Words, words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm

FORM = ["GET", "HEAD", "POST"]


class SeenForm(PageForm):
    """What somebody has agreed to: the numbers of the page."""

    seen = forms.CharField(widget=forms.HiddenInput(), max_length=200)


@members_only(Action.MERGE_CLIENTS)
@require_safe
def client_duplicates(request: HttpRequest, place: Workplace) -> HttpResponse:
    now = timezone.now()
    page = duplicates.page_of(program_id=place.program.pk, cursor=request.GET.get("before", ""))
    people = {one.pk: one for pair in page.rows for one in (pair.older, pair.newer)}
    rows = listing.rows_of(list(people.values()), rules_now(place, now), now, only=own_sales(place))
    shown = {row.client.pk: (row, phone_for(place, row.client), email_for(place, row.client)) for row in rows}
    pairs = [
        (pair, [(shown[one.pk], other) for one, other in ((pair.older, pair.newer), (pair.newer, pair.older))])
        for pair in page.rows
    ]
    return render(request, "clients/duplicates.html", {"page": page, "pairs": pairs})


@members_only(Action.MERGE_CLIENTS)
@require_http_methods(FORM)
def client_merge(request: HttpRequest, place: Workplace, client_id: uuid.UUID, other_id: uuid.UUID) -> HttpResponse:
    """`client_id` stays, `other_id` goes: first the numbers, then the deed."""
    now = timezone.now()
    keep, drop = client_of(place, client_id), client_of(place, other_id)
    # Of two cards of one person the other one may be a partner's.
    if not ours(place, [keep.account_id, drop.account_id]):
        return not_ours(request)
    back = reverse("client_duplicates", args=[place.merchant.pk])
    try:
        told = foresee_merge(keep=keep.account, drop=drop.account, now=now)
        seen = f"{told.kept.balance}/{told.dropped.balance}/{told.purchases}"
        form = SeenForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            if form.cleaned_data["seen"] == seen:
                merging.merge(keep=keep, drop=drop, now=now, by=place.user)
                messages.success(request, _("The two cards are one now. For 30 days this can be undone here."))
                return redirect("client", place.merchant.pk, client_id)
            messages.warning(request, _("The numbers have changed meanwhile. Look at them again."))
    except CannotMerge as refused:
        messages.error(request, why_not(refused))
        return redirect(back)
    context = {
        "title": _("Make one client of two?"),
        "sentence": _("Phones, cards, receipts, points and coupons of the second card go to the first one."),
        "figures": _figures(place, keep, drop, told),
        "form": SeenForm(initial={"seen": seen}),
        "verb": _("Merge"),
        "danger": False,
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.MERGE_CLIENTS)
@require_http_methods(FORM)
def client_unmerge(request: HttpRequest, place: Workplace, client_id: uuid.UUID, merge_id: int) -> HttpResponse:
    now = timezone.now()
    one = client_of(place, client_id)
    if not ours(place, [one.account_id, *closing.aliases_of(one.account)]):
        return not_ours(request)
    row = ClientMerge.objects.filter(client=one, pk=merge_id).select_related("merge").first()
    if row is None:
        raise Http404
    back = reverse("client", args=[place.merchant.pk, client_id])
    words = words_on_page(place.program.pk)
    try:
        told = foresee_unmerge(merge=row.merge, now=now)
        seen = f"{told.back}/{told.debt_back}/{told.kept_before}"
        form = SeenForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            if form.cleaned_data["seen"] == seen:
                other, _done = merging.unmerge(merge=row, now=now, by=place.user)
                messages.success(request, _("The merge is undone: this client has a card of his own again."))
                return redirect("client", place.merchant.pk, other.account.public_id)
            messages.warning(request, _("The numbers have changed meanwhile. Look at them again."))
    except CannotMerge as refused:
        messages.error(request, why_not(refused))
        return redirect(back)
    context = {
        "title": _("Undo the merge?"),
        "sentence": _("%(other)s gets the card back that was merged into the card of %(name)s.")
        % {"other": row.person["name"] or _("Client without a name"), "name": name_of(one)},
        "figures": _back_figures(told, words),
        "form": SeenForm(initial={"seen": seen}),
        "verb": _("Undo the merge"),
        "danger": True,
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


def _figures(place: Workplace, keep: Client, drop: Client, told: Merging) -> list[tuple[str, str]]:
    words = words_on_page(place.program.pk)
    figures = [
        (_("Stays"), _who(place, keep, words.points(told.kept.balance))),
        (_("Goes into it"), _who(place, drop, words.points(told.dropped.balance))),
        (_("Balance after it"), words.points(told.balance)),
    ]
    if told.paid:
        figures.append((_("Of it, paid for a debt"), words.points(told.paid)))
    # Purchases at partners are none of this merchant's business.
    if own_sales(place) is None:
        figures.append((_("Purchases after it"), f"{words.money(told.spent)}, {_receipts(told.purchases)}"))
    figures.append((_("Consents"), _("those of the card that stays")))
    return figures


def _who(place: Workplace, one: Client, points: str) -> str:
    return ", ".join(part for part in (name_of(one), phone_for(place, one), points) if part)


def _receipts(number: int) -> str:
    return ngettext("%(n)s receipt", "%(n)s receipts", number) % {"n": number}


def _back_figures(told: Unmerging, words: Words) -> list[tuple[str, str]]:
    figures = [
        (_("Points moved then"), words.points(told.moved)),
        (_("Points that go back"), words.points(told.back)),
    ]
    if told.gone:
        figures.append((_("Spent or expired since"), words.points(told.gone)))
    if told.debt_moved:
        figures.append((_("Debt moved then"), words.points(told.debt_moved)))
        figures.append((_("Debt that goes back"), words.points(told.debt_back)))
    figures.append((_("Receipts that go back"), str(told.sales)))
    change = told.kept_after - told.kept_before
    figures.append((_("Balance of the card that stays"), f"{words.points(told.kept_after)} ({signed(change, words)})"))
    return figures


def why_not(refused: CannotMerge) -> str:
    match refused.why:
        case "same":
            return _("Choose two different clients.")
        case "blocked":
            return _("One of the clients is blocked. Unblock the card first, or leave both as they are.")
        case "hold":
            return _("A receipt of one of the cards is being paid. Try again when it is closed.")
        case "invited":
            return _("One of the clients invited the other and gets points for it: such cards can't be merged.")
        case "done":
            return _("This merge has been undone already.")
        case "late":
            return _("More than 30 days have passed: the merge can't be undone any more.")
        case "merged_on":
            return _("This card has itself been merged into another one. Undo that merge first.")
        case _:
            return _("One of the cards is no longer there.")
