"""Each condition and effect of the constructor at its borders."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from loyalty.engine.cart import Client, Day, PersonalCoupon, Upline, Used
from loyalty.engine.limits import Spent
from loyalty.engine.quote import Quote, quote
from tests.engine.said import NOON, ONE_PER_ONE, D, buys, cart, client, goods, rules, why

TODAY = dt.date(2026, 11, 21)


def earned(when: dict[str, Any], who: Client, *lines: Any, **more: Any) -> tuple[int, str]:
    rulebook = rules({"effect": ONE_PER_ONE, "when": [when], **more})
    quoted = buys(rulebook, who, *(lines or ("100",)))
    return int(quoted.earned), why(quoted, "rule-0")


def days_ago(number: int) -> dt.date:
    return TODAY - dt.timedelta(days=number)


def visits(*ago: int) -> tuple[Day, ...]:
    return tuple(Day(days_ago(n), D(100)) for n in ago)


BORN = dt.date(1990, 11, 21)
MILK = goods("50", sku="milk", category="dairy", brand="Луг")
TEA = goods("30", sku="tea", category="tea")


@pytest.mark.parametrize(
    ("when", "who", "reason"),
    [
        ({"kind": "first_purchase"}, client(), ""),
        ({"kind": "first_purchase"}, client(purchases=1), "first_purchase"),
        ({"kind": "nth_visit", "number": 5}, client(visits=4), ""),
        ({"kind": "nth_visit", "number": 5}, client(visits=3), "nth_visit"),
        ({"kind": "nth_visit", "number": 5}, client(visits=9), ""),
        ({"kind": "nth_visit", "number": 5, "again": False}, client(visits=9), "passed"),
        ({"kind": "nth_visit", "number": 5}, client(visits=4, visited_today=True), "visited_today"),
        ({"kind": "visits_within", "visits": 3, "days": 7}, client(days=visits(1, 6)), ""),
        ({"kind": "visits_within", "visits": 3, "days": 7}, client(days=visits(1, 7)), "visits_within"),
        ({"kind": "visits_within", "visits": 3, "days": 7}, client(days=visits(0, 1)), "visits_within"),
        ({"kind": "turnover", "at_least": "1000"}, client(spent=D("999.99")), "turnover"),
        ({"kind": "turnover", "at_least": "1000"}, client(spent=D(1000)), ""),
        ({"kind": "turnover", "below": "1000"}, client(spent=D(1000)), "passed"),
        ({"kind": "turnover", "at_least": "200", "days": 2}, client(spent=D(9999), days=visits(0, 1)), ""),
        ({"kind": "turnover", "at_least": "200", "days": 2}, client(spent=D(9999), days=visits(1, 2)), "turnover"),
        ({"kind": "comes_back", "days": 30}, client(last_purchase_on=days_ago(30)), ""),
        ({"kind": "comes_back", "days": 30}, client(last_purchase_on=days_ago(29)), "comes_back"),
        ({"kind": "comes_back", "days": 30}, client(), "comes_back"),
        ({"kind": "birthday"}, client(birthday=BORN), ""),
        ({"kind": "birthday"}, client(birthday=BORN + dt.timedelta(days=1)), "birthday"),
        ({"kind": "birthday", "before": 3}, client(birthday=BORN + dt.timedelta(days=3)), ""),
        ({"kind": "birthday", "before": 3}, client(birthday=BORN + dt.timedelta(days=4)), "birthday"),
        ({"kind": "birthday", "after": 7}, client(birthday=BORN - dt.timedelta(days=7)), ""),
        ({"kind": "birthday", "after": 7}, client(birthday=BORN - dt.timedelta(days=8)), "birthday"),
        ({"kind": "birthday"}, client(), "birthday_unknown"),
        ({"kind": "age", "at_least": 36}, client(birthday=BORN), ""),
        ({"kind": "age", "at_least": 36}, client(birthday=BORN + dt.timedelta(days=1)), "age"),
        ({"kind": "age", "at_most": 35}, client(birthday=BORN), "age"),
        ({"kind": "age", "at_most": 36}, client(birthday=BORN), ""),
        ({"kind": "age", "at_most": 99}, client(birthday=BORN, birthday_year_known=False), "birthday_unknown"),
        ({"kind": "tags", "any": ["vip", "b2b"]}, client(tags=("b2b",)), ""),
        ({"kind": "tags", "any": ["vip"]}, client(), "tags"),
        ({"kind": "tags", "none": ["staff"]}, client(tags=("staff",)), "tags"),
        ({"kind": "tags", "any": ["vip"], "none": ["staff"]}, client(tags=("vip", "staff")), "tags"),
        ({"kind": "invited"}, client(invited=True), ""),
        ({"kind": "invited"}, client(), "invited"),
        ({"kind": "member_for", "days": 365}, client(joined_on=days_ago(365)), ""),
        ({"kind": "member_for", "days": 365}, client(joined_on=days_ago(364)), "member_for"),
        ({"kind": "member_for", "days": 365}, client(), "member_for"),
    ],
)
def test_conditions_on_the_client(when: dict[str, Any], who: Client, reason: str) -> None:
    points, missed = earned(when, who)
    assert (missed, points > 0) == (reason, not reason)


@pytest.mark.parametrize(
    ("when", "lines", "reason"),
    [
        ({"kind": "minimum_goods", "amount": "80"}, (MILK, TEA), ""),
        ({"kind": "minimum_goods", "amount": "80.01"}, (MILK, TEA), "minimum_goods"),
        ({"kind": "minimum_line", "amount": "50"}, (MILK, TEA), ""),
        ({"kind": "minimum_line", "amount": "50.01"}, (MILK, TEA), "minimum_line"),
        ({"kind": "quantity", "at_least": "2"}, (MILK, TEA), ""),
        ({"kind": "quantity", "at_least": "2.001"}, (MILK, TEA), "quantity"),
        ({"kind": "quantity", "at_least": "0.5"}, (goods("10", quantity=D("0.5")),), ""),
        ({"kind": "lines", "at_least": 2}, (MILK, TEA), ""),
        ({"kind": "lines", "at_least": 3}, (MILK, TEA), "lines"),
    ],
)
def test_conditions_on_the_goods(when: dict[str, Any], lines: tuple[Any, ...], reason: str) -> None:
    assert earned(when, client(), *lines)[1] == reason


def test_goods_conditions_look_at_the_goods_of_the_rule_alone() -> None:
    milk = {"categories": ["dairy"]}
    assert earned({"kind": "minimum_goods", "amount": "50"}, client(), MILK, TEA, goods=milk) == (50, "")
    assert earned({"kind": "minimum_goods", "amount": "51"}, client(), MILK, TEA, goods=milk) == (0, "minimum_goods")


@pytest.mark.parametrize("year", [2024, 2026])
def test_born_on_the_29th_of_february(year: int) -> None:
    day = dt.datetime(year, 2, 29 if year == 2024 else 28, 9, tzinfo=dt.UTC)
    rulebook = rules({"effect": ONE_PER_ONE, "when": [{"kind": "birthday"}]})
    assert buys(rulebook, client(birthday=dt.date(2000, 2, 29)), "100", at=day).earned == 100


# ---------------------------------------------------------------- discounts


def ladder(by: str, *steps: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"kind": "ladder", "by": by, "steps": [{"at_least": a, "percent": p} for a, p in steps], **more}


GROWING = ladder("turnover", ("500", "3"), ("3000", "5"), ("5000", "8"))


@pytest.mark.parametrize(
    ("turnover", "price", "pays"),
    [
        ("0", "600", "600"),
        ("600", "1000", "970"),
        ("5000", "99.99", "91.99"),
        ("2999.99", "100", "97"),
        ("3000", "100", "95"),
    ],
)
def test_the_accumulating_discount(turnover: str, price: str, pays: str) -> None:
    """Worked example 18, and its borders."""
    assert buys(rules(GROWING), client(spent=D(turnover)), price).to_pay == D(pays)


def test_the_accumulating_discount_of_a_period() -> None:
    rulebook = rules(ladder("turnover", ("200", "10"), days=30))
    assert buys(rulebook, client(spent=D(9999), days=visits(1, 29)), "100").to_pay == 90
    assert buys(rulebook, client(spent=D(9999), days=visits(1, 30)), "100").to_pay == 100


def test_wholesale_by_the_pieces_of_a_line() -> None:
    rulebook = rules(ladder("line_quantity", ("10", "5"), ("50", "10")))
    quoted = buys(
        rulebook,
        None,
        goods("10", quantity=D(9)),
        goods("10", quantity=D(10), sku="b"),
        goods("1", quantity=D(50), sku="c"),
    )
    assert [line.discount for line in quoted.lines] == [0, 5, 5]


@pytest.mark.parametrize(("by", "off"), [("receipt_quantity", 20), ("receipt_amount", 20), ("line_amount", 0)])
def test_wholesale_by_the_receipt(by: str, off: int) -> None:
    step = "20" if by == "receipt_quantity" else "200"
    rulebook = rules(ladder(by, (step, "10")))
    assert buys(rulebook, None, goods("10", quantity=D(10)), goods("10", quantity=D(10), sku="b")).discount == off


CODE = {"kind": "promo_code", "code": "NOVEMBER"}
TEN = {"kind": "discount", "percent": "10"}


def test_a_promo_code_takes_ten_percent_off() -> None:
    """Worked example 12."""
    rulebook = rules({"effect": TEN, "when": [CODE]}, ONE_PER_ONE)
    quoted = buys(rulebook, client(), "100", promo_codes=("november",))
    assert (quoted.to_pay, quoted.earned, quoted.rejected) == (90, 90, ())
    sold = goods("50", sku="gift", earn=False, redeem=False, discount=False)
    quoted = buys(rulebook, client(), "100", sold)
    assert (quoted.to_pay, quoted.earned) == (150, 100)


@pytest.mark.parametrize(("about", "pays", "points"), [({}, 135, 90), ({"categories": ["food"]}, 140, 90)])
def test_points_on_food_only(about: dict[str, list[str]], pays: int, points: int) -> None:
    """Worked example 13."""
    rulebook = rules(
        {"effect": TEN, "when": [CODE], "goods": about}, {"effect": ONE_PER_ONE, "goods": {"categories": ["food"]}}
    )
    quoted = buys(rulebook, client(), goods("100", category="food"), goods("50"), promo_codes=("NOVEMBER",))
    assert (quoted.to_pay, quoted.earned) == (pays, points)


@pytest.mark.parametrize(("price", "off"), [("120", 9), ("60", 6), ("90", 9)])
def test_a_percent_with_a_most(price: str, off: int) -> None:
    """Worked example 14."""
    assert buys(rules({"kind": "discount", "percent": "10", "at_most": "9"}), None, price).discount == off


FOUR: dict[str, Any] = {"kind": "per_unit", "points": "4"}
A, B, DELIVERY = goods("12", sku="A"), goods("100", sku="B"), goods("40", sku="delivery")


@pytest.mark.parametrize(
    ("rule", "points"),
    [
        ({}, 608),
        ({"goods": {"except_skus": ["B"]}}, 208),
        ({"goods": {"except_skus": ["A"]}}, 560),
        ({"goods": {"except_skus": ["A", "delivery"]}}, 400),
        ({"when": [{"kind": "minimum_receipt", "amount": "300"}]}, 0),
    ],
)
def test_goods_that_take_part(rule: dict[str, Any], points: int) -> None:
    """Worked example 15."""
    assert buys(rules({"effect": FOUR, **rule}), client(), A, B, DELIVERY).earned == points


def test_an_unknown_code_does_not_fail_the_receipt() -> None:
    quoted = buys(rules({"effect": TEN, "when": [CODE]}), client(), "100", promo_codes=("MAY",))
    assert [(one.value, one.reason) for one in quoted.rejected] == [("MAY", "unknown")]
    assert quoted.to_pay == 100


def test_a_code_that_does_not_fit_says_why() -> None:
    rulebook = rules({"effect": TEN, "when": [CODE, {"kind": "minimum_receipt", "amount": "300"}]})
    assert buys(rulebook, client(), "100", promo_codes=("November",)).rejected[0].reason == "minimum_receipt"


def test_a_sum_off_never_exceeds_the_goods() -> None:
    assert buys(rules({"kind": "discount_sum", "amount": "150"}), None, "100", "30").to_pay == 0
    assert (
        buys(
            rules({"effect": {"kind": "discount_sum", "amount": "150"}, "goods": {"skus": ["30"]}}), None, "100", "30"
        ).to_pay
        == 100
    )


def coupon(**more: Any) -> PersonalCoupon:
    return PersonalCoupon("AB12", "club", "Купон", **{"percent": D(10), **more})


@pytest.mark.parametrize(
    ("given", "pays", "reason"),
    [
        (coupon(), 90, None),
        (coupon(percent=None, amount=D(30)), 70, None),
        (coupon(minimum=D(101)), 100, "minimum_receipt"),
        (coupon(refused="coupon_used"), 100, "coupon_used"),
    ],
)
def test_a_personal_coupon(given: PersonalCoupon, pays: int, reason: str | None) -> None:
    quoted = buys(rules(), client(coupons=(given,)), "100", promo_codes=("ab-12",))
    assert quoted.to_pay == pays
    assert [one.reason for one in quoted.rejected] == ([reason] if reason else [])
    assert quoted.coupons_used == (() if reason else ("AB12",))


def test_of_an_exclusion_group_the_best_for_the_client_wins() -> None:
    five, ten = ({"effect": {"kind": "discount", "percent": p}, "group": "promo"} for p in ("5", "10"))
    assert buys(rules(five, ten), None, "100").to_pay == 90
    quoted = buys(rules(ten, five), None, "100")
    assert (quoted.to_pay, why(quoted, "rule-1")) == (90, "excluded")
    # What stacks follows, each on what the last one left.
    assert buys(rules({"effect": TEN}, {"effect": TEN}), None, "100").to_pay == 81


def test_of_points_the_rule_that_gives_most_wins() -> None:
    base = {"effect": ONE_PER_ONE}
    double = {"effect": {"kind": "multiply", "by": "2"}, "group": "g"}
    gift = {"effect": {"kind": "give", "points": "150"}, "group": "g"}
    assert buys(rules(base, double, gift), client(), "100").earned == 250
    assert buys(rules(base, double, gift), client(), "200").earned == 400
    rich = {"effect": {"kind": "percent", "percent": "200"}, "group": "g"}
    assert buys(rules(base, rich, gift), client(), "10").earned == 160
    assert buys(rules(base, rich, gift), client(), "1000").earned == 2000


def test_a_discount_may_close_its_lines() -> None:
    closed = {"effect": TEN, "goods": {"skus": ["100"]}, "closes": ["points", "earning"]}
    quoted = buys(rules(closed, ONE_PER_ONE), client(1000), "100", "50", points="max")
    assert (quoted.points, quoted.earned) == (50, 0)
    assert buys(rules(closed, ONE_PER_ONE), client(), "100", "50").earned == 50


# ---------------------------------------------------------------- points


@pytest.mark.parametrize(
    ("effect", "lines", "points"),
    [
        ({"kind": "per_item", "points": "10"}, (goods("5", quantity=D(3)),), 30),
        ({"kind": "per_item", "points": "10", "quantity": "2"}, (goods("5", quantity=D(3)),), 10),
        ({"kind": "per_item", "points": "10", "quantity": "4"}, (goods("5", quantity=D(3)),), 0),
        ({"kind": "give", "points": "70"}, ("1", "2"), 70),
        ({"kind": "for_every", "points": "100", "amount": "300"}, ("899.99",), 200),
    ],
)
def test_points_beside_the_base(effect: dict[str, Any], lines: tuple[Any, ...], points: int) -> None:
    """The last is worked example 24."""
    assert buys(rules(effect), client(), *lines).earned == points


@pytest.mark.parametrize(
    ("effect", "spent", "times", "points"),
    [
        ({"every": "1000"}, "950", 0, 50),
        ({"every": "1000"}, "899.99", 0, 0),
        ({"every": "1000"}, "900", 0, 50),
        ({"every": "100"}, "0", 0, 50),
        ({"every": "50"}, "0", 0, 100),
        # Fallen back by a return, and over the step again: given once.
        ({"every": "1000"}, "950", 1, 0),
        ({"at": "1000"}, "950", 0, 50),
        ({"at": "1000"}, "1000", 0, 0),
        ({"at": "1000"}, "950", 1, 0),
    ],
)
def test_milestones(effect: dict[str, str], spent: str, times: int, points: int) -> None:
    used = (Used("rule-0", "", D(0), times),)
    who = client(spent=D(spent), used=used)
    assert buys(rules({"kind": "milestone", "points": "50", **effect}), who, "100").earned == points


def test_the_remainder_is_carried_to_the_next_receipt() -> None:
    rulebook = rules({"kind": "for_every_carried", "points": "100", "amount": "300"})
    first = buys(rulebook, client(), "899.99")
    assert first.earned == 200
    assert first.used == (Used("rule-0", "", D(200), 2, D("899.99")),)
    again = buys(rulebook, client(used=first.used), "0.01")
    assert again.earned == 100


LIMITED: list[tuple[dict[str, Any], tuple[Used, ...], int]] = [
    ({"per_receipt": "30"}, (), 30),
    ({"per_receipt": "100"}, (), 100),
    ({"per_day": "120"}, (Used("rule-0", "2026-11-21", D(50)),), 70),
    ({"per_day": "120"}, (Used("rule-0", "2026-11-20", D(50)),), 100),
    ({"per_week": "120"}, (Used("rule-0", "2026-W47", D(110)),), 10),
    ({"per_month": "120"}, (Used("rule-0", "2026-11", D(120)),), 0),
    ({"per_client": "120"}, (Used("rule-0", "", D(119)),), 1),
    ({"times_per_day": 1}, (Used("rule-0", "2026-11-21", D(1), 1),), 0),
    ({"times_per_month": 2}, (Used("rule-0", "2026-11", D(1), 1),), 100),
    ({"times_per_client": 3}, (Used("rule-0", "", D(1), 3),), 0),
]


@pytest.mark.parametrize(("limits", "used", "points"), LIMITED)
def test_limits_of_a_rule(limits: dict[str, Any], used: tuple[Used, ...], points: int) -> None:
    rulebook = rules({"effect": ONE_PER_ONE, "limits": limits})
    quoted = buys(rulebook, client(used=used), "100")
    assert quoted.earned == points
    assert sum(line.earned for line in quoted.lines) == points


@pytest.mark.parametrize(("caps", "given"), [({"per_receipt": "130"}, [100, 30]), ({"per_day": "60"}, [60])])
def test_caps_of_the_programme_are_taken_from_the_last_rule_upwards(caps: dict[str, str], given: list[int]) -> None:
    rulebook = rules(ONE_PER_ONE, {"kind": "multiply", "by": "2"}, points={"caps": caps})
    assert [int(each.points) for each in buys(rulebook, client(), "100").earnings] == given


def with_budget(rulebook: Any, given: str, uses: int = 0) -> Quote:
    return quote(rulebook, client(), cart("100"), NOON, {"rule-0": Spent(D(given), uses)})


def test_a_budget_stops_a_rule_to_the_point() -> None:
    rulebook = rules({"effect": ONE_PER_ONE, "limits": {"budget": "1000"}})
    assert [with_budget(rulebook, given).earned for given in ("0", "900", "901", "999", "1000")] == [100, 100, 99, 1, 0]
    few = rules({"effect": ONE_PER_ONE, "limits": {"uses": 2}})
    assert [with_budget(few, "0", uses).earned for uses in (1, 2)] == [100, 0]
    off = rules({"effect": TEN, "limits": {"budget": "15"}})
    assert [with_budget(off, given).discount for given in ("0", "10", "15")] == [10, 5, 0]


CHAIN = (Upline(1), Upline(2), Upline(3))


def test_the_referral_goes_three_levels_up() -> None:
    """Worked example 17: what each of the three gets."""
    rulebook = rules({"kind": "referral", "percents": ["5", "3", "1"]})
    quoted = buys(rulebook, client(uplines=CHAIN), "1000")
    assert [(award.level, award.points) for award in quoted.awards] == [(1, 50), (2, 30), (3, 10)]


@pytest.mark.parametrize(
    ("chain", "points"),
    [
        ((Upline(1, active=False), Upline(2)), []),
        ((Upline(1), Upline(2, active=False), Upline(3)), [50]),
        ((Upline(1, given={"rule-0": D(90)}), Upline(2)), [10, 30]),
        ((Upline(1, given={"rule-0": D(100)}), Upline(2)), [30]),
    ],
)
def test_who_invited_and_may_not_have_it(chain: tuple[Upline, ...], points: list[int]) -> None:
    rulebook = rules({"kind": "referral", "percents": ["5", "3", "1"], "per_month": "100"})
    assert [award.points for award in buys(rulebook, client(uplines=chain), "1000").awards] == points


def test_a_gift_for_the_first_purchase_of_the_invited() -> None:
    rulebook = rules(
        {"effect": {"kind": "referral_gift", "points": ["100", "50"]}, "when": [{"kind": "first_purchase"}]}
    )
    assert [award.points for award in buys(rulebook, client(uplines=CHAIN), "10").awards] == [100, 50]
    assert buys(rulebook, client(uplines=CHAIN, purchases=1), "10").awards == ()


@pytest.mark.parametrize(
    ("measure", "times", "price", "coupons"),
    [("0", 0, "480", 0), ("480", 0, "50", 1), ("480", 1, "50", 0), ("0", 0, "1000", 2)],
)
def test_a_coupon_for_every_500_points(measure: str, times: int, price: str, coupons: int) -> None:
    rulebook = rules(ONE_PER_ONE, {"kind": "coupon", "every": "500", "amount": "300"})
    who = client(used=(Used("rule-1", "", D(0), times, D(measure)),))
    assert sum(one.number for one in buys(rulebook, who, price).coupons) == coupons


def test_a_rule_has_its_own_dates() -> None:
    promo = {"effect": ONE_PER_ONE, "pending_days": 3, "expiry": {"kind": "days", "days": 10}}
    (earning,) = buys(rules(promo, points={"expiry": {"kind": "never"}}), client(), "10").earnings
    assert earning.available_at == dt.datetime(2026, 11, 23, 21, tzinfo=dt.UTC)
    assert earning.expires_at == dt.datetime(2026, 12, 4, 21, tzinfo=dt.UTC)


def test_what_is_switched_off_does_nothing() -> None:
    assert buys(rules({"effect": ONE_PER_ONE, "enabled": False}), client(), "10").earned == 0


def test_goods_that_points_can_not_pay_and_that_earn_nothing() -> None:
    rulebook = rules(
        ONE_PER_ONE,
        spending={"goods": {"except_categories": ["dairy"]}, "min_line_price": "20"},
        points={"goods": {"except_categories": ["tea"]}},
    )
    cheap = goods("19.99", sku="cheap")
    assert buys(rulebook, client(1000), MILK, TEA, cheap, points="max").points == 30
    assert buys(rulebook, client(), MILK, TEA).earned == 50
