"""Receipts of a till, and what a shift adds up to. Everything is asked by day and till: an index has both."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from msgspec import Struct

from loyalty.engine.calendar import Calendar
from loyalty.models import GivenCard, Return, Sale
from loyalty.sales.correcting import REASON
from loyalty.sales.moved import living
from loyalty.sales.opening import local_day
from merchants.authentication import Caller
from merchants.models import Till

ZERO = Decimal(0)
MOST = 50
LOOKED_BACK = 30


class Totals(Struct):
    """What one cashier sold in a day; `left` is what should be in the drawer of it."""

    cashier: str
    receipts: int = 0
    money: Decimal = ZERO
    with_card: int = 0
    earned: Decimal = ZERO
    spent: Decimal = ZERO
    returns: int = 0
    returned: Decimal = ZERO
    cards: int = 0
    cards_money: Decimal = ZERO
    cards_back: int = 0
    cards_returned: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.money - self.returned + self.cards_money - self.cards_returned


def sales_of_day(caller: Caller, day: dt.date) -> QuerySet[Sale]:
    """Sold on this till on that day, whatever has come back since; without receipts that were corrected."""
    later = Sale.objects.filter(
        program_id=OuterRef("program_id"), local_day=OuterRef("local_day"), replaces=OuterRef("pk")
    )
    return Sale.objects.filter(
        Q(status=Sale.Status.COMMITTED) | Q(status=Sale.Status.VOIDED) & ~Exists(later),
        program_id=caller.program_id,
        local_day=day,
        till_id=caller.till_id,
    )


def last_receipts(caller: Caller, now: dt.datetime, *, cashier: str = "") -> list[Sale]:
    """Today's of this till, the newest first, with corrected ones; at most fifty."""
    found = Sale.objects.filter(
        program_id=caller.program_id,
        local_day=local_day(caller, now),
        till_id=caller.till_id,
        status__in=(Sale.Status.COMMITTED, Sale.Status.VOIDED),
    )
    if cashier:
        found = found.filter(cashier=cashier)
    return list(found.select_related("account__client").order_by("-id")[:MOST])


def by_number(caller: Caller, number: str, now: dt.datetime) -> list[Sale]:
    """Receipts of this outlet with the number, of the last thirty days, the newest first. In the place of one that was
    moved to another client stands the receipt that it is now."""
    today = local_day(caller, now)
    days = [today - dt.timedelta(days=n) for n in range(LOOKED_BACK + 1)]
    tills = Till.objects.filter(program_id=caller.program_id, outlet_id=caller.outlet_id).values_list("pk", flat=True)
    found = Sale.objects.filter(
        program_id=caller.program_id, till_id__in=list(tills), local_day__in=days, receipt_number=number
    ).exclude(status=Sale.Status.ENDED)
    found = found.exclude(receipt_number="").select_related("account__client")
    now_are = {one.pk: one for one in map(living, found.order_by("-id")[:MOST])}
    return sorted(now_are.values(), key=lambda one: one.pk, reverse=True)


def totals(caller: Caller, now: dt.datetime) -> list[Totals]:
    """By cashier, in the order of names."""
    day = local_day(caller, now)
    by_cashier: dict[str, Totals] = {}
    sums = (
        sales_of_day(caller, day)
        .values("cashier")
        .annotate(
            receipts=Count("id"),
            money=Sum("to_pay"),
            with_card=Count("account"),
            earned=Sum("points_earned"),
            spent=Sum("points_redeemed"),
        )
    )
    for row in sums:
        by_cashier[row["cashier"]] = Totals(**row)
    for back in _returns(caller, day, now).values("cashier").annotate(n=Count("id"), sum=Sum("money")):
        mine = by_cashier.setdefault(back["cashier"], Totals(back["cashier"]))
        mine.returns, mine.returned = back["n"], back["sum"]
    for card in _cards(caller, day):
        if card.local_day == day and card.till_id == caller.till_id:
            mine = by_cashier.setdefault(card.cashier, Totals(card.cashier))
            mine.cards, mine.cards_money = mine.cards + 1, mine.cards_money + card.price
        if card.returned_day == day and card.returned_till_id == caller.till_id:
            mine = by_cashier.setdefault(card.returned_cashier, Totals(card.returned_cashier))
            mine.cards_back, mine.cards_returned = mine.cards_back + 1, mine.cards_returned + card.price
    return [by_cashier[name] for name in sorted(by_cashier)]


def _cards(caller: Caller, day: dt.date) -> QuerySet[GivenCard]:
    """Sold or taken back on this till on that day."""
    here = Q(local_day=day, till_id=caller.till_id) | Q(returned_day=day, returned_till_id=caller.till_id)
    return GivenCard.objects.filter(here, program_id=caller.program_id, price__gt=0)


def _returns(caller: Caller, day: dt.date, now: dt.datetime) -> QuerySet[Return]:
    """Taken back on that day by the cashiers of this till: their acts name it. Not the voids of corrections."""
    calendar = Calendar(caller.time_zone, caller.day_starts_at)
    begin = calendar.start_of(day)
    # Anybody may key in a correction's reason; only a correction leaves a receipt in the place of the old one.
    later = Sale.objects.filter(
        program_id=OuterRef("program_id"), local_day=OuterRef("sale__local_day"), replaces=OuterRef("sale")
    )
    # `actor` is «till:17 Анна»; `created_at` has the index.
    return Return.objects.filter(
        ~(Q(is_void=True, reason=REASON) & Exists(later)),
        Q(actor=str(caller)) | Q(actor__startswith=f"{caller} "),
        program_id=caller.program_id,
        created_at__gte=begin,
        created_at__lte=now,
    )


ADDED = tuple(name for name in Totals.__struct_fields__ if name != "cashier")


def summed(parts: Sequence[Totals]) -> Totals:
    whole = Totals("")
    for part in parts:
        for name in ADDED:
            setattr(whole, name, getattr(whole, name) + getattr(part, name))
    return whole
