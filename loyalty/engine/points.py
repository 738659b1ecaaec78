"""Step 4: how many points may pay for a receipt, and which lines they pay for."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from loyalty.engine.bill import Bill
from loyalty.engine.cart import Client
from loyalty.engine.conditions import EVERYTHING
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import HUNDRED, ZERO, floor, whole_steps
from loyalty.engine.spreading import spread

RULE = "spending"


class Allowance(Struct, frozen=True):
    """The most points that this receipt may take, the limit that decided, and whether a confirmation is missing."""

    points: Decimal
    limit: str
    needs_confirmation: bool = False


def allowance(bill: Bill) -> Allowance:
    """Points that may be spent once the client is confirmed.

    money = min(Σ line × max_percent, Σ (line - its minimum)) over the lines that points may pay;
    points = min(available, money ÷ value, cap of the receipt, rest of the day's cap), in whole steps.
    """
    client, spending = bill.client, bill.rulebook.spending
    if client is None:
        return Allowance(ZERO, "no_client")
    limits = _limits(bill, client)
    limit, most = min(limits, key=lambda pair: pair[1])
    points = whole_steps(max(most, ZERO), bill.rulebook.spending_step)
    if client.available < spending.redeem_from:
        points, limit = ZERO, "redeem_from"
    elif points < spending.min_points:
        points, limit = ZERO, "min_points"
    proves = client.identified_by not in spending.confirm and not (client.unproven and "phone" in spending.confirm)
    needs = not (proves or client.confirmed)
    return Allowance(points, limit, needs_confirmation=needs and points > 0)


def apply(bill: Bill, allowed: Allowance) -> Decimal:
    """Take the asked points off the lines. Returns the points taken; a request is cut to what is allowed."""
    asked = bill.cart.points
    if asked is None or asked == 0:
        return ZERO
    points = _granted(bill, allowed, asked)
    money = points * bill.rulebook.points.value
    if points:
        chosen = _payable(bill)
        money = min(money, sum((bill.room(i) for i in chosen), ZERO))
        bill.points_value = bill.take_off(money, chosen)
        bill.points = spread(points, bill.points_value, bill.lines, digits=bill.precision)
    bill.facts.append(
        Fact(
            RULE,
            "redeem",
            "points",
            applied=points > 0,
            points=points,
            money=money,
            rate=bill.rulebook.points.value,
            asked=None if asked == "max" else asked,
            lines=tuple(i for i, part in enumerate(bill.points_value) if part),
            reason="confirmation" if allowed.needs_confirmation else _cut_by(bill, allowed, asked, points),
        )
    )
    return points


def _cut_by(bill: Bill, allowed: Allowance, asked: Decimal | str, points: Decimal) -> str:
    """Which limit cut the request; empty where nothing did."""
    if isinstance(asked, str):
        return allowed.limit
    if points >= asked:
        return ""
    return "min_points" if asked < bill.rulebook.spending.min_points else allowed.limit


def _granted(bill: Bill, allowed: Allowance, asked: Decimal | str) -> Decimal:
    if isinstance(asked, Decimal) and bill.cart.given:
        # The till has taken them off already: only the sum of the receipt can stop them.
        most = sum((bill.room(i) for i in _payable(bill)), ZERO) / bill.rulebook.points.value
        return whole_steps(min(asked, most), bill.rulebook.smallest_spend)
    if allowed.needs_confirmation:
        return ZERO
    if isinstance(asked, str):
        return allowed.points
    points = whole_steps(min(asked, allowed.points), bill.rulebook.spending_step)
    return points if points >= bill.rulebook.spending.min_points else ZERO


def _payable(bill: Bill) -> list[int]:
    spending = bill.rulebook.spending
    return [
        i
        for i, line in enumerate(bill.lines)
        if line.redeem
        and i not in bill.closed_to_points
        and line.price >= spending.min_line_price
        and (spending.goods == EVERYTHING or spending.goods.takes(line))
    ]


def _limits(bill: Bill, client: Client) -> list[tuple[str, Decimal]]:
    spending, value = bill.rulebook.spending, bill.rulebook.points.value
    chosen = _payable(bill)
    percent = spending.max_percent
    if bill.tier and bill.tier.max_percent is not None:
        percent = bill.tier.max_percent
    share = floor(sum((bill.cost[i] for i in chosen), ZERO) * percent / HUNDRED, bill.digits)
    room = sum((bill.room(i) for i in chosen), ZERO)
    limits = [
        ("balance", client.available),
        ("max_percent", share // value if bill.precision == 0 else floor(share / value, bill.precision)),
        ("line_minimum", room // value if bill.precision == 0 else floor(room / value, bill.precision)),
    ]
    if spending.per_receipt is not None:
        limits.append(("per_receipt", spending.per_receipt))
    if spending.per_day is not None:
        limits.append(("per_day", spending.per_day - client.redeemed_today))
    return limits
