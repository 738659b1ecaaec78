"""How many points may pay: every limit at its border, and what it leaves on the lines."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.engine.cart import Client, Line
from loyalty.engine.rulebook import Rulebook
from tests.engine.said import buys, client, goods, rules, why

GOLD = [{"id": "b", "title": "B"}, {"id": "g", "title": "G", "spent": "100", "max_percent": "80"}]


@pytest.mark.parametrize(
    ("spending", "who", "price", "allowed", "limit"),
    [
        ({}, client(1000), "300.99", 300, "max_percent"),
        ({}, client(300), "300.99", 300, "balance"),
        ({}, client(0), "300", 0, "balance"),
        ({"max_percent": "30"}, client(1000), "333.33", 99, "max_percent"),
        ({"max_percent": "30"}, client(1000), "333.34", 100, "max_percent"),
        ({"max_percent": "0"}, client(1000), "300", 0, "max_percent"),
        ({"per_receipt": "50"}, client(1000), "300", 50, "per_receipt"),
        ({"per_receipt": "0"}, client(1000), "300", 0, "per_receipt"),
        ({"per_day": "50"}, client(1000, redeemed_today=D(20)), "300", 30, "per_day"),
        ({"per_day": "50"}, client(1000, redeemed_today=D(50)), "300", 0, "per_day"),
        ({"per_day": "50"}, client(1000, redeemed_today=D(80)), "300", 0, "per_day"),
        ({"min_points": "100"}, client(99), "300", 0, "min_points"),
        ({"min_points": "100"}, client(100), "300", 100, "balance"),
        ({"min_points": "100"}, client(1000), "99", 0, "min_points"),
        ({"step": "50"}, client(149), "300", 100, "balance"),
        ({"step": "50"}, client(150), "300", 150, "balance"),
        ({"redeem_from": "500"}, client(499), "300", 0, "redeem_from"),
        ({"redeem_from": "500"}, client(500), "300", 300, "max_percent"),
        ({"line_minimum": "1"}, client(1000), "300", 299, "line_minimum"),
        ({"line_minimum": "0.01"}, client(1000), "300", 299, "line_minimum"),
    ],
)
def test_limits(spending: dict[str, Any], who: Client, price: str, allowed: int, limit: str) -> None:
    quoted = buys(rules(spending=spending), who, price, points="max")
    assert (quoted.points, quoted.allowance.points, quoted.allowance.limit) == (allowed, allowed, limit)
    assert quoted.to_pay == D(price) - allowed


@pytest.mark.parametrize(("tier", "allowed"), [("b", 50), ("g", 80), ("", 50)])
def test_a_tier_has_a_percent_of_its_own(tier: str, allowed: int) -> None:
    who = client(1000, tier=tier, spent=D(200) if tier == "g" else D(0))
    assert buys(rules(tiers=GOLD, spending={"max_percent": "50"}), who, "100", points="max").points == allowed


@pytest.mark.parametrize(
    ("asked", "granted"), [(None, 0), (0, 0), (1, 0), (99, 0), (100, 100), (149, 100), (150, 150), (10_000, 300)]
)
def test_what_is_asked_is_cut_to_steps_and_to_the_limit(asked: int | None, granted: int) -> None:
    rulebook = rules(spending={"step": "50", "min_points": "100"})
    assert buys(rulebook, client(1000), "349", points=asked).points == granted


@pytest.mark.parametrize(
    ("value", "precision", "step", "smallest"),
    [
        ("1", 0, None, "1"),
        ("0.05", 0, None, "1"),
        ("0.005", 0, None, "2"),
        ("0.003", 0, None, "10"),
        ("0.003", 0, "4", "20"),
        ("2.5", 0, "3", "3"),
        ("1", 2, None, "0.01"),
        ("0.5", 2, None, "0.02"),
        ("0.5", 2, "0.05", "0.1"),
        ("0.0001", 2, None, "100"),
    ],
)
def test_only_whole_kopecks_can_be_spent(value: str, precision: int, step: str | None, smallest: str) -> None:
    rulebook = rules(program={"precision": precision}, points={"value": value}, spending={"step": step})
    assert rulebook.spending_step == D(smallest)
    quoted = buys(rulebook, client("777.77" if precision else 777), "50", points="max")
    assert quoted.points % rulebook.spending_step == 0
    assert quoted.points_value == (quoted.points * D(value)).quantize(D("0.01"))


@pytest.mark.parametrize(
    ("by", "confirmed", "allowed", "taken"),
    [("phone", False, True, 0), ("phone", True, False, 50), ("id", False, True, 0), ("card", False, False, 50)],
)
def test_by_phone_alone_nobody_spends(by: Any, confirmed: bool, allowed: bool, taken: int) -> None:
    quoted = buys(rules(), client(50, identified_by=by, confirmed=confirmed), "100", points="max")
    assert (quoted.points, quoted.allowance.points, quoted.allowance.needs_confirmation) == (taken, 50, allowed)


def test_the_merchant_may_allow_it() -> None:
    assert buys(rules(spending={"confirm": []}), client(50, identified_by="phone"), "100", points=50).points == 50


def test_nobody_spends_nothing() -> None:
    quoted = buys(rules(), None, "100", points=10)
    assert (quoted.points, quoted.allowance.limit, quoted.earned) == (0, "no_client", 0)


@pytest.mark.parametrize(
    ("lines", "points", "paid"),
    [
        # Tobacco takes no points.
        ([goods("100"), goods("200", redeem=False)], 100, ["0", "200"]),
        # Alcohol has a floor per unit.
        ([goods("500", quantity=D(2), min_price=D("478.50"))], 43, ["957.00"]),
        ([goods("500", quantity=D(2), min_price=D("478.50")), goods("57")], 100, ["957.00", "0"]),
        # A floor above the price takes nothing off, and adds nothing.
        ([goods("10", min_price=D(20)), goods("90")], 90, ["10", "0"]),
        # 0.5 of something with a floor of 0.01 costs a kopeck at least.
        ([goods("10", quantity=D("0.5"), min_price=D("0.01"))], 4, ["1.00"]),
    ],
)
def test_lines_that_points_may_not_pay_to_the_end(lines: list[Line], points: int, paid: list[str]) -> None:
    quoted = buys(rules(), client(1000), *lines, points="max")
    assert quoted.points == points
    assert [line.paid for line in quoted.lines] == [D(each) for each in paid]


def test_points_that_were_given_know_no_limit_but_the_receipt() -> None:
    rulebook = rules(spending={"max_percent": "10", "min_points": "500"})
    assert buys(rulebook, client(0), "100", points=80, given=True).points == 80
    assert buys(rulebook, client(0), "100", points=180, given=True).points == 100


def test_the_sum_to_pay_is_rounded_after_the_points() -> None:
    quoted = buys(rules(spending={"round_to_pay": True}), client(10), "99.99", "0.99", points=10)
    assert (quoted.to_pay, quoted.discount, quoted.points_value) == (90, D("0.98"), 10)


@pytest.mark.parametrize("lines", [["99.00"], [goods("99.50", discount=False)], [goods("0.50", min_price=D("0.30"))]])
def test_there_is_not_always_something_to_round(lines: list[str | Line]) -> None:
    quoted = buys(rules(spending={"round_to_pay": True}), client(), *lines)
    assert quoted.discount == 0


cheap = st.sampled_from(["1", "0.05", "0.003", "2.5"])


@given(
    cheap,
    st.sampled_from([0, 2]),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=5),
    st.integers(0, 10**6),
    st.one_of(st.just("max"), st.integers(0, 10**6)),
    st.integers(0, 100),
)
def test_limits_are_never_exceeded(
    value: str, precision: int, kopecks: list[int], available: int, asked: Any, percent: int
) -> None:
    rulebook: Rulebook = rules(
        program={"precision": precision},
        points={"value": value},
        spending={"max_percent": str(percent), "per_receipt": "700"},
    )
    lines = [goods(str(D(k) / 100), sku=f"{n}") for n, k in enumerate(kopecks)]
    quoted = buys(rulebook, client(available), *lines, points=asked)
    assert quoted.points <= min(available, 700)
    assert quoted.points_value * 100 <= quoted.total * percent
    assert quoted.points_value == quoted.points * D(value)
    assert asked == "max" or quoted.points <= asked
    assert sum(line.points for line in quoted.lines) == quoted.points
    assert all(line.points == 0 for line in quoted.lines if line.points_value == 0)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [(50, "min_points"), (99, "min_points"), (100, ""), (301, "max_percent"), ("max", "max_percent")],
)
def test_the_limit_that_cut_the_request_is_named(asked: int | str, reason: str) -> None:
    assert why(buys(rules(spending={"min_points": "100"}), client(1000), "300", points=asked), "spending") == reason
