"""Points by hand, and their undoing: first the numbers, then the deed, once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clients.models import Client
from clients.pages.staff.forms import AdjustForm, UndoForm
from clients.pages.staff.one import name_of
from clients.pages.staff.scope import client_of, rules_now
from loyalty import accounts, approvals, by_hand, hand_limits
from loyalty.engine.earning import lot_dates
from loyalty.engine.rulebook import Rulebook
from loyalty.hand_limits import Over
from loyalty.models import Entry
from loyalty.refusals import Refused
from loyalty.standing import Standing, standing
from loyalty.templatetags.kopilka import moment, through
from loyalty.undoing import CannotUndo, Undoing, foresee, undo_adjustment
from loyalty.wording import Words, words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


@members_only(Action.ADJUST_POINTS)
@require_http_methods(FORM)
def adjust(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    """The form, then its numbers to confirm, then the deed. The page to confirm carries a key of its own: whatever
    is sent twice with it is done once."""
    now = timezone.now()
    client = client_of(place, client_id)
    rulebook = rules_now(place, now)
    form = AdjustForm(request.POST if request.method == "POST" else None, rulebook=rulebook, now=now)
    present = standing(program_id=place.program.pk, account_id=client.account_id, now=now)
    if form.is_valid():
        same = form.cleaned_data["seen"] == str(present.balance)
        if "confirmed" in request.POST and form.cleaned_data["once"]:
            if form.cleaned_data["ask"]:
                return _send_for_approval(request, place, client, form, now)
            if same or is_done(place, client, form.cleaned_data["once"]):
                done = _adjust(request, place, client, form, now)
                if done is not None:
                    return done
            else:
                messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
        if _enough(form, present, words_on_page(place.program.pk)):
            return _ask(request, place, client, form, present, rulebook, now)
    context = {"form": form, "client": client, "standing": present}
    return render(request, "clients/adjust.html", context)


def is_done(place: Workplace, client: Client, once: uuid.UUID) -> bool:
    mark = by_hand.mark_of(merchant_id=place.merchant.pk, once=once.hex)
    return Entry.objects.filter(account=client.account, rule=mark).exists()


def _adjust(
    request: HttpRequest, place: Workplace, client: Client, form: AdjustForm, now: dt.datetime
) -> HttpResponse | None:
    """None where the points have gone meanwhile, or the day's limit: the form says so."""
    words = words_on_page(place.program.pk)
    try:
        done = accounts.adjust(
            account=client.account,
            points=form.change,
            reason=form.said,
            now=now,
            by=place.user,
            expires_at=form.until,
            merchant_id=place.merchant.pk,
            once=form.cleaned_data["once"].hex,
        )
    except Refused as refused:
        if refused.code not in {"insufficient_points", "adjustment_limit"}:
            raise
        return None
    if done:
        said = _("Added: %(points)s.") if form.change > 0 else _("Deducted: %(points)s.")
        messages.success(request, said % {"points": words.points(abs(form.change))})
    else:
        messages.info(request, _("That is done already."))
    return redirect("client", place.merchant.pk, client.account.public_id)


def _send_for_approval(
    request: HttpRequest, place: Workplace, client: Client, form: AdjustForm, now: dt.datetime
) -> HttpResponse:
    asked = approvals.ask(
        account=client.account,
        merchant=place.merchant,
        points=form.change,
        reason=form.said,
        now=now,
        by=place.user,
        key=form.cleaned_data["once"],
        expires_at=form.until,
    )
    said = _("Sent for approval. It can be decided until %(moment)s.") % {"moment": moment(asked.until)}
    messages.success(request, said)
    return redirect("client", place.merchant.pk, client.account.public_id)


def _enough(form: AdjustForm, present: Standing, words: Words) -> bool:
    if form.change < 0 and present.available < -form.change:
        said = _("Only %(points)s can be deducted.") % {"points": words.points(present.available)}
        form.add_error("points", said)
        return False
    return True


def _ask(
    request: HttpRequest,
    place: Workplace,
    client: Client,
    form: AdjustForm,
    present: Standing,
    rulebook: Rulebook,
    now: dt.datetime,
) -> HttpResponse:
    words = words_on_page(place.program.pk)
    figures = figures_of(form.change, form.until, place, present, now)
    figures.append((_("Reason"), form.said))
    over = hand_limits.over(merchant=place.merchant, points=form.change, now=now, by=place.user)
    if over is not None:
        figures.append((_("Can be decided until"), moment(now + approvals.DECIDED_WITHIN)))
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _title(form, over),
            "sentence": _sentence(client, form, over, words),
            "figures": figures,
            "form": _hidden(request, form, str(present.balance), over, rulebook, now),
            "verb": _verb(form, words) if over is None else _("Send for approval"),
            "danger": form.change < 0 and over is None,
            "back": reverse("client", args=[place.merchant.pk, client.account.public_id]),
        },
    )


def figures_of(
    change: Decimal, until: dt.datetime | None, place: Workplace, present: Standing, now: dt.datetime
) -> list[tuple[str, str]]:
    """What points by hand make of what a client has. `until` is None for the programme's own expiry."""
    words = words_on_page(place.program.pk)
    figures = [
        (_("Was"), words.points(present.balance)),
        (_("Change"), signed(change, words)),
        (_("Will be"), words.points(present.balance + change)),
    ]
    if change > 0:
        figures.append((_("Can be spent"), until_day(until or lot_dates(rules_now(place, now), now)[1])))
        if present.debt:
            figures.append((_("Of it, for the debt"), words.points(min(present.debt, change))))
    return figures


