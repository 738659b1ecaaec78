"""The one way to compute a receipt."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from loyalty.engine import certificates as paying
from loyalty.engine import codes as spelling
from loyalty.engine import discounts, earning, points, promo, rewarding, tiers
from loyalty.engine.bill import Bill, CertificatePart, CodeUse, Taking
from loyalty.engine.cart import Cart, Certificate, Client, Line, PromoCode, Used
from loyalty.engine.conditions.receipt import WithCode, spelled
from loyalty.engine.earning import Earning
from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.limits import NOTHING_SPENT, Spent
from loyalty.engine.points import Allowance
from loyalty.engine.quantities import ZERO
from loyalty.engine.rewarding import Award, Couponed
from loyalty.engine.rulebook import Rule, Rulebook


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
    """A computed receipt. Sums of money are in the programme's currency; `points` is what was taken for it.
    `turnover` is what counts as paid: with certificates that were sold once, without those that the receipt sells."""

    total: Decimal
    discount: Decimal
    points: Decimal
    points_value: Decimal
    certificates_paid: Decimal
    to_pay: Decimal
    turnover: Decimal
    earned: Decimal
    lines: tuple[PricedLine, ...]
    earnings: tuple[Earning, ...]
    allowance: Allowance
    tier: str
    facts: tuple[Fact, ...]
    rejected: tuple[Rejected, ...]
    awards: tuple[Award, ...] = ()
    coupons: tuple[Couponed, ...] = ()
    coupons_used: tuple[str, ...] = ()
    used: tuple[Used, ...] = ()
    budgets: tuple[Taking, ...] = ()
    certificates: tuple[CertificatePart, ...] = ()
    codes: tuple[CodeUse, ...] = ()


def quote(
    rulebook: Rulebook,
    client: Client | None,
    cart: Cart,
    at: dt.datetime,
    spent: Mapping[str, Spent] = NOTHING_SPENT,
    certificates: Sequence[Certificate] = (),
    codes: Sequence[PromoCode] = (),
) -> Quote:
    """Compute a receipt of `at` for a client in his present state; None is a receipt without a client.

    `spent` is what the budgets of rules have given so far, by rule, `certificates` and `codes` (those of batches) what
    the cart names. Discounts first, then points, then certificates, then earning on what money is left to pay: the
    order in which a till sends things does not matter. Points beyond the limit are cut to it; `allowance` says what
    the limit is.
    """
    bill = Bill(rulebook, client, cart, at, spent, certificates, codes)
    good_codes = promo.sort_out(bill) if codes else ()
    good = paying.named(bill) if cart.certificates else discounts.NO_CERTIFICATES
    discounts.apply(bill, good, good_codes)
    allowed = points.allowance(bill)
    redeemed = points.apply(bill, allowed)
    if good:
        paying.pay(bill, good)
    if rulebook.spending.round_to_pay:
        discounts.round_down(bill)
    earnings = earning.earn(bill, redeemed=redeemed, codes=good_codes)
    promo.settle_rules(bill, good_codes)
    coupons = rewarding.coupons(bill, earnings)
    awards = rewarding.awards(bill)
    _tell_next_tier(bill)
    parts = ([ZERO] * len(bill.lines), *(earning.parts for earning in earnings if earning.parts))
    earned_by_line = [sum(of_line, ZERO) for of_line in zip(*parts, strict=True)]
    by_certificates = bill.by_certificates or [ZERO] * len(bill.lines)
    return Quote(
        total=bill.total,
        discount=sum(bill.discounts, ZERO),
        points=redeemed,
        points_value=sum(bill.points_value, ZERO),
        certificates_paid=sum(by_certificates, ZERO),
        to_pay=bill.net,
        turnover=bill.turnover,
        earned=sum((e.points for e in earnings), ZERO),
        lines=tuple(
            PricedLine(
                line,
                bill.discounts[i],
                bill.points_value[i],
                bill.points[i],
                by_certificates[i],
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
            *_rejected_codes(bill),
            *bill.rejected,
        ),
        awards=tuple(awards),
        coupons=tuple(coupons),
        coupons_used=tuple(bill.coupons_used),
        used=tuple(bill.used),
        budgets=tuple(bill.budgets),
        certificates=tuple(bill.certificates_used),
        codes=tuple(bill.codes_used),
    )


def _rejected_codes(bill: Bill) -> Iterator[Rejected]:
    """The promo codes that did nothing, each with the reason of the rule that it is for."""
    for code in bill.cart.promo_codes:
        asked = spelled(code)
        if promo.named(bill, code) is not None:
            yield from (Rejected("promo_code", code, reason) for reason in promo.rejected(bill, code))
            continue
        rules = {rule.id for rule in bill.rulebook.rules if rule.enabled and _is_for(rule, asked)}
        rules |= {f"coupon:{one.code}" for one in (bill.client.coupons if bill.client else ()) if one.code == asked}
        facts = [fact for fact in bill.facts if fact.rule in rules]
        if not any(fact.applied for fact in facts):
            unknown = "mistyped" if spelling.mistyped(code) else "unknown"
            yield Rejected("promo_code", code, facts[0].reason if facts else "no_client" if rules else unknown)


def _is_for(rule: Rule, code: str) -> bool:
    return any(isinstance(each, WithCode) and spelled(each.code) == code for each in rule.when)


def _tell_next_tier(bill: Bill) -> None:
    """What this receipt leaves missing to the next tier: the nearest rule that did not apply."""
    client = bill.client
    next_tier = tiers.following(bill.rulebook, bill.tier)
    if client is None or next_tier is None:
        return
    amounts = tiers.amounts(bill.rulebook, client, bill.day)
    money = None if next_tier.spent is None else max(ZERO, next_tier.spent - amounts.spent - bill.turnover)
    visits = None if next_tier.visits is None else max(0, next_tier.visits - amounts.visits)
    if money == 0 or visits == 0 or (money is None and visits is None):
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
