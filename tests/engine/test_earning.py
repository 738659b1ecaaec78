"""What a receipt earns, rule by rule, and on which money."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from tests.engine.said import ONE_PER_ONE, buys, client, goods, rules, why


def percent(figure: str) -> dict[str, Any]:
    return {"kind": "percent", "percent": figure}


def every(points: str, amount: str) -> dict[str, Any]:
    return {"kind": "for_every", "points": points, "amount": amount}


def times(by: str) -> dict[str, Any]:
    return {"kind": "multiply", "by": by}


@pytest.mark.parametrize(
    ("effects", "price", "points"),
    [
        ([], "100", 0),
        ([percent("5")], "143.33", 7),
        ([percent("5")], "19.99", 0),
        ([percent("5")], "20", 1),
        ([ONE_PER_ONE], "99.99", 99),
        ([{"kind": "per_unit", "points": "0.1"}], "99.99", 9),
        ([every("100", "300")], "899.99", 200),
        ([every("100", "300")], "900", 300),
        ([every("1", "1000")], "999.99", 0),
        # The highest base rate wins; equals go to the first.
        ([percent("5"), percent("10")], "100", 10),
        # A bonus comes on top of the base.
        ([percent("5"), every("10", "50")], "100", 25),
        ([ONE_PER_ONE, times("2")], "19", 38),
        # Several multipliers add up, they don't compound.
        ([ONE_PER_ONE, times("2"), times("3")], "10", 40),
        # And they multiply the base alone.
        ([ONE_PER_ONE, every("10", "10"), times("2")], "10", 30),
        ([times("2")], "10", 0),
    ],
)
def test_points(effects: list[dict[str, Any]], price: str, points: int) -> None:
    assert buys(rules(*effects), client(), price).earned == points


@pytest.mark.parametrize(
    ("precision", "rounding", "points"),
    [
        (0, "down", "7"),
        (0, "half_up", "7"),
        (0, "up", "8"),
        (2, "down", "7.16"),
        (2, "half_up", "7.17"),
        (2, "up", "7.17"),
    ],
)
def test_rounding(precision: int, rounding: str, points: str) -> None:
    rulebook = rules(percent("5"), program={"precision": precision}, points={"rounding": rounding})
    assert buys(rulebook, client(), "143.33").earned == D(points)


def test_a_rule_is_rounded_once_and_never_per_line() -> None:
    ten = [goods("9.99", sku=f"{n}") for n in range(10)]
    quoted = buys(rules(percent("10")), client(), *ten)
    assert quoted.earned == 9
    assert sorted(line.earned for line in quoted.lines) == [0, *[1] * 9]


@pytest.mark.parametrize(("earn_on", "points"), [("money", 60), ("total", 100)])
def test_the_part_that_points_paid(earn_on: str, points: int) -> None:
    assert buys(rules(ONE_PER_ONE, points={"earn_on": earn_on}), client(40), "100", points=40).earned == points


def test_nothing_is_earned_beside_points_where_the_programme_says_so() -> None:
    rulebook = rules(ONE_PER_ONE, points={"earn_when_redeeming": False})
    quoted = buys(rulebook, client(40), "100", points=1)
    assert (quoted.earned, why(quoted, "earning")) == (0, "redeeming")
    assert buys(rulebook, client(40), "100").earned == 100
    # Points that could not be taken hinder nothing.
    assert buys(rulebook, client(0), "100", points=1).earned == 100


def test_a_line_may_earn_nothing() -> None:
    quoted = buys(rules(ONE_PER_ONE, every("5", "10")), client(), goods("100", earn=False), "30")
    assert [line.earned for line in quoted.lines] == [0, 45]


def test_each_line_takes_its_highest_rate() -> None:
    food = {"effect": percent("10"), "goods": {"categories": ["food"]}}
    quoted = buys(rules(percent("5"), food), client(), goods("100", category="food"), "60")
    assert [(e.rule, e.points) for e in quoted.earnings] == [("rule-0", 3), ("rule-1", 10)]


def test_the_tier_s_percent_is_a_base_like_any_other() -> None:
    tiers = [
        {"id": "b", "title": "B", "earn_percent": "5"},
        {"id": "s", "title": "S", "spent": "1000", "earn_percent": "10"},
    ]
    food = {"effect": percent("7"), "goods": {"categories": ["food"]}}
    cart = (goods("100", category="food"), goods("200"))
    assert buys(rules(food, tiers=tiers), client(tier="b"), *cart).earned == 7 + 10
    assert buys(rules(food, tiers=tiers), client(tier="s"), *cart).earned == 30


def test_a_multiplier_of_some_goods() -> None:
    double = {"effect": times("2"), "goods": {"categories": ["food"]}}
    quoted = buys(rules(ONE_PER_ONE, double), client(), goods("100", category="food"), "50")
    assert [line.earned for line in quoted.lines] == [200, 50]


def test_what_is_missing_to_the_next_hundred() -> None:
    quoted = buys(rules(every("10", "300")), client(), "280")
    assert [(fact.reason, fact.missing) for fact in quoted.facts] == [("for_every", 20)]


def test_example_15_points_by_lines() -> None:
    def points(about: dict[str, Any], when: tuple[dict[str, Any], ...] = ()) -> int:
        rulebook = rules({"effect": {"kind": "per_unit", "points": "4"}, "goods": about, "when": when})
        cart = (goods("12", sku="A"), goods("100", sku="B"), goods("40", sku="delivery"))
        return int(buys(rulebook, client(), *cart).earned)

    assert points({}) == 608
    assert points({"except_skus": ["B"]}) == 208
    assert points({"except_skus": ["A"]}) == 560
    assert points({"except_skus": ["A", "delivery"]}) == 400
    assert points({}, ({"kind": "minimum_receipt", "amount": "300"},)) == 0


def test_a_receipt_without_a_client_earns_nothing() -> None:
    assert buys(rules(ONE_PER_ONE), None, "100").earnings == ()


# ---------------------------------------------------------------- discounts


@pytest.mark.parametrize(
    ("percents", "price", "paid"),
    [
        (["10"], "100", "90"),
        # Each on what the last one left.
        (["10", "10"], "100", "81"),
        (["100"], "100", "0"),
        (["100", "50"], "100", "0"),
        # Half up.
        (["8"], "99.99", "91.99"),
        (["50"], "0.01", "0"),
        (["33.33"], "10", "6.67"),
    ],
)
def test_discounts(percents: list[str], price: str, paid: str) -> None:
    quoted = buys(rules(*({"kind": "discount", "percent": each} for each in percents)), client(), price)
    assert (quoted.to_pay, quoted.discount) == (D(paid), D(price) - D(paid))


def test_a_percent_is_computed_on_the_sum_and_spread() -> None:
    quoted = buys(rules({"kind": "discount", "percent": "10"}), client(), "0.33", "0.33", "0.34")
    assert quoted.discount == D("0.10")
    assert sorted(line.discount for line in quoted.lines) == [D("0.03"), D("0.03"), D("0.04")]


def test_lines_without_discount_and_with_a_floor() -> None:
    rulebook = rules({"kind": "discount", "percent": "50"})
    quoted = buys(rulebook, client(), goods("100", discount=False), goods("100", min_price=D(80)), "100")
    assert [line.paid for line in quoted.lines] == [100, 80, 20]
    assert why(quoted, "rule-0") == ""
    alone = buys(rulebook, client(), goods("100", min_price=D(80)))
    assert (alone.to_pay, why(alone, "rule-0")) == (80, "line_minimum")


def test_the_tier_s_discount_comes_first_and_earns_beside() -> None:
    tiers = [{"id": "b", "title": "B", "discount_percent": "10", "earn_percent": "10"}]
    quoted = buys(rules({"kind": "discount", "percent": "50"}, tiers=tiers), client(tier="b"), "100")
    assert [(fact.rule, fact.money) for fact in quoted.facts if fact.kind == "discount"] == [
        ("discount:b", 10),
        ("rule-0", 45),
    ]
    assert quoted.earned == 4


def test_discounts_need_no_client_unless_they_say_so() -> None:
    off = {"kind": "discount", "percent": "10"}
    assert buys(rules(off), None, "100").to_pay == 90
    known = {"effect": off, "when": [{"kind": "identified", "by": ["card", "phone"]}]}
    assert buys(rules(known), None, "100").to_pay == 100
