"""What rules do beside a client's own lots: those who invited, coupons, milestones, limits; and their returns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest

from loyalty import ledger
from loyalty.engine.cart import line
from loyalty.models import Account, PersonalCoupon, RuleUse
from loyalty.sales.receipt import Receipt
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory

BASE = ONE_PER_ONE["rules"][0]


@pytest.fixture(autouse=True)
def sound(story: TillStory) -> Iterator[None]:
    yield
    books_are_sound(story.program_id, story.now)


def rule(effect: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "promo", "title": "Акция", "effect": effect, **more}


def publish(story: TillStory, *rules: dict[str, Any], **document: Any) -> None:
    story.publish({"rules": list(rules), **document})


def balance(story: TillStory, *accounts: Account) -> list[D]:
    return [story.standing(account).balance for account in accounts]


# ---------------------------------------------------------------- those who invited

REFERRAL = rule({"kind": "referral", "percents": ["5", "3", "1"]})


def chain(story: TillStory) -> list[Account]:
    """A invited B, B invited C, C invited D."""
    people: list[Account] = []
    for n in range(4):
        people.append(story.join(f"+7916000000{n}", referrer=people[-1] if people else None))
    return people


def test_17_three_levels_up_and_half_of_it_back(story: TillStory) -> None:
    publish(story, REFERRAL)
    a, b, c, d = chain(story)
    sale = story.sell(d, line(quantity=D(2), price=D(500)))
    assert balance(story, a, b, c, d) == [10, 30, 50, 0]
    story.give_back(sale, [(0, "1")])
    assert balance(story, a, b, c, d) == [5, 15, 25, 0]
    story.give_back(sale)
    assert balance(story, a, b, c, d) == [0, 0, 0, 0]


def test_a_blocked_one_passes_nothing_on(story: TillStory) -> None:
    publish(story, REFERRAL)
    a, b, c, d = chain(story)
    Account.objects.filter(pk=b.pk).update(status="blocked")
    story.sell(d, "1000")
    assert balance(story, a, b, c) == [0, 0, 50]


def test_the_month_of_one_who_invited_has_a_most(story: TillStory) -> None:
    publish(story, rule({"kind": "referral", "percents": ["5"], "per_month": "60"}))
    anna, boris = story.join(), story.join("+79160000001")
    Account.objects.filter(pk=boris.pk).update(referrer=anna)
    first = story.sell(boris, "1000")
    story.sell(boris, "1000")
    assert balance(story, anna) == [60]
    story.void(first)
    assert balance(story, anna) == [10]
    story.sell(boris, "800")
    assert balance(story, anna) == [50]


def test_a_gift_for_the_first_purchase_stays_while_something_of_it_does(story: TillStory) -> None:
    gift = rule(
        {"kind": "referral_gift", "points": ["100"]},
        when=[{"kind": "first_purchase"}, {"kind": "minimum_receipt", "amount": "300"}],
    )
    publish(story, gift)
    anna, boris = story.join(), story.join("+79160000001")
    Account.objects.filter(pk=boris.pk).update(referrer=anna)
    sale = story.sell(boris, "200", "200", "100")
    story.sell(boris, "500")
    assert balance(story, anna) == [100]
    story.give_back(sale, [(2, "1")])
    assert balance(story, anna) == [100]
    story.give_back(sale, [(1, "1")])
    assert balance(story, anna) == [0]
    story.give_back(sale)
    assert balance(story, anna) == [0]


def test_a_hold_gives_to_others_when_it_is_committed(story: TillStory) -> None:
    publish(story, REFERRAL)
    _a, b, c, d = chain(story)
    held = story.hold(d, "1000")
    assert balance(story, b, c) == [0, 0]
    story.commit(held)
    assert balance(story, b, c) == [30, 50]


# ---------------------------------------------------------------- coupons

COUPON = rule({"kind": "coupon", "every": "500", "amount": "300", "days": 180})


def coupons(account: Account) -> list[PersonalCoupon]:
    return list(PersonalCoupon.objects.filter(account=account, cancelled_at=None).order_by("id"))


def test_25_a_coupon_for_every_500_points_net_of_returns(story: TillStory) -> None:
    publish(story, BASE, COUPON)
    anna = story.join()
    story.sell(anna, "480")
    assert coupons(anna) == []
    second = story.sell(anna, "50")
    (coupon,) = coupons(anna)
    assert coupon.amount == 300
    story.void(second)
    assert coupons(anna) == []
    assert PersonalCoupon.objects.get(pk=coupon.pk).cancelled_at == story.now
    story.sell(anna, "20")
    assert len(coupons(anna)) == 1


def test_25_a_coupon_that_was_used_stays_and_the_next_one_comes_at_1000(story: TillStory) -> None:
    publish(story, BASE, COUPON)
    anna = story.join()
    story.sell(anna, "480")
    second = story.sell(anna, "50")
    (coupon,) = coupons(anna)
    paid = story.sell(anna, "300", codes=[coupon.code.lower()])
    assert (paid.to_pay, paid.rejected) == (0, ())
    story.void(second)
    assert len(coupons(anna)) == 1
    story.sell(anna, "519")
    assert len(coupons(anna)) == 1
    story.sell(anna, "1")
    assert len(coupons(anna)) == 2


def rejected(sale: Receipt) -> list[str]:
    return [one.reason for one in sale.rejected]


def test_a_coupon_is_good_once_for_its_client_and_free_again_after_a_void(story: TillStory) -> None:
    publish(story, BASE, COUPON)
    anna, boris = story.join(), story.join("+79160000001")
    story.sell(anna, "500")
    code = coupons(anna)[0].code
    assert rejected(story.sell(boris, "400", codes=[code])) == ["unknown"]
    sale = story.sell(anna, "400", codes=[code])
    assert (sale.to_pay, sale.discount) == (100, 300)
    assert rejected(story.sell(anna, "400", codes=[code])) == ["coupon_used"]
    story.void(sale)
    assert story.sell(anna, "400", codes=[code]).to_pay == 100
    story.later(days=181)
    assert rejected(story.sell(anna, "400", codes=[code])) == ["coupon_used"]


def test_a_coupon_is_bound_by_a_hold_and_freed_by_its_end(story: TillStory) -> None:
    publish(story, BASE, COUPON)
    anna = story.join()
    story.sell(anna, "500")
    code = coupons(anna)[0].code
    held = story.hold(anna, "400", codes=[code])
    assert rejected(story.quote(anna, "400", codes=[code])) == ["coupon_used"]
    story.void(held)
    assert story.quote(anna, "400", codes=[code]).to_pay == 100
    story.later(days=181)
    assert rejected(story.quote(anna, "400", codes=[code])) == ["coupon_expired"]


# ---------------------------------------------------------------- once for the receipt

LARGE = rule({"kind": "give", "points": "70"}, when=[{"kind": "minimum_receipt", "amount": "1000"}])


def test_points_for_a_large_receipt_go_back_when_it_is_no_longer_large(story: TillStory) -> None:
    publish(story, LARGE)
    anna = story.join()
    sale = story.sell(anna, "600", "400", "100")
    assert (sale.points_earned, balance(story, anna)) == (70, [70])
    story.give_back(sale, [(2, "1")])
    assert balance(story, anna) == [70]
    story.give_back(sale, [(1, "1")])
    assert balance(story, anna) == [0]
    story.void(sale)
    assert balance(story, anna) == [0]


def test_points_for_a_first_purchase_stay_while_something_of_it_does(story: TillStory) -> None:
    publish(story, rule({"kind": "give", "points": "70"}, when=[{"kind": "first_purchase"}]))
    anna = story.join()
    sale = story.sell(anna, "100", "50")
    story.give_back(sale, [(0, "1")])
    assert balance(story, anna) == [70]
    story.give_back(sale)
    assert balance(story, anna) == [0]
    # As if it had not been: the next one is the first.
    story.sell(anna, "10")
    assert balance(story, anna) == [70]


def test_a_milestone_is_given_once_however_often_it_is_passed(story: TillStory) -> None:
    publish(story, rule({"kind": "milestone", "points": "50", "every": "1000"}))
    anna = story.join()
    story.sell(anna, "950")
    sale = story.sell(anna, "100")
    assert balance(story, anna) == [50]
    story.void(sale)
    assert balance(story, anna) == [0]
    story.sell(anna, "100")
    assert balance(story, anna) == [50]
    story.sell(anna, "2000")
    assert balance(story, anna) == [150]


def test_the_remainder_counts_next_time(story: TillStory) -> None:
    publish(story, rule({"kind": "for_every_carried", "points": "100", "amount": "300"}))
    anna = story.join()
    story.sell(anna, "200")
    assert balance(story, anna) == [0]
    second = story.sell(anna, "400")
    assert balance(story, anna) == [200]
    story.give_back(second, amount="100")
    assert balance(story, anna) == [100]
    story.sell(anna, "100")
    assert balance(story, anna) == [200]


# ---------------------------------------------------------------- limits


def test_the_days_limit_is_net_of_returns_and_new_the_next_day(story: TillStory) -> None:
    publish(story, {**BASE, "limits": {"per_day": "150"}})
    anna = story.join()
    first = story.sell(anna, "100")
    assert story.sell(anna, "100").points_earned == 50
    assert story.sell(anna, "100").points_earned == 0
    story.void(first)
    assert story.sell(anna, "100").points_earned == 100
    story.later(days=1)
    assert story.sell(anna, "100").points_earned == 100


def test_a_rule_applies_so_many_times(story: TillStory) -> None:
    publish(story, {**BASE, "limits": {"times_per_client": 2}})
    anna = story.join()
    assert [story.sell(anna, "100").points_earned for _n in range(3)] == [100, 100, 0]


def test_the_programmes_cap_of_a_month(story: TillStory) -> None:
    publish(story, BASE, points={"caps": {"per_month": "150"}})
    anna = story.join()
    assert [story.sell(anna, "100").points_earned for _n in range(3)] == [100, 50, 0]
    story.later(days=31)
    assert story.sell(anna, "100").points_earned == 100


def test_what_nobody_limits_is_not_remembered(story: TillStory) -> None:
    publish(story, BASE)
    anna = story.join()
    story.sell(anna, "100")
    assert not RuleUse.objects.filter(account=anna).exists()


def test_a_budget_is_refilled_by_a_return_and_by_the_end_of_a_hold(story: TillStory) -> None:
    publish(story, {**BASE, "limits": {"budget": "250"}})
    anna = story.join()
    first = story.sell(anna, "100")
    held = story.hold(anna, "100")
    assert story.quote(anna, "100").points_earned == 50
    story.void(held)
    assert story.quote(anna, "200").points_earned == 150
    story.give_back(first, amount="40")
    assert story.sell(anna, "500").points_earned == 190
    assert story.sell(anna, "500").points_earned == 0


# ---------------------------------------------------------------- a shared promo code, ladders


def test_a_shared_promo_code_and_its_uses(story: TillStory) -> None:
    code = rule(
        {"kind": "discount", "percent": "10"}, when=[{"kind": "promo_code", "code": "NOVEMBER"}], limits={"uses": 1}
    )
    publish(story, BASE, code)
    anna = story.join()
    sale = story.sell(anna, "100", codes=["november"])
    assert (sale.to_pay, sale.points_earned, sale.rejected) == (90, 90, ())
    assert rejected(story.sell(anna, "100", codes=["NOVEMBER"])) == ["uses"]
    assert rejected(story.sell(anna, "100", codes=["MAY"])) == ["unknown"]


def test_18_the_accumulating_discount_follows_the_purchases(story: TillStory) -> None:
    steps = [{"at_least": a, "percent": p} for a, p in (("500", "3"), ("3000", "5"), ("5000", "8"))]
    publish(story, rule({"kind": "ladder", "by": "turnover", "steps": steps}))
    anna = story.join()
    assert [story.sell(anna, price).to_pay for price in ("600", "1000")] == [600, 970]
    story.sell(anna, "3540")
    assert story.sell(anna, "99.99").to_pay == D("91.99")


# ---------------------------------------------------------------- tiers within a window

YEAR = {
    "tiers": [
        {"id": "basic", "title": "Базовый"},
        {"id": "silver", "title": "Серебро", "spent": "1000"},
        {"id": "gold", "title": "Золото", "spent": "5000"},
    ]
}


def windowed(story: TillStory, **status: Any) -> Account:
    story.publish({**YEAR, "status": {"window": {"kind": "days", "days": 30}, **status}})
    return story.join()


def tier(story: TillStory, account: Account) -> str:
    return story.standing(account).tier


def test_a_tier_falls_when_the_window_holds_too_little(story: TillStory) -> None:
    anna = windowed(story, downgrade="at_once")
    story.sell(anna, "1000")
    assert tier(story, anna) == "silver"
    story.later(days=29)
    assert tier(story, anna) == "silver"
    story.later(days=1)
    assert tier(story, anna) == "basic"
    story.sell(anna, "10")
    assert tier(story, anna) == "basic"


def test_a_grace_lasts_longer_and_a_purchase_in_it_keeps_the_tier(story: TillStory) -> None:
    anna = windowed(story, downgrade="period_end", grace_days=10)
    story.sell(anna, "1000")
    story.later(days=39)
    assert tier(story, anna) == "silver"
    story.sell(anna, "1000")
    story.later(days=30)
    assert tier(story, anna) == "silver"
    story.later(days=10)
    assert tier(story, anna) == "basic"


def test_one_step_at_a_time(story: TillStory) -> None:
    anna = windowed(story, downgrade="at_once", fall="one_step")
    story.sell(anna, "5000")
    story.later(days=30)
    assert tier(story, anna) == "silver"
    story.later(days=30)
    assert tier(story, anna) == "basic"


def test_never_is_never(story: TillStory) -> None:
    anna = windowed(story)
    story.sell(anna, "1000")
    story.later(days=400)
    assert tier(story, anna) == "silver"


def test_a_tier_of_a_calendar_year_is_kept_through_the_next(story: TillStory) -> None:
    story.publish({**YEAR, "status": {"window": {"kind": "calendar", "unit": "year"}, "downgrade": "period_end"}})
    anna = story.join()
    story.sell(anna, "1000")
    assert story.standing(anna).tier_ends_at == dt.datetime(2027, 12, 31, 21, tzinfo=dt.UTC)
    story.now = dt.datetime(2027, 12, 31, 20, 59, tzinfo=dt.UTC)
    assert tier(story, anna) == "silver"
    story.now = dt.datetime(2027, 12, 31, 21, tzinfo=dt.UTC)
    assert tier(story, anna) == "basic"


def test_tiers_by_invited_clients_who_bought(story: TillStory) -> None:
    story.publish({"tiers": [{"id": "basic", "title": "Базовый"}, {"id": "friend", "title": "Друг", "referrals": 1}]})
    anna = story.join()
    boris = story.join("+79160000001", referrer=anna)
    assert tier(story, anna) == "basic"
    story.sell(boris, "10")
    assert tier(story, anna) == "friend"


# ---------------------------------------------------------------- inactivity


def test_points_lapse_without_a_purchase(story: TillStory) -> None:
    publish(story, BASE, points={"inactivity_days": 30})
    anna = story.join()
    story.sell(anna, "100")
    story.later(days=30)
    assert story.standing(anna).available == 100
    story.sell(anna, "50")
    story.later(days=30)
    assert story.standing(anna).available == 150
    story.later(days=1)
    assert story.standing(anna).available == 0
    # The sweep writes down what everybody sees already, once.
    assert ledger.lapse_inactive(program_id=story.program_id, now=story.now) == 1
    assert story.sweep() == 2
    assert ledger.lapse_inactive(program_id=story.program_id, now=story.now) == 0
    assert [points for kind, points in story.entries(anna) if kind == "expire"] == [-100, -50]


def test_what_is_given_after_the_points_lapsed_stays(story: TillStory) -> None:
    publish(story, BASE, points={"inactivity_days": 30})
    anna = story.join()
    story.sell(anna, "100")
    story.later(days=31)
    story.give(anna, "40")
    assert story.standing(anna).available == 40
    ledger.lapse_inactive(program_id=story.program_id, now=story.now)
    story.sweep()
    assert story.standing(anna).available == 40
