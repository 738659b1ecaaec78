"""Step 3: discounts, each on what the last one left."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from loyalty.engine.bill import Bill
from loyalty.engine.conditions import EVERYTHING, Goods
from loyalty.engine.effects import Discount
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, floor, half_up


def apply(bill: Bill) -> None:
    for rule, title, percent, goods in _in_force(bill):
        _take(bill, rule, title, percent, goods)


def round_down(bill: Bill) -> None:
    """After everything else: the money to pay without its kopecks, the rest being one more discount."""
    cents = bill.net - floor(bill.net, 0)
    chosen = [i for i, line in enumerate(bill.lines) if line.discount and bill.room(i) > 0]
    if not 0 < cents < ONE or cents > sum((bill.room(i) for i in chosen), ZERO):
        return
    parts = bill.take_off(cents, chosen)
    bill.discounts = [a + b for a, b in zip(bill.discounts, parts, strict=True)]
    bill.facts.append(Fact("rounding", "rounding", "round_to_pay", money=cents))


def _in_force(bill: Bill) -> Iterator[tuple[str, str, Decimal, Goods]]:
    """The tier's own discount first, then the rules in the version's order."""
    if bill.tier and bill.tier.discount_percent:
        yield bill.tier.discount_rule, bill.tier.title, bill.tier.discount_percent, EVERYTHING
    for rule, effect in bill.rulebook.rules_that(Discount):
        miss = rule.misses(bill.receipt())
        if miss is None:
            yield rule.id, rule.title, effect.percent, rule.goods
        else:
            bill.facts.append(
                Fact(
                    rule.id,
                    "discount",
                    "discount",
                    rule.title,
                    applied=False,
                    reason=miss.reason,
                    missing=miss.missing,
                )
            )


def _take(bill: Bill, rule: str, title: str, percent: Decimal, goods: Goods) -> None:
    chosen = [i for i, line in enumerate(bill.lines) if line.discount and goods.takes(line)]
    base = sum((bill.cost[i] for i in chosen), ZERO)
    room = sum((bill.room(i) for i in chosen), ZERO)
    wanted = half_up(base * percent / HUNDRED, bill.digits)
    money = min(wanted, room)
    if money <= 0:
        return
    parts = bill.take_off(money, chosen)
    bill.discounts = [a + b for a, b in zip(bill.discounts, parts, strict=True)]
    bill.facts.append(
        Fact(
            rule,
            "discount",
            "discount",
            title,
            base=base,
            rate=percent,
            money=money,
            lines=tuple(i for i, part in enumerate(parts) if part),
            reason="line_minimum" if money < wanted else "",
        )
    )
