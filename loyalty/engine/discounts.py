"""Step 3: discounts, each on what the last one left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from loyalty.engine import certificates, limits, promo
from loyalty.engine.bill import Bill, missed
from loyalty.engine.cart import Certificate, PersonalCoupon, PromoCode
from loyalty.engine.conditions import EVERYTHING, Goods, Miss, Sold
from loyalty.engine.effects import Discount, DiscountEffect, DiscountSum, Offer
from loyalty.engine.explanation import Fact, Rejected
from loyalty.engine.limits import FREE, Left
from loyalty.engine.quantities import ONE, ZERO, floor
from loyalty.engine.rulebook import Rule

NO_CERTIFICATES: Mapping[str, Certificate] = {}
NO_CODES: Sequence[PromoCode] = ()


def apply(bill: Bill, good: Mapping[str, Certificate] = NO_CERTIFICATES, codes: Sequence[PromoCode] = NO_CODES) -> None:
    """The tier's own discount first, then the rules in the version's order, then personal coupons and codes of batches,
    then certificates for a percent."""
    if bill.tier and bill.tier.discount_percent:
        offers = _offers(bill, Discount(bill.tier.discount_percent), EVERYTHING)
        _take(bill, bill.tier.discount_rule, bill.tier.title, "discount", offers)
    rules = bill.rulebook.rules_that(DiscountEffect)
    done: set[str] = set()
    for rule, effect in rules:
        if not rule.group:
            _one(bill, rule, effect)
        elif rule.group not in done:
            done.add(rule.group)
            _best(bill, [pair for pair in rules if pair[0].group == rule.group])
    for coupon in sorted(bill.client.coupons if bill.client else (), key=lambda coupon: coupon.code):
        _coupon(bill, coupon)
    _codes(bill, [one for one in codes if one.gives in ("percent", "sum", "product") and promo.fits(bill, one)])
    for one in certificates.percents(good):
        if any(_take(bill, certificates.rule_of(one), "", "certificate_percent", _percent(bill, one))):
            certificates.used(bill, one, ONE)
        else:
            bill.rejected.append(Rejected("certificate", one.code, "no_goods"))


def _percent(bill: Bill, one: Certificate) -> list[Offer]:
    return _offers(bill, Discount(one.percent), EVERYTHING)


def round_down(bill: Bill) -> None:
    """After everything else: the money to pay without its kopecks, the rest being one more discount."""
    cents = bill.net - floor(bill.net, 0)
    chosen = [i for i, line in enumerate(bill.lines) if line.discount and bill.room(i) > 0]
    if not 0 < cents < ONE or cents > sum((bill.room(i) for i in chosen), ZERO):
        return
    parts = bill.take_off(cents, chosen)
    bill.discounts = [a + b for a, b in zip(bill.discounts, parts, strict=True)]
    bill.facts.append(Fact("rounding", "rounding", "round_to_pay", money=cents))


def _one(bill: Bill, rule: Rule, effect: DiscountEffect) -> None:
    offers = _fitting(bill, rule, effect)
    if offers is not None:
        _taken(bill, rule, effect, offers)


def _best(bill: Bill, members: Sequence[tuple[Rule, DiscountEffect]]) -> None:
    """Of an exclusion group the best for the client wins; of equals the first."""
    fitting = [
        (rule, effect, offers) for rule, effect in members if (offers := _fitting(bill, rule, effect)) is not None
    ]
    best = max(fitting, key=lambda one: _worth(bill, one[0], one[2]), default=None)
    for one in fitting:
        if one is best:
            _taken(bill, *one)
        else:
            bill.facts.append(missed(one[0], "discount", Miss("excluded")))


def _fitting(bill: Bill, rule: Rule, effect: DiscountEffect) -> list[Offer] | None:
    """What a rule would take off; None where it does not apply, and why is told."""
    miss = rule.misses(bill.receipt())
    if miss is None:
        offers = _offers(bill, effect, rule.goods)
        if offers:
            return offers
        miss = Miss("below_first_step" if effect.name == "ladder" else "no_goods")
    bill.facts.append(missed(rule, "discount", miss))
    return None


def _offers(bill: Bill, effect: DiscountEffect, goods: Goods) -> list[Offer]:
    chosen = [i for i, line in enumerate(bill.lines) if line.discount and goods.takes(line)]
    sold = [Sold(bill.lines[i], bill.cost[i]) for i in chosen]
    if not chosen:
        return []
    return [
        Offer([chosen[n] for n in offer.lines], offer.base, offer.money, offer.rate)
        for offer in effect.offers(sold, bill.client, bill.day, bill.digits)
    ]


def _worth(bill: Bill, rule: Rule, offers: Sequence[Offer]) -> Decimal:
    money = _room_for(bill, offers)
    left = limits.left(rule, bill.client, bill.day, bill.spent)
    return money if left.most is None else min(money, left.most)


def _taken(bill: Bill, rule: Rule, effect: DiscountEffect, offers: Sequence[Offer]) -> None:
    left = limits.left(rule, bill.client, bill.day, bill.spent)
    if left.most is not None and left.most <= 0:
        bill.facts.append(missed(rule, "discount", Miss(left.limit)))
        return
    parts = _take(bill, rule.id, rule.title, effect.name, offers, left)
    touched = [i for i, part in enumerate(parts) if part]
    if "points" in rule.closes:
        bill.closed_to_points.update(touched)
    if "earning" in rule.closes:
        bill.closed_to_earning.update(touched)
    given = sum(parts, ZERO)
    bill.used += limits.counted(rule, given, bill.day)
    bill.spend_budget(rule, given)


def _coupon(bill: Bill, coupon: PersonalCoupon) -> None:
    """A personal coupon is a promo code of one client."""
    rule = f"coupon:{coupon.code}"
    short = coupon.minimum - bill.turnover
    if coupon.refused or short > 0:
        missing = None if coupon.refused else short
        reason = coupon.refused or "minimum_receipt"
        bill.facts.append(Fact(rule, "discount", "coupon", coupon.title, applied=False, reason=reason, missing=missing))
        return
    effect = DiscountSum(coupon.amount) if coupon.amount is not None else Discount(coupon.percent or ZERO)
    if any(_take(bill, rule, coupon.title, "coupon", _offers(bill, effect, EVERYTHING))):
        bill.coupons_used.append(coupon.code)


def _codes(bill: Bill, codes: Sequence[PromoCode]) -> None:
    """Of those that don't stack the best for the client counts; of equals the first."""
    worth = {one.code: _room_for(bill, _offers_of(bill, one)) for one in codes if not one.stacks}
    best = max(worth, key=lambda code: worth[code], default="")
    for one in codes:
        if not one.stacks and one.code != best:
            promo.refuse(bill, one, "excluded")
            continue
        parts = _take(bill, one.rule, one.name, f"promo_{one.gives}", _offers_of(bill, one))
        if any(parts):
            promo.use(bill, one, money=sum(parts, ZERO))
        else:
            promo.refuse(bill, one, "no_goods")


