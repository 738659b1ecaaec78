"""The worked examples of docs/semantics.md, as a till sees them over HTTP."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.cashier.till import FIVE_PERCENT, ONE_PER_ONE, Till, Told, columns


def test_1_one_of_two_comes_back(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna = till.join()
    sale = till.sell(anna, {"quantity": "2", "price": "50"}).ok()
    assert (sale["points_earned"], till.balance(anna)) == ("100", "100")
    back = till.give_back(sale, (0, "1")).ok()
    assert back.get("money", "points_taken_back") == {"money": "50.00", "points_taken_back": "50"}
    assert till.balance(anna) == "50"


def test_2_points_pay_a_part_and_every_line_gives_back_its_own(till: Till) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join()
    till.give(anna, "100")
    sale = till.sell(anna, "100.00", "50.00", "33.33", points="40").ok()
    assert sale.get("to_pay", "points_earned") == {"to_pay": "143.33", "points_earned": "7"}
    assert columns(sale["lines"], "points_value", "points") == [("21.82", "22"), ("10.91", "11"), ("7.27", "7")]
    assert columns(sale["fiscal_lines"], "quantity", "price") == [("1", "78.18"), ("1", "39.09"), ("1", "26.06")]
    assert till.give_back(sale, (1, "1")).ok().get("money", "points_back") == {"money": "39.09", "points_back": "11"}
    rest = till.give_back(sale, (0, "1"), (2, "1")).ok()
    assert rest.get("money", "points_back") == {"money": "104.24", "points_back": "29"}
    assert till.balance(anna) == "100"  # nothing of the 7 is left


def test_2_counted_in_hundredths(till: Till) -> None:
    till.shop.program.precision = 2
    till.shop.program.save()
    till.publish(FIVE_PERCENT, points={"rounding": "half_up"})
    anna = till.join()
    till.give(anna, "100")
    sale = till.sell(anna, "100.00", "50.00", "33.33", points="40").ok()
    assert (sale["points_earned"], till.balance(anna)) == ("7.17", "67.17")


def test_3_a_point_for_every_thousand(till: Till) -> None:
    till.publish(
        {"id": "every", "title": "1 за 1000", "effect": {"kind": "for_every", "points": "1", "amount": "1000"}}
    )
    anna = till.join()
    till.sell(anna, "10000").ok()
    till.sell(anna, "10000", points="10").ok()
    assert till.entries(anna) == [("earn", "10"), ("redeem", "-10"), ("earn", "9")]


def test_4_the_soonest_to_expire_goes_first(till: Till) -> None:
    till.publish()
    anna = till.join()
    january, february = dt.datetime(2027, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 2, 1, tzinfo=dt.UTC)
    till.give(anna, "50", until=february)
    till.give(anna, "50", until=january)
    till.sell(anna, "100", points="70").ok()
    assert till.stands(anna)["next_expiry"] == {"at": "2027-02-01T00:00:00Z", "points": "30"}


def test_5_what_never_expires_goes_last(till: Till) -> None:
    till.publish()
    anna = till.join()
    till.give(anna, "100")
    till.give(anna, "100", until=till.now + dt.timedelta(days=30))
    till.sell(anna, "100", points="100").ok()
    assert till.stands(anna).get("available", "next_expiry") == {"available": "100", "next_expiry": None}


def test_6_a_lot_expires_once(till: Till) -> None:
    till.publish()
    anna = till.join()
    till.give(anna, "150", until=till.now + dt.timedelta(days=1))
    till.sell(anna, "50", points="50").ok()
    till.later(days=1)
    assert till.stands(anna)["available"] == "0"  # before the sweep, too
    till.sweep()
    till.sweep()
    assert till.entries(anna) == [("adjust", "150"), ("redeem", "-50"), ("expire", "-100")]
    assert till.balance(anna) == "0"


@pytest.mark.parametrize(("debt", "taken", "after"), [("allow", "150", -100), ("clamp", "50", 0)])
def test_7_and_8_spent_points_of_a_voided_sale(till: Till, debt: str, taken: str, after: int) -> None:
    till.publish(ONE_PER_ONE, points={"debt": debt, "earn_when_redeeming": False})
    anna = till.join()
    sale = till.sell(anna, "150").ok()
    till.sell(anna, "100", points="100").ok()
    back = till.void(sale).ok()
    assert (back["points_taken_back"], till.balance(anna)) == (taken, str(after))
    entries = till.entries(anna)
    assert till.void(sale).ok().json == back.json
    assert till.entries(anna) == entries
    till.sell(anna, "130").ok()
    assert till.balance(anna) == str(after + 130)


@pytest.mark.parametrize(
    ("balance", "asked", "allowed"), [("5000", "1000", "1000"), ("700", "1000", "700"), ("10000", "10000", "5000")]
)
def test_9_cheap_points(till: Till, balance: str, asked: str, allowed: str) -> None:
    till.publish(points={"value": "0.01"}, spending={"min_points": "500", "max_percent": "50"})
    anna = till.join()
    till.give(anna, balance)
    quote = till.quote(anna, "100.00", points=asked).ok()
    assert quote["points_redeemed"] == allowed
    if allowed != asked:
        refused = till.sell(anna, "100.00", points=asked)
        assert refused.problem == (409, "redemption_limit")
        assert refused["facts"]["allowed"] == allowed


def test_10_whole_steps(till: Till) -> None:
    till.publish(points={"value": "0.05"}, spending={"step": "100", "min_points": "100"})
    anna = till.join()
    till.give(anna, "5000")
    quote = till.quote(anna, "1000.00", points="1050").ok()
    assert quote.get("points_redeemed", "points_value") == {"points_redeemed": "1000", "points_value": "50.00"}


@pytest.mark.parametrize(
    ("by", "rounding", "points"),
    [("2", "down", "38"), ("1.5", "down", "28"), ("1.5", "half_up", "29"), ("1.5", "up", "29")],
)
def test_11_multipliers(till: Till, by: str, rounding: str, points: str) -> None:
    till.publish(
        ONE_PER_ONE,
        {"id": "more", "title": f"×{by}", "effect": {"kind": "multiply", "by": by}},
        points={"rounding": rounding},
    )
    assert till.sell(till.join(), "19").ok()["points_earned"] == points


@pytest.mark.parametrize(
    ("receipts", "tier"),
    [(["6000"], "Бронза"), (["8000", "3000"], "Серебро"), (["18000", "3000"], "Золото"), (["10000"], "Серебро")],
)
def test_16_tiers(till: Till, receipts: list[str], tier: str) -> None:
    steps = [("bronze", "Бронза", "0"), ("silver", "Серебро", "10000"), ("gold", "Золото", "20000")]
    till.publish(tiers=[{"id": id_, "title": title, "spent": spent} for id_, title, spent in steps])
    anna = till.join()
    for receipt in receipts:
        sale = till.sell(anna, receipt).ok()
    assert sale["client"]["tier"]["title"] == till.stands(anna)["tier"]["title"] == tier


def test_19_points_wait_for_a_fortnight(till: Till) -> None:
    till.publish(ONE_PER_ONE, points={"pending_days": 14})
    anna = till.join()
    sale = till.sell(anna, "100").ok()
    # Midnight in Moscow is 21:00 UTC of the day before.
    assert sale["points_pending_until"] == "2026-12-04T21:00:00Z"
    till.now = dt.datetime(2026, 12, 4, 20, 59, 59, tzinfo=dt.UTC)
    assert till.stands(anna).get("available", "pending") == {"available": "0", "pending": "100"}
    till.now = dt.datetime(2026, 12, 4, 21, 0, tzinfo=dt.UTC)
    assert till.stands(anna).get("available", "pending") == {"available": "100", "pending": "0"}


def test_20_ninety_days(till: Till) -> None:
    till.publish(ONE_PER_ONE, points={"expiry": {"kind": "days", "days": 90}, "earn_when_redeeming": False})
    anna = till.join()
    till.sell(anna, "100").ok()
    till.later(days=10)
    till.sell(anna, "100").ok()
    till.later(days=10)
    till.sell(anna, "150", points="150").ok()
    assert till.balance(anna) == "50"
    day_100_ends = dt.datetime(2027, 3, 1, 21, 0, tzinfo=dt.UTC)
    till.now = day_100_ends - dt.timedelta(seconds=1)
    assert till.stands(anna)["available"] == "50"
    till.now = day_100_ends
    assert till.stands(anna)["available"] == "0"


CODE = {"kind": "promo_code", "code": "NOVEMBER"}


def ten_percent(**more: object) -> dict[str, object]:
    return {"id": "code", "title": "−10 %", "effect": {"kind": "discount", "percent": "10"}, "when": [CODE], **more}


def test_12_a_promo_code_of_ten_percent(till: Till) -> None:
    till.publish(ONE_PER_ONE, ten_percent())
    anna = till.join()
    sale = till.sell(anna, "100", promo_codes=["november"]).ok()
    assert sale.get("to_pay", "points_earned", "rejected") == {"to_pay": "90.00", "points_earned": "90", "rejected": []}
    gift = {"sku": "gift", "price": "50", "earn": False, "redeem": False, "discount": False}
    assert till.sell(anna, "100", gift).ok().get("to_pay", "points_earned") == {
        "to_pay": "150.00",
        "points_earned": "100",
    }


@pytest.mark.parametrize(("goods", "pays"), [({}, "135.00"), ({"categories": ["food"]}, "140.00")])
def test_13_points_on_food_only(till: Till, goods: dict[str, list[str]], pays: str) -> None:
    till.publish({**ONE_PER_ONE, "goods": {"categories": ["food"]}}, ten_percent(goods=goods))
    food = {"sku": "bread", "category": "food", "price": "100"}
    sale = till.sell(till.join(), food, "50", promo_codes=["NOVEMBER"]).ok()
    assert sale.get("to_pay", "points_earned") == {"to_pay": pays, "points_earned": "90"}


@pytest.mark.parametrize(("price", "off"), [("120", "9.00"), ("60", "6.00")])
def test_14_ten_percent_and_at_most_nine(till: Till, price: str, off: str) -> None:
    till.publish(ten_percent(effect={"kind": "discount", "percent": "10", "at_most": "9"}))
    assert till.quote(till.join(), price, promo_codes=["NOVEMBER"]).ok()["discount"] == off


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        ({}, "608"),
        ({"goods": {"except_skus": ["B"]}}, "208"),
        ({"goods": {"except_skus": ["A"]}}, "560"),
        ({"goods": {"except_skus": ["A", "delivery"]}}, "400"),
        ({"when": [{"kind": "minimum_receipt", "amount": "300"}]}, "0"),
    ],
)
def test_15_goods_that_take_part(till: Till, rule: dict[str, object], points: str) -> None:
    till.publish({"id": "four", "title": "4 за 1", "effect": {"kind": "per_unit", "points": "4"}, **rule})
    lines = [{"sku": sku, "price": price} for sku, price in (("A", "12"), ("B", "100"), ("delivery", "40"))]
    assert till.sell(till.join(), *lines).ok()["points_earned"] == points


def test_17_three_levels_up_and_half_of_it_back(till: Till) -> None:
    till.publish({"id": "friends", "title": "Друзья", "effect": {"kind": "referral", "percents": ["5", "3", "1"]}})
    people: list[str] = []
    for n in range(4):
        above = {"referrer": till.card_of(people[-1])} if people else {}
        people.append(till.join(f"+7916000000{n}", **above))
    sale = till.sell(people[3], {"quantity": "2", "price": "500"}).ok()
    assert [till.balance(one) for one in people] == ["10", "30", "50", "0"]
    till.give_back(sale, (0, "1")).ok()
    assert [till.balance(one) for one in people] == ["5", "15", "25", "0"]


def test_18_the_accumulating_discount(till: Till) -> None:
    steps = [{"at_least": a, "percent": p} for a, p in (("500", "3"), ("3000", "5"), ("5000", "8"))]
    till.publish({"id": "grows", "title": "Растёт", "effect": {"kind": "ladder", "by": "turnover", "steps": steps}})
    anna = till.join()
    assert [till.sell(anna, price).ok()["to_pay"] for price in ("600", "1000")] == ["600.00", "970.00"]
    till.sell(anna, "3540").ok()
    assert till.sell(anna, "99.99").ok()["to_pay"] == "91.99"


def test_24_a_hundred_for_every_three_hundred(till: Till) -> None:
    till.publish(
        {"id": "every", "title": "100 за 300", "effect": {"kind": "for_every", "points": "100", "amount": "300"}}
    )
    assert till.sell(till.join(), "899.99").ok()["points_earned"] == "200"


def test_25_a_coupon_for_every_500_points(till: Till) -> None:
    coupon = {"id": "club", "title": "Купон", "effect": {"kind": "coupon", "every": "500", "amount": "300"}}
    till.publish(ONE_PER_ONE, coupon)
    anna = till.join()

    def given(sale: Told) -> list[bool]:
        return [fact.get("applied", True) for fact in sale["explanation"] if fact["rule"] == "club"]

    assert given(till.sell(anna, "480").ok()) == [False]
    second = till.sell(anna, "50").ok()
    assert given(second) == [True]
    till.void(second).ok()
    # The coupon went back with it: the next one comes when 500 are earned again.
    assert given(till.sell(anna, "19").ok()) == [False]
    assert given(till.sell(anna, "1").ok()) == [True]
