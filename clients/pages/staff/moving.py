"""Whose receipt it is: a forgotten client is named, a wrong one replaced. First the numbers, then the deed."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Client
from clients.pages.staff.one import name_of
from clients.pages.staff.points import signed
from clients.pages.staff.scope import client_of, phone_for
from loyalty import approvals, hand_limits
from loyalty.models import Sale
from loyalty.refusals import Refused
from loyalty.sales.moving import CannotMove, Moved, Side, foresee_move, foresee_move_back, move, move_back, why_not
from loyalty.templatetags.kopilka import moment
from loyalty.wording import Words, words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm

SHOWN: Final = 10


class WhoForm(PageForm):
    q = forms.CharField(
        label=gettext_lazy("Name, phone or card of the client"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class MoveForm(PageForm):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=250,
        help_text=gettext_lazy("For the audit log. The client does not see it."),
    )
    seen = forms.CharField(widget=forms.HiddenInput(), max_length=200)


def sale_of(place: Workplace, sale_id: uuid.UUID) -> Sale:
    sales = Sale.objects.filter(place.seen(), public_id=sale_id)
    found = sales.select_related("outlet", "account__client", "replaces__account__client").first()
    if found is None:
        raise Http404
    return found


@members_only(Action.ADJUST_POINTS)
@require_safe
def sale_client(request: HttpRequest, place: Workplace, sale_id: uuid.UUID) -> HttpResponse:
    """Look for the client whose receipt it is."""
    sale = sale_of(place, sale_id)
    refused = why_not(sale)
    if refused is not None:
        messages.error(request, in_words(refused, place))
        return redirect("sale", place.merchant.pk, sale_id)
    form = WhoForm(request.GET)
    part = " ".join(form.cleaned_data["q"].replace("\0", "").split()) if form.is_valid() else ""
    found: list[Client] = []
    if part:
        rows = Client.objects.select_related("account").newest_first()
        matching = rows.matching(part, newest=SHOWN + 1, numbers=place.may(Action.SEE_PHONES))
        found = [one for one in matching if one.account_id != sale.account_id]
    context = {
        "sale": sale,
        "form": form,
        "asked": bool(part),
        "people": [(one, phone_for(place, one)) for one in found[:SHOWN]],
        "more": len(found) > SHOWN,
    }
    return render(request, "receipts/whose.html", context)


@members_only(Action.ADJUST_POINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def sale_client_to(request: HttpRequest, place: Workplace, sale_id: uuid.UUID, client_id: uuid.UUID) -> HttpResponse:
    """Give the receipt to this client."""
    now = timezone.now()
    sale, one = sale_of(place, sale_id), client_of(place, client_id)
    form = MoveForm(request.POST if request.method == "POST" else None)
    try:
        seen = foresee_move(sale=sale, to=one.account, now=now, by=place.user)
        over = list(_over_the_limit(place, seen, words_on_page(place.program.pk)))
        if form.is_valid():
            if form.cleaned_data["seen"] == numbers(seen) and over:
                asked = approvals.ask_to_move(
                    sale=sale, to=one.account, reason=form.cleaned_data["reason"], now=now, by=place.user
                )
                said = _("Sent for approval. It can be decided until %(moment)s.")
                messages.success(request, said % {"moment": moment(asked.until)})
                return redirect("approvals", place.merchant.pk)
            if form.cleaned_data["seen"] == numbers(seen):
                done = move(sale=sale, to=one.account, reason=form.cleaned_data["reason"], now=now, by=place.user)
                messages.success(request, _("Done: the receipt is %(name)s’s.") % {"name": name_of(one)})
                return redirect("sale", place.merchant.pk, done.sale_id)
            messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
    except (CannotMove, Refused) as refused:
        messages.error(request, in_words(refused, place))
        return redirect("sale", place.merchant.pk, sale_id)
    words = words_on_page(place.program.pk)
    context = {
        "title": _("Move the receipt to another client?") if sale.account_id else _("Give the receipt to this client?"),
        "sentence": about(sale, words),
        "figures": [
            *figures(_("Now it is of"), owner(sale), seen.giver, words),
            *figures(_("It will be of"), named(place, one), seen.taker, words),
            *((_("Limit"), said) for said in over),
        ],
        "form": _asked(request, seen),
        "verb": _("Send for approval") if over else _("Move the receipt") if sale.account_id else _("Give the receipt"),
        "danger": bool(sale.account_id),
        "back": reverse("sale_client", args=[place.merchant.pk, sale_id]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.ADJUST_POINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def sale_client_back(request: HttpRequest, place: Workplace, sale_id: uuid.UUID) -> HttpResponse:
    """Undo what was done here: the receipt is again whose it was."""
    now = timezone.now()
    sale = sale_of(place, sale_id)
    form = MoveForm(request.POST if request.method == "POST" else None)
    try:
        seen = foresee_move_back(sale=sale, now=now, by=place.user)
        if form.is_valid():
            if form.cleaned_data["seen"] == numbers(seen):
                done = move_back(sale=sale, reason=form.cleaned_data["reason"], now=now, by=place.user)
                messages.success(request, _("Undone: the receipt is again whose it was."))
                return redirect("sale", place.merchant.pk, done.sale_id)
            messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
    except (CannotMove, Refused) as refused:
        messages.error(request, in_words(refused, place))
        return redirect("sale", place.merchant.pk, sale_id)
    words = words_on_page(place.program.pk)
    context = {
        "title": _("Undo the moving of the receipt?"),
        "sentence": about(sale, words),
        "figures": [
            *figures(_("Now it is of"), owner(sale), seen.giver, words),
            *figures(_("It will be of"), owner(sale.replaces), seen.taker, words),
        ],
        "form": _asked(request, seen),
        "verb": _("Undo it"),
        "danger": True,
        "back": reverse("sale", args=[place.merchant.pk, sale_id]),
    }
    return render(request, "shop/confirm.html", context)


def _asked(request: HttpRequest, seen: Moved) -> MoveForm:
    data: Any = None
    if request.method == "POST":
        data = request.POST.copy()
        data["seen"] = numbers(seen)
    return MoveForm(data, initial={"seen": numbers(seen)})


def numbers(seen: Moved) -> str:
    sides = (seen.giver, seen.taker)
    return "/".join(f"{side.before.balance}>{side.after.balance}" if side else "-" for side in sides)


def about(sale: Sale, words: Words) -> str:
    said = _("Receipt %(number)s of %(when)s, paid %(sum)s. The money stays as it was paid; points are counted anew.")
    number = sale.receipt_number or _("without a number")
    return said % {"number": number, "when": moment(sale.occurred_at), "sum": words.money(sale.to_pay)}


def figures(title: str, name: str, side: Side | None, words: Words) -> Iterator[tuple[str, str]]:
    yield title, name
    if side is None:
        return
    yield _("Change"), signed(side.change, words)
    was, will = words.points(side.before.balance), words.points(side.after.balance)
    yield _("Balance"), f"{was} → {will}"
    if side.after.debt > side.before.debt:
        yield _("Debt then"), words.points(side.after.debt)
    if side.after.pending > side.before.pending:
        yield _("Of it, later"), words.points(side.after.pending - side.before.pending)
    if side.after.tier != side.before.tier:
        yield _("Tier"), f"{side.before.tier_title or '—'} → {side.after.tier_title or '—'}"


def _over_the_limit(place: Workplace, seen: Moved, words: Words) -> Iterator[str]:
    """What keeps this person from it, said before he tries."""
    now = timezone.now()
    for side in filter(None, (seen.giver, seen.taker)):
        over = side.change and hand_limits.over(merchant=place.merchant, points=side.change, now=now, by=place.user)
        if over:
            yield _limit(over.limit, words.points(over.left))


def _limit(limit: object, left: str) -> str:
    if limit == "once":
        said = _("This counts as points by hand, and you may move %(points)s at once. Above it somebody else decides.")
    else:
        said = _("This counts as points by hand, and today %(points)s are left to you. Above it somebody else decides.")
    return said % {"points": left}


def owner(sale: Sale | None) -> str:
    if sale is None or sale.account is None:
        return _("nobody")
    one = getattr(sale.account, "client", None)
    return name_of(one) if one else _("an erased client")


def named(place: Workplace, one: Client) -> str:
    return ", ".join(filter(None, (name_of(one), phone_for(place, one))))


WHY_NOT: Final[dict[str, Promise]] = {
    "done": gettext_lazy("This receipt is voided, or on hold: there is nothing to move."),
    "same": gettext_lazy("It is this client’s already."),
    "returned": gettext_lazy("Goods of this receipt have come back: it can’t be moved any more."),
    "points": gettext_lazy("Paid with the client’s points. Give the goods back at the till, and sell them anew."),
    "certificates": gettext_lazy("A certificate was paid with, or sold. Give the goods back at the till."),
    "coupon": gettext_lazy("A personal coupon of the client was used. Give the goods back at the till."),
    "discount": gettext_lazy(
        "The discount of this receipt is of a rule that gives only so much, or so often. "
        "Give the goods back at the till, and sell them anew."
    ),
    "spent": gettext_lazy("The points of this receipt are spent already."),
    "undone": gettext_lazy("An undoing is not undone: say anew whose receipt it is."),
    "nothing": gettext_lazy("Nobody has moved this receipt: there is nothing to undo."),
}


def in_words(refused: CannotMove | Refused, place: Workplace) -> str:
    if isinstance(refused, CannotMove):
        return str(WHY_NOT[refused.why])
    words = words_on_page(place.program.pk)
    match refused.code:
        case "client_blocked":
            return _("This client is blocked: he earns nothing.")
        case "occurred_at_too_old":
            said = _("The rules take no receipt that is older than %(days)s days. Add or deduct the points by hand.")
            return said % {"days": refused.facts["days"]}
        case "adjustment_limit":
            return _limit(refused.facts["limit"], words.points(refused.facts["left"]))  # type: ignore[arg-type]
        case _:
            return _("This can’t be done any more: look at the receipt again.")
