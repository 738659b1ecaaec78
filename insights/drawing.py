"""The charts of the overview, each with its table."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from insights.board import Board, Clients
from insights.revenue import Revenue
from insights.telling import Teller, short_day
from loyalty.models import Entry
from merchants.charts import Chart, Series

OUTLETS_DRAWN = 20


def charts(board: Board, teller: Teller) -> list[Chart]:
    drawn = [_revenue(board, teller)]
    if board.clients:
        drawn += [_points(board, board.clients, teller), _joined(board, board.clients, teller)]
    return drawn


def by_outlet(board: Board, teller: Teller) -> Chart | None:
    """None for a single outlet: it would be the sum once more."""
    rows = outlets(board)[:OUTLETS_DRAWN]
    if len(rows) < 2:
        return None
    return Chart(
        id="chart-outlets",
        title=_("Revenue by outlet"),
        kind="stacked",
        label=_("Outlet"),
        labels=[name for name, _row in rows],
        series=_with_and_without([row for _name, row in rows], board, teller),
        horizontal=True,
    )


def by_cashier(board: Board, teller: Teller) -> Chart | None:
    rows = board.cashiers
    if len(rows) < 2:
        return None
    return Chart(
        id="chart-cashiers",
        title=_("Revenue by cashier"),
        kind="bar",
        label=_("Cashier"),
        labels=[row.cashier or _("not named") for row in rows],
        series=[Series(_("Revenue"), [row.money for row in rows], [teller.money(row.money) for row in rows])],
        horizontal=True,
    )


def outlets(board: Board) -> list[tuple[str, Revenue]]:
    """Outlets with anything to tell, those that took most first."""
    rows = [(board.outlets.get(pk, ""), row) for pk, row in board.revenues.by_outlet.items()]
    return sorted(rows, key=lambda row: (-row[1].money, row[0]))


def _labels(board: Board) -> list[str]:
    return [short_day(day) for day in board.period.days]


def _revenue(board: Board, teller: Teller) -> Chart:
    return Chart(
        id="chart-revenue",
        title=_("Revenue by day"),
        kind="stacked",
        label=_("Which day"),
        labels=_labels(board),
        series=_with_and_without([board.day(day) for day in board.period.days], board, teller),
    )


def _with_and_without(rows: list[Revenue], board: Board, teller: Teller) -> list[Series]:
    series = [
        Series(_("With the card"), [row.money_with for row in rows], [teller.money(row.money_with) for row in rows])
    ]
    if board.knows_without:
        texts = [teller.money(row.money_without if row.whole_shifts else None) for row in rows]
        series.append(Series(_("Without the card"), [row.money_without for row in rows], texts))
    return series


def _points(board: Board, clients: Clients, teller: Teller) -> Chart:
    def series(name: str, kind: str, side: str) -> Series:
        values: list[Decimal] = [getattr(clients.flows.of(kind, day, day), side) for day in board.period.days]
        return Series(name, values, [teller.points(value) for value in values])

    return Chart(
        id="chart-points",
        title=_("Points by day"),
        kind="bar",
        label=_("Which day"),
        labels=_labels(board),
        series=[
            series(_("Earned"), Entry.Kind.EARN, "given"),
            series(_("Redeemed"), Entry.Kind.REDEEM, "taken"),
        ],
    )


def _joined(board: Board, clients: Clients, teller: Teller) -> Chart:
    values = [clients.joined.get(day, 0) for day in board.period.days]
    return Chart(
        id="chart-joined",
        title=_("New clients by day"),
        kind="bar",
        label=_("Which day"),
        labels=_labels(board),
        series=[Series(_("New clients"), values, [teller.number(value) for value in values])],
    )