def _title(form: AdjustForm, over: Over | None) -> str:
    if over is not None:
        return _("Send for approval?")
    return _("Add points?") if form.change > 0 else _("Deduct points?")


def _sentence(client: Client, form: AdjustForm, over: Over | None, words: Words) -> str:
    said = _("Client: %(name)s.") % {"name": name_of(client)}
    if over is None:
        return said
    return " ".join((said, over_in_words(form, over, words), _("Somebody else can approve this.")))


def over_in_words(form: AdjustForm, over: Over, words: Words) -> str:
    """«Сегодня вы можете начислить ещё 100 зёрен (лимит на день – 250 зёрен).»"""
    if over.limit == "once":
        why = _("In one operation you may add %(points)s at most.")
        if form.change < 0:
            why = _("In one operation you may deduct %(points)s at most.")
        why %= {"points": words.points(over.most)}
    else:
        why = _("Today you may still add %(points)s of %(most)s.")
        if form.change < 0:
            why = _("Today you may still deduct %(points)s of %(most)s.")
        why %= {"points": words.points(over.left), "most": words.points(over.most)}
    return why


def _verb(form: AdjustForm, words: Words) -> str:
    said = _("Add %(points)s") if form.change > 0 else _("Deduct %(points)s")
    return said % {"points": words.points(abs(form.change))}


def _hidden(
    request: HttpRequest, form: AdjustForm, balance: str, over: Over | None, rulebook: Rulebook, now: dt.datetime
) -> AdjustForm:
    """The same form once more, out of sight, with a key for the press to come."""
    data = request.POST.copy()
    data["once"], data["seen"] = uuid.uuid4().hex, balance
    data["ask"] = "" if over is None else "yes"
    hidden = AdjustForm(data, rulebook=rulebook, now=now)
    for field in hidden.fields.values():
        field.widget = forms.HiddenInput()
    return hidden


@members_only(Action.ADJUST_POINTS)
@require_http_methods(FORM)
def undo_adjustment_page(request: HttpRequest, place: Workplace, client_id: uuid.UUID, entry_id: int) -> HttpResponse:
    """Take back an adjustment, after the numbers."""
    now = timezone.now()
    client = client_of(place, client_id)
    entry = Entry.objects.filter(account=client.account, pk=entry_id, kind=Entry.Kind.ADJUST).first()
    if entry is None or by_hand.of_others([entry], merchant_id=place.merchant.pk):
        raise Http404
    back = reverse("client", args=[place.merchant.pk, client_id])
    words = words_on_page(place.program.pk)
    try:
        seen = foresee(entry=entry, now=now)
        form = UndoForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            if form.cleaned_data["seen"] == _numbers(seen):
                undo_adjustment(
                    entry=entry,
                    reason=form.cleaned_data["reason"],
                    now=now,
                    by=place.user,
                    merchant_id=place.merchant.pk,
                )
                messages.success(request, _("Undone: %(points)s.") % {"points": signed(seen.change, words)})
                return redirect(back)
            messages.warning(request, _("The balance has changed meanwhile. Look at the numbers again."))
    except CannotUndo as refused:
        messages.error(request, _why_not(refused))
        return redirect(back)
    data: Any = request.POST.copy() if request.method == "POST" else None
    if data is not None:
        data["seen"] = _numbers(seen)
    asked = UndoForm(data, initial={"seen": _numbers(seen)})
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("Undo this?"),
            "sentence": _what(entry, client, words),
            "figures": _figures(seen, words),
            "form": asked,
            "verb": _("Undo the entry"),
            "danger": True,
            "back": back,
        },
    )


def _what(entry: Entry, client: Client, words: Words) -> str:
    day = f"{timezone.localtime(entry.at):%d.%m.%Y}"
    reason = entry.reason or _("By hand")
    return f"{name_of(client)}, {day}: {signed(entry.points, words)} ({reason})."


def _figures(seen: Undoing, words: Words) -> Sequence[tuple[str, str]]:
    figures = [
        (_("Was"), words.points(seen.before)),
        (_("Change"), signed(seen.change, words)),
        (_("Will be"), words.points(seen.after)),
    ]
    if seen.expired:
        figures.append((_("Expired already"), words.points(seen.expired)))
    if seen.spent:
        figures.append((_("Spent already"), words.points(seen.spent)))
    if seen.spent > seen.owed:
        figures.append((_("Taken of other points instead"), words.points(seen.spent - seen.owed)))
    if seen.owed:
        figures.append((_("Debt: taken of the next points"), words.points(seen.owed)))
    figures += [(_("Come back"), f"{words.points(points)} — {until_day(expires)}") for points, expires in seen.back]
    return figures


def _numbers(seen: Undoing) -> str:
    return "/".join(str(number) for number in (seen.before, seen.change, seen.spent, seen.owed))


def _why_not(refused: CannotUndo) -> str:
    match refused.why:
        case "done":
            return _("This has been undone already.")
        case "late":
            return _("More than 30 days have passed: correct it by adding or deducting points.")
        case "nothing":
            return _("These points have expired: there is nothing to undo.")
        case "spent":
            return _("These points have been spent, and the programme keeps no debts: nothing can be taken.")
        case _:
            return _("Only points by hand can be undone.")


def signed(points: Any, words: Words) -> str:
    said = words.points(points)
    return f"+{said}" if points > 0 else said


def until_day(expires_at: dt.datetime | None) -> str:
    if expires_at is None:
        return _("without an end")
    return _("until %(day)s inclusive") % {"day": through(expires_at)}
