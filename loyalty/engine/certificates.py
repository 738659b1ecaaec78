"""Step 5: certificates pay like money, after points; one for a percent is the last of the discounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from loyalty.engine.bill import Bill, CertificatePart
from loyalty.engine.cart import AskedCertificate, Certificate
from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.quantities import ONE, ZERO, half_up
from loyalty.engine.spreading import spread


def named(bill: Bill) -> Mapping[str, Certificate]:
    """The certificates that are good, by code; the others are rejected, each with its reason."""
    known = {one.code: one for one in bill.certificates}
    good = {}
    for asked in bill.cart.certificates:
        one = known.get(asked.code)
        if one is None:
            bill.rejected.append(Rejected("certificate", asked.code, "unknown"))
        elif one.refused:
            bill.rejected.append(Rejected("certificate", asked.code, one.refused))
        else:
            good[one.code] = one
    return good


def percents(good: Mapping[str, Certificate]) -> Iterator[Certificate]:
    return (one for one in sorted(good.values(), key=lambda one: one.code) if one.kind == "percent")


def pay(bill: Bill, good: Mapping[str, Certificate]) -> None:
    """Articles first, then sums, the soonest to expire first: the order in which they were named does not matter."""
    asked = {one.code: one for one in bill.cart.certificates}
    before = list(bill.cost)
    for one in sorted(good.values(), key=lambda one: (one.kind, one.expires_at, one.code)):
        if one.kind == "product":
            _pay_unit(bill, one, before)
        elif one.kind == "sum":
            _pay_sum(bill, one, asked[one.code])


def _pay_sum(bill: Bill, one: Certificate, asked: AskedCertificate) -> None:
    weights = [ZERO if line.sells_certificate else cost for line, cost in zip(bill.lines, bill.cost, strict=True)]
    room = sum(weights, ZERO)
    wanted = one.rest if isinstance(asked.amount, str) else asked.amount
    money = min(wanted, one.rest, room)
    if money <= 0:
        bill.rejected.append(Rejected("certificate", one.code, "nothing_to_pay"))
        return
    reason = "" if money == asked.amount else "rest" if money == one.rest else "receipt"
    _paid(bill, one, money, spread(money, weights, bill.lines, digits=bill.digits, caps=weights), reason)


def _pay_unit(bill: Bill, one: Certificate, before: list[Decimal]) -> None:
    """The price of one unit, as it is after discounts and points; of the dearest line, where several have it."""
    prices = {}
    for i, line in enumerate(bill.lines):
        if line.sku == one.sku and not line.sells_certificate and bill.cost[i] > 0:
            unit = half_up(before[i] / line.quantity, bill.digits) if line.quantity > ONE else before[i]
            prices[i] = min(unit, bill.cost[i])
    if not prices:
        bill.rejected.append(Rejected("certificate", one.code, "no_goods"))
        return
    chosen = min(prices, key=lambda i: (-prices[i], bill.lines[i].tie_breaker))
    parts = [ZERO] * len(bill.lines)
    parts[chosen] = prices[chosen]
    _paid(bill, one, ONE, parts)


def _paid(bill: Bill, one: Certificate, amount: Decimal, parts: list[Decimal], reason: str = "") -> None:
    bill.pay_by_certificate(parts, counts=one.sold)
    lines = tuple(i for i, part in enumerate(parts) if part)
    used(bill, one, amount, lines, tuple(parts[i] for i in lines))
    money = sum(parts, ZERO)
    bill.facts.append(
        Fact(rule_of(one), "certificate", f"certificate_{one.kind}", money=money, lines=lines, reason=reason)
    )


def used(
    bill: Bill, one: Certificate, amount: Decimal, lines: tuple[int, ...] = (), parts: tuple[Decimal, ...] = ()
) -> None:
    bill.certificates_used.append(CertificatePart(one.id, amount, lines, parts, one.code, one.rest - amount))


def rule_of(one: Certificate) -> str:
    """How the explanation, which is kept for ever, names it: by what nobody can pay with."""
    return f"certificate:{one.code[-4:]}"
