"""What holds for any programme and any cart."""

from __future__ import annotations

import random
from decimal import Decimal as D
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from loyalty.engine.cart import Cart, Client, Line, PersonalCoupon, Upline, line
from loyalty.engine.giving_back import as_sold, everything
from loyalty.engine.limits import Spent
from loyalty.engine.quote import Quote, quote
from loyalty.engine.rulebook import Rulebook
from tests.engine.said import NOON, rules

categories = st.sampled_from(["food", "tobacco", ""])
percents = st.integers(1, 100).map(str)
effects = st.one_of(
    st.builds(lambda p: {"kind": "percent", "percent": p}, percents),
    st.builds(lambda p: {"kind": "per_unit", "points": p}, st.sampled_from(["1", "0.5", "3"])),
    st.builds(
        lambda p, m: {"kind": "for_every", "points": str(p), "amount": str(m)}, st.integers(1, 50), st.integers(1, 500)
    ),
    st.builds(lambda m: {"kind": "multiply", "by": m}, st.sampled_from(["1.5", "2", "3.3"])),
    st.builds(lambda p: {"kind": "discount", "percent": p}, percents),
    st.builds(lambda p, m: {"kind": "discount", "percent": p, "at_most": str(m)}, percents, st.integers(1, 300)),
    st.builds(lambda m: {"kind": "discount_sum", "amount": str(m)}, st.integers(1, 300)),
    st.builds(
        lambda by, first: {
            "kind": "ladder",
            "by": by,
            "steps": [{"at_least": str(first), "percent": "3"}, {"at_least": str(first + 100), "percent": "12.5"}],
        },
        st.sampled_from(["line_quantity", "line_amount", "receipt_quantity", "receipt_amount", "turnover"]),
        st.integers(0, 500),
    ),
    st.builds(
        lambda p, q: {"kind": "per_item", "points": str(p), "quantity": q},
        st.integers(1, 20),
        st.sampled_from(["1", "3"]),
    ),
    st.builds(lambda p: {"kind": "give", "points": str(p)}, st.integers(1, 200)),
    st.builds(
        lambda p, m: {"kind": "milestone", "points": str(p), "every": str(m)}, st.integers(1, 50), st.integers(50, 999)
    ),
    st.builds(
        lambda p, m: {"kind": "for_every_carried", "points": str(p), "amount": str(m)},
        st.integers(1, 50),
        st.integers(1, 500),
    ),
    st.builds(lambda n: {"kind": "coupon", "every": str(n), "percent": "10"}, st.integers(1, 500)),
    st.builds(lambda p: {"kind": "referral", "percents": [p, "1"]}, percents),
)
conditions = st.one_of(
    st.builds(lambda n: {"kind": "minimum_goods", "amount": str(n)}, st.integers(0, 500)),
    st.builds(lambda n: {"kind": "minimum_line", "amount": str(n)}, st.integers(0, 500)),
    st.builds(lambda n: {"kind": "quantity", "at_least": str(n)}, st.integers(1, 5)),
    st.builds(lambda n: {"kind": "lines", "at_least": n}, st.integers(1, 4)),
    st.builds(lambda n: {"kind": "nth_visit", "number": n}, st.integers(1, 4)),
    st.builds(lambda n: {"kind": "turnover", "at_least": str(n)}, st.integers(0, 2000)),
    st.just({"kind": "first_purchase"}),
    st.just({"kind": "birthday", "before": 7, "after": 7}),
    st.just({"kind": "promo_code", "code": "NOVEMBER"}),
    st.builds(lambda m: {"kind": "minimum_receipt", "amount": str(m)}, st.integers(0, 500)),
    st.builds(lambda by: {"kind": "identified", "by": [by]}, st.sampled_from(["card", "phone"])),
)
DISCOUNTS = {"discount", "discount_sum", "ladder"}
limits = st.fixed_dictionaries(
    {},
    optional={
        "per_receipt": st.integers(1, 300).map(str),
        "per_day": st.integers(1, 300).map(str),
        "times_per_client": st.integers(1, 3),
        "budget": st.integers(1, 300).map(str),
    },
)


def _grouped(rule: dict[str, Any], group: bool) -> dict[str, Any]:
    """Discounts and points are never in one group."""
    kind = "money" if rule["effect"]["kind"] in DISCOUNTS else "points"
    return {**rule, "group": kind} if group else rule


