"""The tables of the overview, as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from insights.board import Board
from insights.drawing import outlets
from insights.points import KIND
from insights.revenue import Revenue
from insights.telling import Teller, date


@dataclass(frozen=True)
class Cell:
    label: str
    text: str


@dataclass(frozen=True)
class Line:
    name: str
    cells: list[Cell]


def by_outlet(board: Board, teller: Teller) -> list[Line]:
    rows = outlets(board)
    lines = [Line(name, _outlet(row, teller)) for name, row in rows]
    if len(rows) > 1:
        lines.append(Line(_("Together"), _outlet(board.now, teller)))
    return lines


def _outlet(row: Revenue, teller: Teller) -> list[Cell]:
    return [
        Cell(_("With the card"), teller.money(row.money_with)),
        Cell(_("Without the card"), teller.money(row.money_without if row.whole_shifts else None)),
        Cell(_("Share with the card"), teller.percent(row.share_with)),
        Cell(_("Receipts with the card"), teller.number(row.receipts_with)),
        Cell(_("Average receipt with the card"), teller.money(row.average_with)),
        Cell(_("Cost of the programme"), teller.money(row.cost)),
    ]


def by_cashier(board: Board, teller: Teller) -> list[Line]:
    return [
        Line(
            row.cashier or _("not named"),
            [
                Cell(_("Revenue"), teller.money(row.money)),
                Cell(_("Receipts"), teller.number(row.receipts)),
                Cell(_("Receipts with the card"), teller.percent(row.share_with)),
                Cell(_("Average receipt"), teller.money(row.average)),
                Cell(_("Points redeemed"), teller.points(row.redeemed)),
                Cell(_("Voided receipts"), teller.number(row.voids)),
            ],
        )
        for row in board.cashiers
    ]


@dataclass(frozen=True)
class Reckoning:
    """The roll-forward: what there was, how it changed, what there is; and whether the books say the same."""

    opening: Cell
    lines: list[Cell]
    closing: Cell
    since: Cell
    outstanding: Cell
    is_right: bool
    verdict: str


def reckoning(board: Board, teller: Teller) -> Reckoning | None:
    """None for members who see only some outlets: points belong to none."""
    found, clients, period = board.roll_forward, board.clients, board.period
    if found is None or clients is None:
        return None
    names = {
        KIND.OPENING: _("Opening balances"),
        KIND.EARN: _("Earned"),
        KIND.CLAW_BACK: _("Earning taken back"),
        KIND.REDEEM: _("Redeemed"),
        KIND.REINSTATE: _("Redeemed points returned"),
        KIND.EXPIRE: _("Expired"),
        KIND.ADJUST: _("By hand"),
        KIND.MOVE: _("Between two cards of one client"),
    }
    latest = clients.latest
    difference = latest.outstanding - latest.entered if latest else Decimal(0)
    is_right = found.closes and not difference
    verdict = _("It closes to the point, and clients' accounts hold the same.")
    if not is_right:
        verdict = _("It does not close: clients' accounts hold %(points)s. Tell whoever runs the service.") % {
            "points": teller.signed(difference)
        }
    return Reckoning(
        opening=Cell(
            _("Outstanding at the start of %(day)s") % {"day": date(period.first)}, teller.points(found.opening)
        ),
        lines=[
            Cell(names[KIND(kind)], teller.signed(change))
            for kind, change in found.lines
            if change or kind != KIND.OPENING
        ],
        closing=Cell(_("Outstanding at the end of %(day)s") % {"day": date(period.last)}, teller.points(found.closing)),
        since=Cell(_("Since then"), teller.signed(found.since)),
        outstanding=Cell(_("Outstanding now"), teller.points(found.outstanding)),
        is_right=is_right,
        verdict=verdict,
    )
