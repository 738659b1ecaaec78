"""A receipt's page: what was sold, what it earned and why, what came back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from msgspec import Struct

from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO
from loyalty.explanations import Explained, explain
from loyalty.models import Entry, Return, ReturnLine, Sale, SaleLine
from loyalty.programs import rulebook_of
from loyalty.sales import moved, moving
from loyalty.sales.stored import taken_back
from loyalty.wording import Words, words_on_page
from merchants.access import Action
from merchants.doors import Workplace, members_only

# Why a manager should look at a receipt that had happened already and could not be refused.
FLAGS: Final[Mapping[str, Promise]] = {
    "clock_ahead": _("The till's clock was ahead: the receipt is dated with the time it came."),
    "client_blocked": _("The client was blocked: the receipt was booked without one."),
    "card_blocked": _("The card was blocked: the receipt was booked without a client."),
    "client_not_found": _("The client was not found: the receipt was booked without one."),
    "before_first_version": _("The programme had no rules at that time: nothing was earned."),
    "too_old": _("The receipt came too late for the rules: nothing was earned."),
    "points_not_booked": _("The till took points without a confirmation: they were not booked."),
    "certificates_not_booked": _("The till took a certificate that did not pay: it was not booked, or not wholly."),
    "promo_codes_not_booked": _("The till took a promo code that did not fit: it was not booked."),
    "points_over_limit": _("More points were taken than the rules allow."),
    moved.FLAG: _("The staff said later whose receipt it is."),
    moved.UNDONE: _("That was undone: it is again whose it was."),
}
IDENTIFIED: Final[Mapping[str, Promise]] = {
    "phone": _("by the phone number"),
    "card": _("by the card"),
    "code": _("by a one-time code"),
    "id": _("by the till's own records"),
}


class Line(Struct, frozen=True):
    """A line, what of it has come back, and how it is called."""

    row: SaleLine
    name: str
    quantity_back: Decimal
    money_back: Decimal


class Written(Struct, frozen=True):
    kind: str
    at: dt.datetime
    points: Decimal
    balance_after: Decimal


@members_only(Action.SEE_SALES)
@require_safe
def sale(request: HttpRequest, place: Workplace, sale_id: uuid.UUID) -> HttpResponse:
    """A receipt of the workplace; another's is not there."""
    now = timezone.now()
    sales = Sale.objects.filter(place.seen(), public_id=sale_id)
    one = sales.select_related("outlet", "till", "account__client", "replaces").first()
    if one is None:
        raise Http404
    words = words_on_page(place.program.pk)
    said = _explained(one, words)
    returns = list(Return.objects.filter(program_id=one.program_id, sale=one).order_by("pk"))
    taken = taken_back(one) if returns else {}
    entries = Entry.objects.filter(program_id=one.program_id, sale=one).order_by("pk")
    # A hold is over when its time is, whether or not the sweep has said so.
    over = one.status == Sale.Status.HELD and one.hold_until is not None and one.hold_until <= now
    return render(
        request,
        "receipts/one.html",
        {
            "sale": one,
            "status": Sale.Status.ENDED.label if over else one.get_status_display(),
            "is_held": one.status == Sale.Status.HELD and not over,
            "identified": IDENTIFIED.get(one.identified_by, one.identified_by),
            "lines": _lines(one),
            "applied": [fact for fact in said if fact.fact.applied],
            "nearly": [fact for fact in said if not fact.fact.applied],
            "flags": [FLAGS.get(flag, flag) for flag in one.flags],
            "returns": [(row, taken.get(row.pk, ZERO)) for row in returns],
            "money_back": sum((row.money for row in returns), ZERO),
            "entries": _gathered(entries),
            "replaced_by": Sale.objects.filter(place.seen(), replaces=one, local_day=one.local_day).first()
            if one.status == Sale.Status.VOIDED
            else None,
            "may_see_clients": place.may(Action.SEE_CLIENTS),
            "may_move": place.may(Action.ADJUST_POINTS) and moving.why_not(one) is None,
            "was_moved": moved.may_be_undone(one),
            "may_give_back": place.may(Action.GIVE_BACK) and place.may(Action.OPEN_TILL),
        },
    )


def _gathered(entries: Iterable[Entry]) -> list[Written]:
    """Points that came back into many lots at once are one line."""
    written: list[Written] = []
    for entry in entries:
        last = written[-1] if written else None
        if last and (last.kind, last.at) == (entry.get_kind_display(), entry.at):
            written[-1] = Written(last.kind, last.at, last.points + entry.points, entry.balance_after)
        else:
            written.append(Written(entry.get_kind_display(), entry.at, entry.points, entry.balance_after))
    return written


def _explained(sale: Sale, words: Words) -> list[Explained]:
    try:
        rulebook = rulebook_of(sale.program_id, sale.version) if sale.version is not None else None
    except LookupError:
        rulebook = None
    facts = msgspec.convert(sale.explanation, tuple[Fact, ...])
    return [explain(fact, words, rulebook=rulebook) for fact in facts]


def _lines(sale: Sale) -> Sequence[Line]:
    rows = SaleLine.objects.filter(program_id=sale.program_id, sale=sale).order_by("position")
    back = ReturnLine.objects.filter(program_id=sale.program_id, given_back__sale=sale)
    quantities: dict[int, Decimal] = {}
    money: dict[int, Decimal] = {}
    for part in back:
        quantities[part.line_id] = quantities.get(part.line_id, ZERO) + part.quantity
        money[part.line_id] = money.get(part.line_id, ZERO) + part.money
    return [
        Line(row, row.name or row.sku or f"№ {row.position + 1}", quantities.get(row.pk, ZERO), money.get(row.pk, ZERO))
        for row in rows
    ]