def _offers_of(bill: Bill, one: PromoCode) -> list[Offer]:
    if one.gives == "product":
        return promo.unit_of(bill, one)
    effect: DiscountEffect = Discount(one.percent or ZERO, one.amount)
    if one.gives == "sum" and one.amount is not None:
        effect = DiscountSum(one.amount)
    return _offers(bill, effect, promo.goods_of(one))


def _room_for(bill: Bill, offers: Sequence[Offer]) -> Decimal:
    return sum((min(offer.money, _room(bill, offer)) for offer in offers), ZERO)


def _take(bill: Bill, rule: str, title: str, effect: str, offers: Sequence[Offer], left: Left = FREE) -> list[Decimal]:
    """Take offers off their lines, within what is left of the rule's limits. Returns the parts, line by line."""
    sums = [ZERO] * len(bill.lines)
    wanted = sum((offer.money for offer in offers), ZERO)
    allowed = left.most
    for offer in offers:
        money = min(offer.money, _room(bill, offer))
        if allowed is not None:
            money = min(money, allowed)
            allowed -= money
        if money > 0:
            parts = bill.take_off(money, offer.lines)
            sums = [a + b for a, b in zip(sums, parts, strict=True)]
    money = sum(sums, ZERO)
    bill.discounts = [a + b for a, b in zip(bill.discounts, sums, strict=True)]
    if money:
        rates = {offer.rate for offer in offers}
        bill.facts.append(
            Fact(
                rule,
                "discount",
                effect,
                title,
                base=sum((offer.base for offer in offers), ZERO),
                rate=rates.pop() if len(rates) == 1 else None,
                money=money,
                lines=tuple(i for i, part in enumerate(sums) if part),
                reason=_cut_by(left, money, wanted),
            )
        )
    return sums


def _cut_by(left: Left, money: Decimal, wanted: Decimal) -> str:
    if money >= wanted:
        return ""
    return left.limit if left.most is not None and money == left.most else "line_minimum"


def _room(bill: Bill, offer: Offer) -> Decimal:
    return sum((bill.room(i) for i in offer.lines), ZERO)
