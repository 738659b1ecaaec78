"""An outlet's totals of the day, typed in from its tills' Z-reports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Q, Sum

from insights.models import DayTotals, ZReport
from loyalty.models import GivenCard
from merchants import audit
from merchants.access import same_tenant
from merchants.models import Outlet, User


@dataclass(frozen=True)
class Shift:
    """A day of an outlet: what its tills have sent, and the Z-report where there is one."""

    day: dt.date
    money_with: Decimal = Decimal(0)
    receipts_with: int = 0
    report: ZReport | None = None
    # For plastic cards, less what was given back for them: the Z-report has it, receipts don't.
    money_for_cards: Decimal = Decimal(0)


def shifts(*, outlet: Outlet, first: dt.date, last: dt.date) -> list[Shift]:
    """The newest day first."""
    sums = (
        DayTotals.objects.filter(
            program_id=outlet.program_id, outlet=outlet, local_day__range=(first, last), with_client=True
        )
        .values("local_day")
        .annotate(money=Sum(F("to_pay") - F("returned_money")), count=Sum("receipts"), voided=Sum("voids"))
    )
    sold = {row["local_day"]: (row["money"], row["count"] - row["voided"]) for row in sums}
    of_outlet = ZReport.objects.filter(program_id=outlet.program_id, outlet=outlet, day__range=(first, last))
    reports = {report.day: report for report in of_outlet}
    days = [last - dt.timedelta(days=n) for n in range((last - first).days + 1)]
    cards = _for_cards(outlet, first, last)
    return [
        Shift(day, *sold.get(day, (Decimal(0), 0)), report=reports.get(day), money_for_cards=cards.get(day, Decimal(0)))
        for day in days
    ]


def _for_cards(outlet: Outlet, first: dt.date, last: dt.date) -> dict[dt.date, Decimal]:
    given = GivenCard.objects.filter(program_id=outlet.program_id, price__gt=0)
    sold = given.filter(local_day__range=(first, last), outlet=outlet).values_list("local_day")
    back = given.filter(returned_day__range=(first, last), returned_outlet=outlet).values_list("returned_day")
    sums: dict[dt.date, Decimal] = dict(sold.annotate(Sum("price")))
    for day, money in back.annotate(Sum("price")):
        sums[day] = sums.get(day, Decimal(0)) - money
    return sums


@transaction.atomic
def enter(
    *, outlet: Outlet, day: dt.date, total: Decimal | None, receipts: int | None, now: dt.datetime, by: User
) -> bool:
    """Keep the total of a day, or correct it; None takes it away. Returns whether anything has changed.

    What stood there before is in the audit log."""
    program_id = same_tenant(outlet)
    # One at a time for an outlet: two people may type in the same day.
    Outlet.objects.select_for_update().get(pk=outlet.pk)
    report = ZReport.objects.filter(program_id=program_id, outlet=outlet, day=day).first()
    before = (report.total, report.receipts) if report else None
    if before == ((total, receipts) if total is not None else None):
        return False
    if total is None:
        action = "z_report.removed"
        ZReport.objects.filter(Q(pk=report.pk) if report else Q(pk=None)).delete()
    else:
        action = "z_report.corrected" if report else "z_report.entered"
        ZReport.objects.update_or_create(
            program_id=program_id,
            outlet=outlet,
            day=day,
            defaults={
                "merchant_id": outlet.merchant_id,
                "total": total,
                "receipts": receipts,
                "entered_by": by,
                "entered_at": now,
            },
        )
    details = {"day": day.isoformat(), "total": _said(total), "receipts": receipts}
    if before:
        details |= {"total_before": _said(before[0]), "receipts_before": before[1]}
    audit.record(program_id=program_id, action=action, at=now, by=by, subject=outlet, details=details)
    return True


def _said(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
