"""Step 7, as far as the receipt alone decides it: what goes to those who invited the client, and his coupons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import Struct

from loyalty.engine.bill import Bill, missed
from loyalty.engine.cart import Upline, Used
from loyalty.engine.conditions import EVERYTHING
from loyalty.engine.earning import Earning, lot_dates
from loyalty.engine.effects import Coupon, Referral, ReferralGift
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import HUNDRED, ZERO, floor, rounded
from loyalty.engine.rulebook import Rule


class Award(Struct, frozen=True):
    """Points for the one who invited the client (level 1), or for one above him. A one-off goes back only when the
    receipt no longer meets the rule's conditions; the others in proportion to the money that goes back."""

    level: int
    rule: str
    points: Decimal
    available_at: dt.datetime
    expires_at: dt.datetime | None
    one_off: bool = False


class Couponed(Struct, frozen=True):
    """So many new coupons by a rule, good through the end of a local day."""

    rule: str
    number: int
    expires_at: dt.datetime


def awards(bill: Bill) -> list[Award]:
    """What the receipt gives to those who invited, nearest first; a blocked one gets nothing and passes nothing on."""
    if bill.client is None or not bill.client.uplines:
        return []
    chain = list(_reachable(bill.client.uplines))
    found: list[Award] = []
    for rule, effect in bill.rulebook.rules_that(Referral):
        money = _referred(bill, rule)
        if money is not None:
            shares = [money * percent / HUNDRED for percent in effect.percents]
            found += _given(bill, rule, shares, chain, effect.per_month, one_off=False)
    for rule, gift in bill.rulebook.rules_that(ReferralGift):
        if _referred(bill, rule) is not None:
            found += _given(bill, rule, gift.points, chain, gift.per_month, one_off=True)
    return found


def _reachable(uplines: Sequence[Upline]) -> Iterator[Upline]:
    for upline in uplines:
        if not upline.active:
            return
        yield upline


def _referred(bill: Bill, rule: Rule) -> Decimal | None:
    """The money that counts, or None where the rule does not apply."""
    miss = rule.misses(bill.receipt())
    if miss is not None:
        bill.facts.append(missed(rule, "referral", miss))
        return None
    goods, counted = bill.rulebook.points.goods, bill.counted
    lines = (
        i
        for i, line in enumerate(bill.lines)
        if line.earn and rule.goods.takes(line) and (goods == EVERYTHING or goods.takes(line))
    )
    return sum((counted[i] for i in lines), ZERO)


def _given(
    bill: Bill,
    rule: Rule,
    shares: Sequence[Decimal],
    chain: Sequence[Upline],
    per_month: Decimal | None,
    *,
    one_off: bool,
) -> Iterator[Award]:
    for upline, share in zip(chain, shares, strict=False):
        points = rounded(share, bill.precision, bill.rulebook.points.rounding)
        if per_month is not None:
            points = min(points, floor(max(per_month - upline.given.get(rule.id, ZERO), ZERO), bill.precision))
        if points <= 0:
            continue
        bill.facts.append(
            Fact(rule.id, "referral", rule.effect.name, rule.title, exact=share, points=points, count=upline.level)
        )
        yield Award(upline.level, rule.id, points, *lot_dates(bill.rulebook, bill.at, rule), one_off=one_off)


def coupons(bill: Bill, earnings: Sequence[Earning]) -> list[Couponed]:
    """Coupons for every so many points earned, net of returns."""
    client = bill.client
    if client is None:
        return []
    earned = sum((earning.points for earning in earnings), ZERO)
    found = []
    for rule, effect in bill.rulebook.rules_that(Coupon):
        if not earned or rule.misses(bill.receipt()) is not None:
            continue
        used = client.used_by(rule.id, "")
        measure = used.measure + earned
        number = max(effect.steps(measure) - used.times, 0)
        bill.used.append(Used(rule.id, "", ZERO, number, earned))
        if number:
            last_day = bill.day + dt.timedelta(days=effect.days)
            found.append(Couponed(rule.id, number, bill.rulebook.calendar.end_of(last_day)))
            bill.facts.append(
                Fact(rule.id, "coupon", effect.name, rule.title, base=measure, rate=effect.every, count=number)
            )
        else:
            missing = (effect.next_step(measure) or measure) - measure
            fact = Fact(rule.id, "coupon", effect.name, rule.title, applied=False, reason="coupon", points=missing)
            bill.facts.append(fact)
    return found
