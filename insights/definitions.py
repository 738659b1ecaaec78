"""What each figure of the overview means, with the shop's own numbers as the example."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from insights.board import Board, Clients
from insights.points import KIND
from insights.revenue import percent
from insights.telling import Teller, date


@dataclass(frozen=True)
class Definition:
    """`key` is the anchor that figures link to."""

    key: str
    title: str
    text: str
    example: str = ""


def definitions(board: Board | None, teller: Teller) -> list[Definition]:
    examples = _examples(board, teller) if board else {}
    return [Definition(key, title, text, examples.get(key, "")) for key, title, text in _texts()]


def _texts() -> list[tuple[str, str, str]]:
    return [
        (
            "period",
            _("Period and change"),
            _(
                "A period is the last 7, 30 or 90 whole days up to yesterday; the change in percent is against as many "
                "days before it. Where the shop has not been there for so long, nothing is compared."
            ),
        ),
        (
            "revenue-with",
            _("Revenue with the card"),
            _(
                "Money paid on receipts with a client, less money given back. What was paid with points is not money. "
                "A return counts on the day of the return."
            ),
        ),
        (
            "revenue-without",
            _("Revenue without the card"),
            _(
                "The day's total of the Z-report less the revenue with the card; where no Z-report was entered, the "
                "receipts without a client that the till has sent."
            ),
        ),
        (
            "share-with",
            _("Share with the card"),
            _(
                "Revenue with the card ÷ all revenue. Only days of outlets count whose whole total is known: from the "
                "Z-report, or from a till that sends all receipts."
            ),
        ),
        (
            "average-with",
            _("Average receipt with the card"),
            _("Revenue with the card ÷ receipts with the card; voided receipts don't count."),
        ),
        (
            "average-without",
            _("Average receipt without the card"),
            _(
                "Revenue without the card ÷ receipts without the card. That it differs from the one with the card is "
                "not an effect of the programme: those who buy more join sooner."
            ),
        ),
        (
            "active",
            _("Active clients"),
            _("Clients who joined here and bought within the last days; how many days is said in the settings."),
        ),
        ("new", _("New clients"), _("Those who joined the programme within the period, whether or not they bought.")),
        (
            "repeat",
            _("Repeat purchase rate"),
            _("Clients with two or more receipts within 30 days ÷ clients with one or more."),
        ),
        (
            "earned",
            _("Earned"),
            _("Points given for purchases within the period, by the day they were written. Returns are told apart."),
        ),
        ("redeemed", _("Redeemed"), _("Points that clients paid with.")),
        ("expired", _("Expired"), _("Points that nobody spent until their last day.")),
        (
            "outstanding",
            _("Points outstanding"),
            _(
                "What clients could still spend, less what they owe: opening + earned − taken back − redeemed + "
                "returned − expired ± by hand = closing. In money it is the most that it can cost: not all is spent."
            ),
        ),
        (
            "cost",
            _("Cost of the programme"),
            _("What was paid with points instead of money, and discounts given on receipts; returns are taken off."),
        ),
        (
            "cost-share",
            _("Cost as a share of revenue with the card"),
            _("Cost of the programme ÷ revenue with the card."),
        ),
        *_of_campaigns(),
    ]


def _of_campaigns() -> list[tuple[str, str, str]]:
    return [
        (
            "uplift",
            _("More per client (campaigns)"),
            _(
                "Money per client whom the campaign reached, less money per client of its control group, from each "
                "one's first turn on. Who bought nothing counts as zero; returns are taken off. A client is in the "
                "control group by chance, and stays there. Of all campaigns together: all clients who are not held out "
                "of them against those who are, since that share was set. In brackets Welch's interval of 95 in 100; "
                "while it holds zero, there is too little data."
            ),
        ),
        (
            "incremental",
            _("Money that would not have come"),
            _("More per client × clients whom the campaign reached; of all campaigns together, × all others."),
        ),
        (
            "campaign-cost",
            _("What a campaign cost"),
            _(
                "Points that it gave × the value of a point × the share of points that clients of this shop redeem "
                "(redeemed ÷ redeemed and expired, over a year), its certificates, and promo codes of a sum or points, "
                "at what they are for, discounts of its other promo codes that were used, its messages."
            ),
        ),
        (
            "campaign-return",
            _("Return of a campaign"),
            _(
                "(Money that would not have come × margin − cost) ÷ cost. Without a control group there is none to "
                "tell."
            ),
        ),
    ]


def _examples(board: Board, teller: Teller) -> dict[str, str]:
    now, period = board.now, board.period
    money, number, share = teller.money, teller.number, teller.percent
    examples = {
        "period": f"{date(period.first)} – {date(period.last)}",
        "revenue-with": f"{money(now.money_with + now.returned)} − {money(now.returned)} = {money(now.money_with)}",
        "average-with": f"{money(now.money_with)} ÷ {number(now.receipts_with)} = {money(now.average_with)}",
        "cost": f"{money(now.points_value)} + {money(now.discount)} = {money(now.cost)}",
        "cost-share": f"{money(now.cost)} ÷ {money(now.money_with)} = {share(now.cost_share)}",
    }
    if board.knows_without:
        examples["revenue-without"] = (
            f"{money(now.whole)} − {money(now.with_of_whole)} = {money(now.whole - now.with_of_whole)}"
        )
        examples["share-with"] = f"{money(now.with_of_whole)} ÷ {money(now.whole)} = {share(now.share_with)}"
    if now.average_without is not None:
        examples["average-without"] = (
            f"{money(now.money_counted)} ÷ {number(now.receipts_without)} = {money(now.average_without)}"
        )
    return examples | (_of_clients(board, board.clients, teller) if board.clients else {})


def _of_clients(board: Board, clients: Clients, teller: Teller) -> dict[str, str]:
    period, flows = board.period, clients.flows
    examples = {
        "new": teller.number(clients.joined_between(period.first, period.last)),
        "earned": teller.points(flows.of(KIND.EARN, period.first, period.last).given),
        "redeemed": teller.points(flows.of(KIND.REDEEM, period.first, period.last).taken),
        "expired": teller.points(flows.of(KIND.EXPIRE, period.first, period.last).taken),
    }
    rolled, latest = board.roll_forward, clients.latest
    if rolled is not None:
        steps = " ".join(teller.step(change) for _kind, change in rolled.lines if change)
        examples["outstanding"] = f"{teller.number(rolled.opening)} {steps} = {teller.number(rolled.closing)}"
    if latest is not None:
        examples["active"] = _("%(active)s of %(all)s clients in %(days)s days") % {
            "active": teller.number(latest.active),
            "all": teller.number(latest.clients),
            "days": latest.active_days,
        }
        rate = teller.percent(percent(Decimal(latest.repeat_buyers), Decimal(latest.buyers)))
        examples["repeat"] = f"{teller.number(latest.repeat_buyers)} ÷ {teller.number(latest.buyers)} = {rate}"
    return examples
