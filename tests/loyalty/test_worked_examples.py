"""The worked examples of docs/semantics.md, through the services and the database.

The same examples run over HTTP in tests/cashier.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest

from loyalty.engine.cart import line
from loyalty.refusals import Refused
from tests.loyalty.shop import ONE_PER_ONE, TillStory


def test_1_one_of_two_comes_back(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = story.sell(anna, line(quantity=D(2), price=D(50)))
    assert story.standing(anna).balance == 100
    back = story.give_back(sale, [(0, "1")])
    assert (back.money, back.earned_taken, story.standing(anna).balance) == (D(50), D(50), D(50))


def test_2_points_pay_a_part_and_every_line_gives_back_its_own(story: TillStory) -> None:
    story.publish({"rules": [{"id": "base", "title": "5 %", "effect": {"kind": "percent", "percent": "5"}}]})
    anna = story.join()
    story.give(anna, "100")
    sale = story.sell(anna, "100.00", "50.00", "33.33", points="40")
    assert (sale.to_pay, sale.points_earned) == (D("143.33"), D(7))
    assert [row.points_value for row in sale.lines] == [D("21.82"), D("10.91"), D("7.27")]
    assert [row.points for row in sale.lines] == [22, 11, 7]
    first = story.give_back(sale, [(1, "1")])
    assert (first.money, first.points_back) == (D("39.09"), 11)
    rest = story.give_back(sale)
    assert (rest.points_back, rest.money) == (29, D("104.24"))
    assert story.standing(anna).balance == 100


def test_3_a_point_for_every_thousand(story: TillStory) -> None:
    effect = {"kind": "for_every", "points": "1", "amount": "1000"}
    story.publish({"rules": [{"id": "every", "title": "1 за 1000", "effect": effect}]})
    anna = story.join()
    story.sell(anna, "10000")
    assert story.standing(anna).balance == 10
    story.sell(anna, "10000", points="10")
    assert [points for _kind, points in story.entries(anna)] == [10, -10, 9]


def test_4_the_soonest_to_expire_goes_first(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    january, february = dt.datetime(2027, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 2, 1, tzinfo=dt.UTC)
    story.give(anna, "50", until=february)
    story.give(anna, "50", until=january)
    story.sell(anna, "100", points="70")
    standing = story.standing(anna)
    assert (standing.available, standing.next_expiry_at, standing.next_expiry_points) == (30, february, 30)


def test_5_what_never_expires_goes_last(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    story.give(anna, "100", until=story.now + dt.timedelta(days=30))
    story.sell(anna, "100", points="100")
    standing = story.standing(anna)
    assert (standing.available, standing.next_expiry_at) == (100, None)


def test_6_a_lot_expires_once(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "150", until=story.now + dt.timedelta(days=1))
    story.sell(anna, "50", points="50")
    story.later(days=1)
    assert (story.sweep(), story.sweep()) == (1, 0)
    assert story.entries(anna)[-1] == ("expire", -100)
    assert story.standing(anna).balance == 0


@pytest.mark.parametrize(("debt", "after"), [("allow", -100), ("clamp", 0)])
def test_7_and_8_spent_points_of_a_voided_sale(story: TillStory, debt: str, after: int) -> None:
    story.publish({**ONE_PER_ONE, "points": {"debt": debt, "earn_when_redeeming": False}})
    anna = story.join()
    sale = story.sell(anna, "150")
    story.sell(anna, "100", points="100")
    back = story.void(sale)
    assert back.earned_taken == (150 if debt == "allow" else 50)
    assert story.standing(anna).balance == after
    entries = story.entries(anna)
    assert story.void(sale) == back
    assert story.entries(anna) == entries
    story.sell(anna, "130")
    assert story.standing(anna).balance == after + 130


@pytest.mark.parametrize(("asked", "balance", "allowed"), [("1000", "5000", 1000), ("1000", "700", 700)])
def test_9_cheap_points(story: TillStory, asked: str, balance: str, allowed: int) -> None:
    story.publish({"points": {"value": "0.01"}, "spending": {"min_points": "500", "max_percent": "50"}})
    anna = story.join()
    story.give(anna, balance)
    assert story.quote(anna, "100.00", points=asked).points_redeemed == allowed
    if allowed < int(asked):
        with pytest.raises(Refused) as refused:
            story.sell(anna, "100.00", points=asked)
        assert refused.value.facts["allowed"] == allowed


def test_9_never_more_than_half(story: TillStory) -> None:
    story.publish({"points": {"value": "0.01"}, "spending": {"min_points": "500", "max_percent": "50"}})
    anna = story.join()
    story.give(anna, "10000")
    assert story.quote(anna, "100.00", points="10000").points_redeemed == 5000


def test_10_whole_steps(story: TillStory) -> None:
    story.publish({"points": {"value": "0.05"}, "spending": {"step": "100", "min_points": "100"}})
    anna = story.join()
    story.give(anna, "5000")
    quote = story.quote(anna, "1000.00", points="1050")
    assert (quote.points_redeemed, quote.points_value) == (1000, D("50.00"))


@pytest.mark.parametrize(
    ("by", "rounding", "points"), [("2", "down", 38), ("1.5", "down", 28), ("1.5", "half_up", 29), ("1.5", "up", 29)]
)
def test_11_multipliers(story: TillStory, by: str, rounding: str, points: int) -> None:
    double = {"id": "double", "title": f"×{by}", "effect": {"kind": "multiply", "by": by}}
    story.publish({"rules": [*ONE_PER_ONE["rules"], double], "points": {"rounding": rounding}})
    assert story.quote(story.join(), "19").points_earned == points


@pytest.mark.parametrize(
    ("receipts", "tier"),
    [(["6000"], "bronze"), (["8000", "3000"], "silver"), (["18000", "3000"], "gold"), (["10000"], "silver")],
)
def test_16_tiers(story: TillStory, receipts: list[str], tier: str) -> None:
    steps = [("bronze", "Бронза", "0"), ("silver", "Серебро", "10000"), ("gold", "Золото", "20000")]
    story.publish({"tiers": [{"id": id_, "title": title, "spent": spent} for id_, title, spent in steps]})
    anna = story.join()
    for receipt in receipts:
        story.sell(anna, receipt)
    assert story.standing(anna).tier == tier


def test_19_points_wait_for_a_fortnight(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"pending_days": 14}})
    anna = story.join()
    story.sell(anna, "100")
    # Midnight in Moscow is 21:00 UTC of the day before.
    story.now = dt.datetime(2026, 12, 4, 20, 59, 59, tzinfo=dt.UTC)
    assert (story.standing(anna).available, story.standing(anna).pending) == (0, 100)
    story.now = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)
    assert (story.standing(anna).available, story.standing(anna).pending) == (100, 0)


def test_20_ninety_days(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"expiry": {"kind": "days", "days": 90}, "earn_when_redeeming": False}})
    anna = story.join()
    story.sell(anna, "100")
    story.later(days=10)
    story.sell(anna, "100")
    story.later(days=10)
    story.sell(anna, "150", points="150")
    assert story.standing(anna).balance == 50
    day_100_ends = dt.datetime(2027, 3, 1, 21, 0, tzinfo=dt.UTC)
    story.now = day_100_ends - dt.timedelta(seconds=1)
    assert story.standing(anna).available == 50
    story.now = day_100_ends
    assert story.standing(anna).available == 0
