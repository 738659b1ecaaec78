"""Codes of batches on a receipt: which of them are good, what they give, and why the others do nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from loyalty.engine import codes
from loyalty.engine.bill import Bill, CodeUse, Taking
from loyalty.engine.cart import Line, PromoCode
from loyalty.engine.conditions import EVERYTHING, Goods, WithCodeOf
from loyalty.engine.conditions.receipt import spelled
from loyalty.engine.effects import Offer
from loyalty.engine.explanation import Fact, Kind
from loyalty.engine.limits import Spent
from loyalty.engine.quantities import HUNDRED, ONE, ZERO, half_up


def sort_out(bill: Bill) -> list[PromoCode]:
    """The good codes, in the order of their spelling. The others are refused, each with its reason."""
    good: list[PromoCode] = []
    for one in sorted(bill.codes, key=lambda one: one.code):
        reason = one.refused or _why_not(bill, one, good)
        if reason:
            refuse(bill, one, reason)
        else:
            good.append(one)
    bill.codes_of_rules = tuple(one for one in good if one.gives == "rule")
    return good


def _why_not(bill: Bill, one: PromoCode, good: Sequence[PromoCode]) -> str:
    if bill.client is None and (one.personal or one.gives == "points"):
        return "no_client"
    if one.uses is not None and bill.spent.get(one.rule, Spent()).uses >= one.uses:
        return "promo_spent"
    return "promo_one" if any(other.batch == one.batch for other in good) else ""


def refuse(bill: Bill, one: PromoCode, reason: str, missing: Decimal | None = None) -> None:
    bill.codes_refused[one.code] = reason
    if one.gives != "rule" or one.refused:
        kind: Kind = "earn" if one.gives == "points" else "discount"
        bill.facts.append(
            Fact(one.rule, kind, f"promo_{one.gives}", one.name, applied=False, reason=reason, missing=missing)
        )


def fits(bill: Bill, one: PromoCode) -> bool:
    """Whether the receipt, as it is at this step, is large enough."""
    short = one.minimum - bill.turnover
    if short > 0:
        refuse(bill, one, "minimum_receipt", short)
    return short <= 0


def use(bill: Bill, one: PromoCode, *, money: Decimal = ZERO, points: Decimal = ZERO) -> None:
    bill.codes_used.append(CodeUse(one, money, points))
    if one.uses is not None:
        # Only the uses are limited. What they gave is counted with the uses themselves.
        bill.budgets.append(Taking(one.rule, ZERO, None, one.uses))


def goods_of(one: PromoCode) -> Goods:
    if not (one.sku or one.category):
        return EVERYTHING
    return Goods(skus=(one.sku,) if one.sku else (), categories=(one.category,) if one.category else ())


def unit_of(bill: Bill, one: PromoCode) -> list[Offer]:
    """One unit of the goods for nothing: the cheapest, where several lines have it. Weighed goods as a whole."""
    goods = goods_of(one)
    prices = {
        i: _price(line, bill.cost[i])
        for i, line in enumerate(bill.lines)
        if line.discount and bill.cost[i] > 0 and goods.takes(line)
    }
    if not prices:
        return []
    cheapest = min(prices, key=lambda i: (prices[i], bill.lines[i].tie_breaker))
    money = half_up(prices[cheapest], bill.digits)
    return [Offer([cheapest], money, money, HUNDRED)]


def _price(line: Line, cost: Decimal) -> Decimal:
    return cost / line.quantity if line.quantity > ONE else cost


def settle_rules(bill: Bill, good: Sequence[PromoCode]) -> None:
    """Once everything is computed: a code that rules wait for is used where one of them has given something."""
    for one in good:
        if one.gives != "rule":
            continue
        rules = {
            rule.id for rule in bill.rulebook.rules if rule.enabled and any(_waits(each, one) for each in rule.when)
        }
        facts = [fact for fact in bill.facts if fact.rule in rules]
        applied = [fact for fact in facts if fact.applied]
        if applied:
            money = sum((fact.money or ZERO for fact in applied), ZERO)
            use(bill, one, money=money, points=sum((fact.points or ZERO for fact in applied), ZERO))
        else:
            refuse(bill, one, facts[0].reason if facts else "promo_no_rule" if not rules else "no_client")


def _waits(condition: object, one: PromoCode) -> bool:
    return isinstance(condition, WithCodeOf) and condition.batch == one.name


def named(bill: Bill, text: str) -> PromoCode | None:
    """The code of a batch that the receipt names so."""
    meant = (spelled(text), codes.read(text))
    return next((one for one in bill.codes if one.code in meant), None)


def rejected(bill: Bill, text: str) -> Iterator[str]:
    """Why a code of a batch did nothing; nothing where it did."""
    one = named(bill, text)
    if one is None:
        return
    reason = bill.codes_refused.get(one.code)
    if reason is not None:
        yield reason