a_rule = st.builds(
    _grouped,
    st.fixed_dictionaries(
        {"effect": effects},
        optional={
            "goods": st.builds(lambda c: {"categories": [c]}, categories),
            "when": st.lists(conditions, max_size=1),
            "limits": limits,
            "closes": st.sampled_from([[], ["points"], ["earning"], ["points", "earning"]]),
        },
    ),
    st.booleans(),
)
programmes = st.builds(
    lambda listed, precision, points, spending, tier: rules(
        *listed,
        program={"precision": precision},
        points=points,
        spending=spending,
        tiers=[{"id": "t", "title": "T", **tier}],
    ),
    st.lists(a_rule, max_size=5),
    st.sampled_from([0, 2]),
    st.fixed_dictionaries(
        {},
        optional={
            "value": st.sampled_from(["1", "0.05", "0.003"]),
            "rounding": st.sampled_from(["down", "half_up", "up"]),
            "earn_on": st.sampled_from(["money", "total"]),
            "earn_when_redeeming": st.booleans(),
            "caps": st.fixed_dictionaries({}, optional={"per_receipt": st.integers(1, 300).map(str)}),
        },
    ),
    st.fixed_dictionaries(
        {},
        optional={
            "max_percent": percents,
            "per_receipt": st.integers(0, 500).map(str),
            "step": st.integers(1, 50).map(str),
            "min_points": st.integers(0, 100).map(str),
            "line_minimum": st.sampled_from(["0", "0.01", "1"]),
            "round_to_pay": st.booleans(),
            "confirm": st.just([]),
        },
    ),
    st.fixed_dictionaries({}, optional={"earn_percent": percents, "discount_percent": st.integers(0, 30).map(str)}),
)


