"""How tills give plastic cards of batches: at once, after the first purchase or for a receipt from a sum; for nothing
or for money. That money is the shift's, stands beside its receipts, and no rule counts it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import DecimalField, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from msgspec import Struct

from loyalty.engine.calendar import Calendar
from loyalty.models import Account, Card, CardSettings, GivenCard, Return, Sale
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Actor
from merchants.authentication import Caller

ZERO: Final = Decimal(0)
Given = CardSettings.Given


class Terms(Struct, frozen=True):
    """When a till gives a card, and for how much. `least` counts where a receipt gives it."""

    given: str = Given.AT_ONCE
    least: Decimal = ZERO
    price: Decimal = ZERO


class GiveAt(Struct, frozen=True):
    """The till that gives, its cashier, and the price that he has named, where he has named one."""

    caller: Caller
    cashier: str = ""
    price: Decimal | None = None

    def day(self, now: dt.datetime) -> dt.date:
        return Calendar(self.caller.time_zone, self.caller.day_starts_at).day_of(now)


def terms(program_id: int) -> Terms:
    row = CardSettings.objects.filter(program_id=program_id).first()
    return Terms(row.given, row.least, row.price) if row is not None else Terms()


@transaction.atomic
def set_terms(*, program_id: int, wanted: Terms, now: dt.datetime, by: Actor) -> None:
    least = wanted.least if wanted.given == Given.RECEIPT else ZERO
    if least < 0 or wanted.price < 0 or wanted.given not in Given.values:
        raise ValueError("a card is given for no less than nothing")
    CardSettings.objects.update_or_create(
        program_id=program_id, defaults={"given": wanted.given, "least": least, "price": wanted.price}
    )
    details = {"given": wanted.given, "least": str(least), "price": str(wanted.price)}
    audit.record(program_id=program_id, action="cards.terms_changed", at=now, by=by, details=details)


def give(*, card: Card, account_id: int, at: GiveAt, now: dt.datetime) -> GivenCard | None:
    """Keep what a card was given for; None where it is free and always given. Call it behind the account's lock.

    Refused `card_price` where the cashier has named another price, `card_too_early`, `card_needs_receipt`.
    """
    asked = terms(card.program_id)
    if at.price is not None and at.price != asked.price:
        raise Refused("card_price", money=asked.price)
    sale = None
    if asked.given == Given.FIRST_PURCHASE:
        if not Account.objects.filter(pk=account_id, program_id=card.program_id, purchases__gt=0).exists():
            raise Refused("card_too_early")
    elif asked.given == Given.RECEIPT:
        sale = _receipt(card.program_id, account_id, at.day(now), asked.least)
        if sale is None:
            raise Refused("card_needs_receipt", money=asked.least)
    if not asked.price and sale is None:
        return None
    return GivenCard.objects.create(
        program_id=card.program_id,
        merchant_id=at.caller.merchant_id,
        outlet_id=at.caller.outlet_id,
        till_id=at.caller.till_id,
        card=card.pk,
        sale=sale,
        price=asked.price,
        cashier=at.cashier[:64],
        local_day=at.day(now),
        at=now,
    )


def _receipt(program_id: int, account_id: int, day: dt.date, least: Decimal) -> int | None:
    """A receipt of the day that has given no card yet. What was paid counts, less what has come back."""
    backs = Return.objects.filter(program_id=program_id, sale=OuterRef("pk")).order_by().values("sale")
    back = Subquery(backs.annotate(sum=Sum("money")).values("sum"), output_field=DecimalField())
    sold = Sale.objects.filter(
        program_id=program_id, account=account_id, local_day=day, status=Sale.Status.COMMITTED
    ).annotate(left=F("to_pay") - Coalesce(back, ZERO))
    used = GivenCard.objects.filter(program_id=program_id, sale__in=sold.values("pk")).values_list("sale", flat=True)
    found = sold.filter(left__gte=least).exclude(pk__in=list(used))
    return found.order_by("-pk").values_list("pk", flat=True).first()


def take_back(*, card: Card, at: GiveAt, now: dt.datetime) -> GivenCard:
    """Refused `card_not_sold`. Call it behind the account's lock."""
    sold = GivenCard.objects.filter(program_id=card.program_id, merchant_id=at.caller.merchant_id, card=card.pk)
    given = sold.filter(price__gt=0, returned_at=None).first()
    if given is None:
        raise Refused("card_not_sold")
    given.returned_at, given.returned_day = now, at.day(now)
    given.returned_outlet_id, given.returned_till_id = at.caller.outlet_id, at.caller.till_id
    given.returned_cashier = at.cashier[:64]
    # The receipt may give another card.
    given.sale = None
    given.save()
    return given


def paid_for(card: Card) -> Decimal:
    """What a till has taken for the card, unless it has come back."""
    row = GivenCard.objects.filter(program_id=card.program_id, card=card.pk, returned_at=None).first()
    return row.price if row is not None else ZERO


def sold_to(*, account: Account, merchant_id: int) -> list[tuple[Card, GivenCard]]:
    """The client's cards that this merchant has sold him, and that may come back for the money."""
    cards = {card.pk: card for card in account.cards.filter(kind=Card.Kind.PLASTIC)}
    rows = GivenCard.objects.filter(
        program_id=account.program_id, merchant_id=merchant_id, card__in=cards, price__gt=0, returned_at=None
    )
    return [(cards[row.card], row) for row in rows.order_by("-at")]
