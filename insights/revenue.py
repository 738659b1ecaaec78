"""What a merchant took, with the card and without, by day and by outlet: read from the roll-ups and Z-reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, Min, Q, Sum
from django.db.models.functions import Coalesce

from insights.models import DayTotals
from insights.period import Period
from insights.sql import statement
from merchants.doors import Workplace

ZERO = Decimal(0)
HUNDRED = Decimal(100)
CASHIERS_SHOWN = 20


@dataclass(frozen=True)
class Revenue:
    """Sums of days. A shift is an outlet's day; it is whole where receipts without a card are known, from the till or
    from the Z-report. `money_counted` is the part of `money_without` whose receipts could be counted; `returned` was
    given back on receipts with a card, and is taken off already."""

    money_with: Decimal = ZERO
    receipts_with: Decimal = ZERO
    money_without: Decimal = ZERO
    receipts_without: Decimal = ZERO
    money_counted: Decimal = ZERO
    with_of_whole: Decimal = ZERO
    whole: Decimal = ZERO
    shifts: int = 0
    whole_shifts: int = 0
    z_shifts: int = 0
    discount: Decimal = ZERO
    points_value: Decimal = ZERO
    earned: Decimal = ZERO
    redeemed: Decimal = ZERO
    returned: Decimal = ZERO

    def __add__(self, other: Revenue) -> Revenue:
        return Revenue(*(getattr(self, name) + getattr(other, name) for name in _NAMES))

    @property
    def money(self) -> Decimal:
        return self.money_with + self.money_without

    @property
    def average_with(self) -> Decimal | None:
        return ratio(self.money_with, self.receipts_with)

    @property
    def average_without(self) -> Decimal | None:
        return ratio(self.money_counted, self.receipts_without)

    @property
    def share_with(self) -> Decimal | None:
        """Percent of the money, over the shifts that are known as a whole."""
        return percent(self.with_of_whole, self.whole)

    @property
    def cost(self) -> Decimal:
        return self.points_value + self.discount

    @property
    def cost_share(self) -> Decimal | None:
        return percent(self.cost, self.money_with)


_NAMES = [field.name for field in fields(Revenue)]


def ratio(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole > 0 else None


def percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """With one place; None where there is nothing to take a share of."""
    found = ratio(part * HUNDRED, whole)
    return None if found is None else found.quantize(Decimal("0.1")).normalize() + ZERO


def total(rows: Iterable[Revenue]) -> Revenue:
    return sum(rows, Revenue())


@dataclass(frozen=True)
class Revenues:
    """By day, from the first day before the period to today; by outlet, of the period alone."""

    by_day: dict[dt.date, Revenue]
    by_outlet: dict[int, Revenue]

    def of(self, first: dt.date, last: dt.date) -> Revenue:
        return total(row for day, row in self.by_day.items() if first <= day <= last)


@dataclass(frozen=True)
class CashierRow:
    cashier: str
    money: Decimal
    receipts: int
    receipts_with: int
    redeemed: Decimal
    voids: int

    @property
    def average(self) -> Decimal | None:
        return ratio(self.money, Decimal(self.receipts))

    @property
    def share_with(self) -> Decimal | None:
        return percent(Decimal(self.receipts_with), Decimal(self.receipts))


def opened_on(place: Workplace) -> dt.date | None:
    """The first day with a receipt, of the outlets that the member sees."""
    found: dt.date | None = DayTotals.objects.filter(place.seen()).aggregate(first=Min("local_day"))["first"]
    return found


def revenues(place: Workplace, period: Period) -> Revenues:
    # Parts of the time: before the period, the period, what comes after it.
    since = [period.before or period.first, period.first, period.last + dt.timedelta(days=1)]
    parameters: dict[str, Any] = {
        "program": place.program.pk,
        "merchant": place.merchant.pk,
        "since": since,
        "until": period.today,
        "outlets": None if place.outlets is None else sorted(place.outlets),
    }
    by_day, by_outlet = {}, {}
    with connection.cursor() as cursor:
        cursor.execute(statement("revenue"), parameters)
        for day, part, outlet, *sums in cursor.fetchall():
            if day is not None:
                by_day[day] = Revenue(*sums)
            elif part == 1:
                by_outlet[outlet] = Revenue(*sums)
    return Revenues(by_day, by_outlet)


def by_cashier(place: Workplace, period: Period) -> list[CashierRow]:
    """Those who took most in the period. Without a client or with one: what their tills have sent."""
    rows = (
        DayTotals.objects.filter(place.seen(), local_day__range=(period.first, period.last))
        .values("cashier")
        .annotate(
            money=Sum(F("to_pay") - F("returned_money")),
            count=Sum("receipts"),
            count_with=Coalesce(Sum("receipts", filter=Q(with_client=True)), 0),
            voided=Sum("voids"),
            voided_with=Coalesce(Sum("voids", filter=Q(with_client=True)), 0),
            spent=Sum(F("points_redeemed") - F("returned_points")),
        )
        .order_by("-money", "cashier")[:CASHIERS_SHOWN]
    )
    return [
        CashierRow(
            cashier=row["cashier"],
            money=row["money"],
            receipts=row["count"] - row["voided"],
            receipts_with=row["count_with"] - row["voided_with"],
            redeemed=row["spent"],
            voids=row["voided"],
        )
        for row in rows
    ]
