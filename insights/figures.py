"""The figures of the overview, told: what they are, how they have changed. Each links to its definition."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from insights.board import Board, Clients
from insights.points import Flow
from insights.revenue import ZERO, percent
from insights.telling import Teller, Told, joined_by_comma
from loyalty.models import Entry

KIND = Entry.Kind


@dataclass(frozen=True)
class Section:
    title: str
    figures: list[Told]


def sections(board: Board, teller: Teller) -> list[Section]:
    return [
        Section(_("Sales"), _sales(board, teller)),
        *([Section(_("Clients"), _clients(board, board.clients, teller))] if board.clients else []),
        Section(_("Points"), _points(board, board.clients, teller) if board.clients else _till_points(board, teller)),
        Section(_("What the programme costs"), _cost(board, teller)),
    ]


def _sales(board: Board, teller: Teller) -> list[Told]:
    now, before = board.now, board.before
    with_card = joined_by_comma(
        teller.receipts(now.receipts_with), teller.change(now.money_with, before.money_with if before else None)
    )
    without = _("enter the day's totals from the Z-report")
    share = ""
    if board.knows_without:
        counted = teller.receipts(now.receipts_without) if now.receipts_without else ""
        by_z = _("from Z-reports") if now.z_shifts else ""
        comparable = before is not None and before.whole_shifts == before.shifts and now.whole_shifts == now.shifts
        changed = teller.change(now.money_without, before.money_without if before and comparable else None)
        without = joined_by_comma(counted, by_z, changed)
        if now.whole_shifts < now.shifts:
            share = _("over %(known)s of %(all)s outlet days, where the whole total is known") % {
                "known": now.whole_shifts,
                "all": now.shifts,
            }
    return [
        Told("revenue-with", _("Revenue with the card"), teller.money(now.money_with), with_card),
        Told(
            "revenue-without",
            _("Revenue without the card"),
            teller.money(now.money_without if board.knows_without else None),
            without,
        ),
        Told("share-with", _("Share with the card"), teller.percent(now.share_with), share),
        Told(
            "average-with",
            _("Average receipt with the card"),
            teller.money(now.average_with),
            teller.change(now.average_with or 0, before.average_with if before else None),
        ),
        Told(
            "average-without",
            _("Average receipt without the card"),
            teller.money(now.average_without),
            _("the difference is not an effect of the programme"),
        ),
    ]


def _clients(board: Board, clients: Clients, teller: Teller) -> list[Told]:
    period, latest, earlier = board.period, clients.latest, clients.earlier
    new = clients.joined_between(period.first, period.last)
    new_before = clients.joined_between(period.before, period.eve) if period.before else None
    figures = [Told("new", _("New clients"), teller.number(new), teller.change(new, new_before))]
    if latest is None:
        return figures
    active = ngettext(
        "bought in the last %(days)s day, of %(all)s in all",
        "bought in the last %(days)s days, of %(all)s in all",
        latest.active_days,
    ) % {"days": latest.active_days, "all": teller.number(latest.clients)}
    repeat = percent(Decimal(latest.repeat_buyers), Decimal(latest.buyers))
    came = _("%(again)s of %(buyers)s who bought within 30 days came more than once") % {
        "again": teller.number(latest.repeat_buyers),
        "buyers": teller.number(latest.buyers),
    }
    changed = teller.change(latest.active, earlier.active if earlier else None)
    return [
        Told("active", _("Active clients"), teller.number(latest.active), joined_by_comma(active, changed)),
        *figures,
        Told("repeat", _("Repeat purchase rate"), teller.percent(repeat), came if latest.buyers else ""),
    ]


def _points(board: Board, clients: Clients, teller: Teller) -> list[Told]:
    period, flows = board.period, clients.flows

    def flow(key: str, label: str, kind: str) -> Told:
        now = flows.of(kind, period.first, period.last)
        before = flows.of(kind, period.before, period.eve) if period.before else Flow()
        amount, amount_before = (now.given, before.given) if kind == KIND.EARN else (now.taken, before.taken)
        return Told(key, label, teller.points(amount), teller.change(amount, amount_before))

    worth = _("%(money)s at most, if all of it were spent") % {
        "money": teller.money(max(flows.outstanding, ZERO) * clients.point_value)
    }
    return [
        flow("earned", _("Earned"), KIND.EARN),
        flow("redeemed", _("Redeemed"), KIND.REDEEM),
        flow("expired", _("Expired"), KIND.EXPIRE),
        Told("outstanding", _("Points outstanding now"), teller.points(flows.outstanding), worth),
    ]


def _till_points(board: Board, teller: Teller) -> list[Told]:
    """At the member's outlets: what receipts earned and spent, returns taken off."""
    now, before = board.now, board.before
    return [
        Told(
            "earned",
            _("Earned"),
            teller.points(now.earned),
            teller.change(now.earned, before.earned if before else None),
        ),
        Told(
            "redeemed",
            _("Redeemed"),
            teller.points(now.redeemed),
            teller.change(now.redeemed, before.redeemed if before else None),
        ),
    ]


def _cost(board: Board, teller: Teller) -> list[Told]:
    now, before = board.now, board.before
    parts = _("%(points)s of redeemed points, %(discount)s of discounts") % {
        "points": teller.money(now.points_value),
        "discount": teller.money(now.discount),
    }
    changed = teller.change(now.cost, before.cost if before else None)
    return [
        Told("cost", _("Cost of the programme"), teller.money(now.cost), joined_by_comma(parts, changed)),
        Told(
            "cost-share",
            _("Cost as a share of revenue with the card"),
            teller.percent(now.cost_share),
            _("%(share)s in the days before") % {"share": teller.percent(before.cost_share)} if before else "",
        ),
    ]