mostly = st.sampled_from([True, True, True, False])
# A SKU of its own tells each line from the others.
lines = st.lists(
    st.builds(
        line,
        quantity=st.sampled_from([D(1), D(2), D("0.347")]),
        price=st.integers(0, 100_000).map(lambda kopecks: D(kopecks) / 100),
        sku=st.integers(0, 99).map("sku-{}".format),
        category=categories,
        min_price=st.sampled_from([D(0), D(0), D(50)]),
        earn=mostly,
        redeem=mostly,
        discount=mostly,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda each: each.sku,
)
asked: st.SearchStrategy[Any] = st.one_of(st.none(), st.just("max"), st.integers(0, 3000).map(D))
codes = st.lists(st.sampled_from(["november", "MAY", "AB12"]), max_size=3, unique=True)
carts = st.builds(lambda listed, points, named: Cart(tuple(listed), points, tuple(named)), lines, asked, codes)
COUPON = PersonalCoupon("AB12", "club", amount=D(30))
clients = st.builds(
    lambda available, by, spent, visits, chain, coupons: Client(
        available=D(available),
        identified_by=by,
        confirmed=True,
        tier="t",
        spent=D(spent),
        visits=visits,
        purchases=visits,
        birthday=NOON.date().replace(year=1990),
        uplines=tuple(Upline(n + 1) for n in range(chain)),
        coupons=coupons,
    ),
    st.integers(0, 5000),
    st.sampled_from(["card", "phone"]),
    st.integers(0, 3000),
    st.integers(0, 5),
    st.integers(0, 3),
    st.sampled_from([(), (COUPON,)]),
)


@settings(max_examples=300, deadline=None)
@given(programmes, clients, carts)
def test_parts_add_up_to_the_kopeck(rulebook: Rulebook, who: Client, cart: Cart) -> None:
    told = quote(rulebook, who, cart, NOON)
    assert told.total == sum(each.amount for each in cart.lines)
    assert told.total == told.discount + told.points_value + told.certificates_paid + told.to_pay
    for name, whole in (
        ("discount", told.discount),
        ("points_value", told.points_value),
        ("points", told.points),
        ("paid", told.to_pay),
        ("earned", told.earned - sum(each.points for each in told.earnings if each.one_off)),
    ):
        parts = [getattr(priced, name) for priced in told.lines]
        assert sum(parts) == whole
        assert min(parts) >= 0
    for priced in told.lines:
        assert priced.line.amount == priced.discount + priced.points_value + priced.certificate + priced.paid
        _keeps_what_is_forbidden(priced, rulebook)
    for earning in told.earnings:
        assert earning.points > 0
        assert earning.one_off or sum(earning.parts) == earning.points


def _keeps_what_is_forbidden(priced: Any, rulebook: Rulebook) -> None:
    sold: Line = priced.line
    floor = min(sold.amount, max(sold.min_price, rulebook.line_minimum) * sold.quantity)
    assert priced.paid >= floor
    assert sold.discount or not priced.discount
    assert sold.redeem or not priced.points
    assert sold.earn or not priced.earned


@settings(max_examples=200, deadline=None)
@given(programmes, clients, carts, st.integers())
def test_the_order_of_lines_and_of_codes_does_not_matter(
    rulebook: Rulebook, who: Client, cart: Cart, seed: int
) -> None:
    lines = list(cart.lines)
    random.Random(seed).shuffle(lines)
    one = quote(rulebook, who, cart, NOON)
    codes = list(cart.promo_codes)
    random.Random(seed).shuffle(codes)
    other = quote(rulebook, who, Cart(tuple(lines), cart.points, tuple(codes)), NOON)
    assert _sums(one) == _sums(other)
    assert {each.line.sku: each for each in one.lines} == {each.line.sku: each for each in other.lines}


def _sums(told: Quote) -> tuple[Any, ...]:
    earned = [(each.rule, each.points) for each in told.earnings]
    beside = told.awards, told.coupons, told.coupons_used, told.used, told.budgets, set(told.rejected)
    return told.discount, told.points, told.points_value, told.to_pay, told.earned, earned, told.allowance, *beside


@settings(max_examples=300, deadline=None)
@given(programmes, clients, carts, st.integers(0, 300))
def test_nothing_exceeds_caps_limits_and_budgets(rulebook: Rulebook, who: Client, cart: Cart, spent: int) -> None:
    gone = {rule.id: Spent(D(spent), 1) for rule in rulebook.rules}
    told = quote(rulebook, who, cart, NOON, gone)
    cap = rulebook.points.caps.per_receipt
    assert cap is None or told.earned <= cap
    given_by = {each.rule: each.points for each in told.earnings}
    given_by |= {fact.rule: fact.money or D(0) for fact in told.facts if fact.kind == "discount" and fact.applied}
    for rule in rulebook.rules:
        limit, points = rule.limits, given_by.get(rule.id, D(0))
        for most in (limit.per_receipt, limit.per_day, limit.budget and max(limit.budget - spent, D(0))):
            assert most is None or points <= most


proportional = st.lists(
    st.one_of(
        st.builds(lambda p: {"kind": "percent", "percent": p}, percents),
        st.builds(lambda p: {"kind": "per_unit", "points": p}, st.sampled_from(["1", "0.5", "3"])),
        st.builds(lambda p: {"kind": "discount", "percent": p}, percents),
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(proportional, lines)
def test_without_thresholds_one_line_more_never_earns_less(effects: list[dict[str, Any]], listed: list[Line]) -> None:
    rulebook, who = rules(*effects, program={"precision": 2}), Client(tier="t")
    # A minimum price is a threshold, too: what it does not let a line have, the others get.
    listed = [structs.replace(each, min_price=D(0)) for each in listed]
    fewer = quote(rulebook, who, Cart(tuple(listed[:-1])), NOON).earned if listed[1:] else D(0)
    # A discount is rounded for the receipt as a whole: each may move a kopeck from line to line.
    moved = len(listed) * sum(effect["kind"] == "discount" for effect in effects) * D("0.01")
    assert quote(rulebook, who, Cart(tuple(listed)), NOON).earned >= fewer - moved * 3


@settings(deadline=None)
@given(programmes, clients, carts)
def test_the_same_input_gives_the_same_output(rulebook: Rulebook, who: Client, cart: Cart) -> None:
    assert quote(rulebook, who, cart, NOON) == quote(rulebook, who, cart, NOON)


@settings(max_examples=200, deadline=None)
@given(programmes, clients, carts)
def test_the_explanation_sums_up_to_the_totals(rulebook: Rulebook, who: Client, cart: Cart) -> None:
    told = quote(rulebook, who, cart, NOON)
    applied = [fact for fact in told.facts if fact.applied]
    money = {
        kind: sum((f.money or D(0) for f in applied if f.kind == kind), D(0))
        for kind in ("discount", "rounding", "redeem")
    }
    assert money["discount"] + money["rounding"] == told.discount
    assert money["redeem"] == told.points_value
    assert sum((f.points or D(0) for f in applied if f.kind == "earn"), D(0)) == told.earned
    assert sum((f.points or D(0) for f in applied if f.kind == "referral"), D(0)) == sum(a.points for a in told.awards)
    assert all(fact.reason for fact in told.facts if not fact.applied)


@settings(max_examples=200, deadline=None)
@given(programmes, clients, carts)
def test_limits_hold_in_any_programme(rulebook: Rulebook, who: Client, cart: Cart) -> None:
    told = quote(rulebook, who, cart, NOON)
    assert told.points <= min(who.available, told.allowance.points)
    assert told.points % rulebook.spending_step == 0
    assert told.points == 0 or told.points >= rulebook.spending.min_points
    assert told.points_value == told.points * rulebook.points.value
    # A quote that asks for what it was allowed gets exactly that.
    allowed = Cart(cart.lines, told.allowance.points)
    assert quote(rulebook, who, allowed, NOON).points == told.allowance.points


@settings(max_examples=200, deadline=None)
@given(programmes, clients, carts)
def test_everything_comes_back(rulebook: Rulebook, who: Client, cart: Cart) -> None:
    told = quote(rulebook, who, cart, NOON)
    backs = everything(as_sold(told.lines), digits=2, precision=rulebook.program.precision)
    assert sum((back.money for back in backs), D(0)) == told.to_pay
    assert sum((back.points for back in backs), D(0)) == told.points
    one_offs = sum((each.points for each in told.earnings if each.one_off), D(0))
    assert sum((back.earned for back in backs), D(0)) == told.earned - one_offs
