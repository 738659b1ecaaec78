"""The roll-ups once more: slowly, row by row, in plain Python."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from typing import Any

from insights.models import DayTotals, NewClients, PointsDay
from loyalty.engine.calendar import Calendar
from loyalty.models import Account, Entry, Return, Sale
from merchants.models import Program

KEYS = ("merchant_id", "outlet_id", "till_id", "cashier", "local_day", "with_client")
SUMS = (
    *("receipts", "total", "discount", "points_redeemed", "points_value", "to_pay", "points_earned"),
    *("returns", "voids", "returned_money", "returned_discount"),
    *("returned_points", "returned_points_value", "returned_earned"),
)

Totals = dict[tuple[Any, ...], dict[str, D | int]]


def rolled(program: Program) -> tuple[Totals, dict[Any, Any], dict[Any, Any]]:
    """What the tables hold."""
    totals = {
        tuple(getattr(row, key) for key in KEYS): {name: getattr(row, name) for name in SUMS}
        for row in DayTotals.objects.filter(program=program)
    }
    points = {
        (row.merchant_id, row.local_day, row.kind): (row.entries, row.given, row.taken)
        for row in PointsDay.objects.filter(program=program)
    }
    clients = {(row.merchant_id, row.local_day): row.clients for row in NewClients.objects.filter(program=program)}
    return totals, points, clients


def computed(program: Program) -> tuple[Totals, dict[Any, Any], dict[Any, Any]]:
    """What they should hold."""
    calendar = Calendar(program.time_zone, program.day_starts_at)
    return _totals(program, calendar), _points(program, calendar), _clients(program, calendar)


def _totals(program: Program, calendar: Calendar) -> Totals:
    found: Totals = defaultdict(lambda: dict.fromkeys(SUMS, D(0)))
    moved = {sale.replaces_id for sale in Sale.objects.filter(program=program) if "moved_by_hand" in sale.flags}
    for sale in Sale.objects.filter(program=program, status__in=("committed", "voided")).exclude(pk__in=moved):
        row = found[_key(sale, sale.local_day)]
        row["receipts"] += 1
        for name in ("total", "discount", "points_redeemed", "points_value", "to_pay", "points_earned"):
            row[name] += getattr(sale, name)
    for back in Return.objects.filter(program=program).exclude(sale__in=moved).select_related("sale"):
        sale = back.sale
        row = found[_key(sale, calendar.day_of(back.at))]
        row["returns"] += 1
        row["voids"] += back.is_void
        row["returned_money"] += back.money
        row["returned_points"] += back.points_back
        row["returned_points_value"] += back.points_value
        row["returned_earned"] += back.earned_taken
        row["returned_discount"] += _discount_of(back)
    return dict(found)


def _discount_of(back: Return) -> D:
    sale = back.sale
    if sale.total == sale.discount:
        return sale.discount if back.is_void else D(0)
    share = (back.money + back.points_value + back.certificates_back) / (sale.total - sale.discount)
    return D(sale.discount * share).quantize(D("0.01"), ROUND_HALF_UP)


def _key(sale: Sale, day: dt.date) -> tuple[Any, ...]:
    return sale.merchant_id, sale.outlet_id, sale.till_id, sale.cashier, day, sale.account_id is not None


def _points(program: Program, calendar: Calendar) -> dict[Any, Any]:
    found: dict[Any, list[Any]] = defaultdict(lambda: [0, D(0), D(0)])
    for entry in Entry.objects.filter(program=program).select_related("account"):
        row = found[entry.account.merchant_id, calendar.day_of(entry.created_at), entry.kind]
        row[0] += 1
        row[1 if entry.points > 0 else 2] += abs(entry.points)
    return {key: tuple(row) for key, row in found.items()}


def _clients(program: Program, calendar: Calendar) -> dict[Any, Any]:
    found: dict[Any, int] = defaultdict(int)
    for account in Account.objects.filter(program=program):
        found[account.merchant_id, calendar.day_of(account.created_at)] += 1
    return dict(found)
