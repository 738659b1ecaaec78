"""The one way to compute a receipt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec import Struct

from loyalty.engine import discounts, earning, points, tiers
from loyalty.engine.bill import Bill
from loyalty.engine.cart import Cart, Client, Line
from loyalty.engine.earning import Earning
from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.points import Allowance
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook


class PricedLine(Struct, frozen=True):
    """A line with its parts: amount = discount + points_value + certificate + paid."""

    line: Line
    discount: Decimal
    points_value: Decimal
    points: Decimal
    certificate: Decimal
    paid: Decimal
    earned: Decimal


class Quote(Struct, frozen=True):
    """A computed receipt. Sums of money are in the programme's currency; `points` is what was taken for it."""

    total: Decimal
    discount: Decimal
    points: Decimal
    points_value: Decimal
    certificates_paid: Decimal
    to_pay: Decimal
    earned: Decimal
    lines: tuple[PricedLine, ...]
    earnings: tuple[Earning, ...]
    allowance: Allowance
    tier: str
    facts: tuple[Fact, ...]
    rejected: tuple[Rejected, ...]


def quote(rulebook: Rulebook, client: Client | None, cart: Cart, at: dt.datetime) -> Quote:
    """Compute a receipt of `at` for a client in his present state; None is a receipt without a client.

    Discounts first, then points, then earning on what money is left to pay: the order in which a till sends
    things does not matter. Points beyond the limit are cut to it; `allowance` says what the limit is.
    """
    bill = Bill(rulebook, client, cart, at)
    discounts.apply(bill)
    allowed = points.allowance(bill)
    redeemed = points.apply(bill, allowed)
    if rulebook.spending.round_to_pay:
        discounts.round_down(bill)
    earnings = earning.earn(bill, redeemed=redeemed)
    _tell_next_tier(bill)
    earned_by_line = [sum((e.parts[i] for e in earnings), ZERO) for i in range(len(bill.lines))]
    return Quote(
        total=bill.total,
        discount=sum(bill.discounts, ZERO),
        points=redeemed,
        points_value=sum(bill.points_value, ZERO),
        certificates_paid=ZERO,
        to_pay=bill.net,
        earned=sum((e.points for e in earnings), ZERO),
        lines=tuple(
            PricedLine(
                line,
                bill.discounts[i],
                bill.points_value[i],
                bill.points[i],
                ZERO,
                bill.cost[i],
                earned_by_line[i],
            )
            for i, line in enumerate(bill.lines)
        ),
        earnings=tuple(earnings),
        allowance=allowed,
        tier=bill.tier.id if bill.tier else "",
        facts=tuple(bill.facts),
        rejected=(
            *(Rejected("promo_code", code, "unknown") for code in cart.promo_codes),
            *(Rejected("certificate", code, "unknown") for code in cart.certificates),
        ),
    )


def _tell_next_tier(bill: Bill) -> None:
    """What this receipt leaves missing to the next tier: the nearest rule that did not apply."""
    client = bill.client
    next_tier = tiers.following(bill.rulebook, bill.tier)
    if client is None or next_tier is None:
        return
    money = None if next_tier.spent is None else max(ZERO, next_tier.spent - client.spent - bill.net)
    visits = None if next_tier.visits is None else max(0, next_tier.visits - client.visits)
    if money == 0 or visits == 0:
        return
    bill.facts.append(
        Fact(
            next_tier.rule,
            "earn",
            "tier",
            next_tier.title,
            applied=False,
            reason="tier_threshold",
            missing=money,
            missing_visits=visits,
        )
    )
