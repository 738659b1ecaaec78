"""Returns give back exactly what was paid, and take back what was earned: sentence by sentence."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest

from loyalty import accounts
from loyalty.engine.cart import line
from loyalty.models import Account, Lot, Sale
from loyalty.refusals import Refused
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory, id_of

# What is earned in these stories never comes from the part that points paid, unless a story says so.
QUIETLY = {**ONE_PER_ONE, "points": {"earn_when_redeeming": False}}


def rests(account: Account) -> list[tuple[str, D]]:
    """The open lots: their rules and rests, the soonest to expire first."""
    lots = Lot.objects.filter(account=account, rest__gt=0).order_by("expires_at", "id")
    return list(lots.values_list("rule", "rest"))


# ---------------------------------------------------------------- what comes back to the client


def test_three_thirds_make_a_whole(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "50")
    sale = story.sell(anna, line(quantity=D(3), amount=D(100)), points="50")
    backs = [story.give_back(sale, [(0, "1")]) for _ in range(3)]
    assert [back.money for back in backs] == [D("16.67"), D("16.66"), D("16.67")]
    assert [back.points_back for back in backs] == [17, 16, 17]
    assert [back.earned_taken for back in backs] == [17, 16, 17]
    assert (backs[-1].sale_status, story.standing(anna).balance) == ("voided", 50)


def test_weighed_goods_come_back_by_weight(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = story.sell(anna, line(quantity=D("1.234"), price=D("499.90")))
    back = story.give_back(sale, [(0, "0.617")])
    assert (back.money, back.sale_status) == (D("308.44"), "committed")
    assert story.give_back(sale, [(0, "0.617")]).money + back.money == sale.to_pay


def test_one_line_named_twice_is_one_return(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    sale = story.sell(None, line(quantity=D(3), price=D(10)))
    assert story.give_back(sale, [(0, "1"), (0, "1")]).money == 20
    with pytest.raises(Refused, match="return_exceeds_sale"):
        story.give_back(sale, [(0, "1"), (0, "1")])


def test_never_more_than_is_left(story: TillStory) -> None:
    story.publish({})
    sale = story.sell(None, line(quantity=D(3), price=D(10)), "5")
    story.give_back(sale, [(0, "2")])
    with pytest.raises(Refused, match="return_exceeds_sale") as refused:
        story.give_back(sale, [(0, "2")])
    assert refused.value.facts == {"line": 0, "left": 1}
    with pytest.raises(Refused, match="return_exceeds_sale") as refused:
        story.give_back(sale, amount="15.01")
    assert refused.value.facts == {"line": None, "left": 15}
    with pytest.raises(Refused, match="line_not_found") as refused:
        story.give_back(sale, [(2, "1")])
    assert refused.value.facts == {"line": 2}
    assert story.give_back(sale, amount="15").sale_status == "voided"
    with pytest.raises(Refused, match="sale_not_sold"):
        story.give_back(sale, amount="0.01")


def test_a_sum_is_spread_over_what_is_left(story: TillStory) -> None:
    """The sum is the receipt's value after discounts, points included."""
    story.publish({})
    anna = story.join()
    story.give(anna, "50")
    sale = story.sell(anna, "60", "40", points="50")
    back = story.give_back(sale, amount="10")
    assert (back.money, back.points_value, back.points_back) == (5, 5, 5)
    assert [row.money + row.points_value for row in back.lines] == [6, 4]
    rest = story.give_back(sale, amount="90")
    assert (rest.money, rest.points_back, rest.sale_status) == (45, 45, "voided")


def test_lines_then_a_sum_then_everything(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "33")
    sale = story.sell(anna, line(quantity=D(3), price=D("33.33")), "17.01", points="33")
    backs = [story.give_back(sale, [(0, "1")]), story.give_back(sale, amount="20.20"), story.give_back(sale)]
    assert sum(back.money for back in backs) == sale.to_pay
    assert sum(back.points_back for back in backs) == 33
    assert sum(back.earned_taken for back in backs) == sale.points_earned
    assert (backs[-1].sale_status, story.standing(anna).balance) == ("voided", 33)
    books_are_sound(story.program_id, story.now)


# ---------------------------------------------------------------- earned points are clawed back


def test_from_the_sales_own_lots_first(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "100", until=story.now + dt.timedelta(days=1))
    sale = story.sell(anna, "100")
    story.give_back(sale, amount="60")
    assert rests(anna) == [("adjustment", 100), ("base", 40)]


def test_then_from_other_usable_ones_then_from_pending_ones_then_as_debt(story: TillStory) -> None:
    story.publish(QUIETLY)
    anna = story.join()
    sale = story.sell(anna, "100")
    story.sell(anna, "100", points="100")
    story.publish({**ONE_PER_ONE, "points": {"pending_days": 14}})
    story.sell(anna, "20")
    story.give(anna, "30")
    assert rests(anna) == [("base", 20), ("adjustment", 30)]
    story.give_back(sale, amount="40")
    assert rests(anna) == [("base", 10)]
    story.give_back(sale, amount="60")
    assert (rests(anna), story.standing(anna).debt) == ([], 50)


def test_what_had_expired_counts_as_taken_back(story: TillStory) -> None:
    story.publish({**QUIETLY, "points": {"earn_when_redeeming": False, "expiry": {"kind": "days", "days": 1}}})
    anna = story.join()
    sale = story.sell(anna, "100")
    story.sell(anna, "60", points="60")
    story.later(days=3)
    story.give(anna, "500")
    half = story.give_back(sale, amount="50")
    assert (half.earned_expired, half.earned_taken) == (40, 10)
    rest = story.give_back(sale)
    assert (rest.earned_expired, rest.earned_taken) == (0, 50)
    assert story.standing(anna).balance == 440


def test_points_that_came_back_are_not_the_sales_own(story: TillStory) -> None:
    """What the sale earned has expired and counts as taken, whatever else the sale has given back."""
    story.publish({})
    anna = story.join()
    story.give(anna, "40")
    story.publish({**ONE_PER_ONE, "points": {"expiry": {"kind": "days", "days": 1}}})
    sale = story.sell(anna, "100", points="40")
    story.later(days=3)
    for _ in range(2):
        back = story.give_back(sale, amount="50")
        assert (back.points_back, back.earned_expired, back.earned_taken) == (20, 30, 0)
    assert story.standing(anna).balance == 40


@pytest.mark.parametrize(("debt", "balance", "forgiven"), [("allow", -100, 0), ("clamp", 0, 100)])
def test_never_refused_for_want_of_points(story: TillStory, debt: str, balance: int, forgiven: int) -> None:
    story.publish({**ONE_PER_ONE, "points": {"debt": debt, "earn_when_redeeming": False}})
    anna = story.join()
    sale = story.sell(anna, "100")
    story.sell(anna, "100", points="100")
    back = story.give_back(sale)
    assert (back.money, back.earned_taken, back.earned_forgiven) == (100, 100 - forgiven, forgiven)
    assert story.standing(anna).balance == balance


def test_the_next_points_pay_the_debt_first(story: TillStory) -> None:
    story.publish(QUIETLY)
    anna = story.join()
    sale = story.sell(anna, "100")
    story.sell(anna, "100", points="100")
    story.void(sale)
    story.give(anna, "30")
    assert (story.standing(anna).balance, story.standing(anna).available) == (-70, 0)
    story.sell(anna, "100")
    assert (story.standing(anna).balance, story.standing(anna).available) == (30, 30)
    assert rests(anna) == [("base", 30)]


def test_a_blocked_client_may_bring_goods_back(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = story.sell(anna, "100")
    accounts.block(account=anna, reason="fraud", now=story.now, by="test")
    assert story.give_back(sale, amount="40").money == 40
    assert story.standing(anna).balance == 60


# ---------------------------------------------------------------- points spent come back


def test_the_last_taken_is_the_first_undone(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    january, february = (dt.datetime(2027, month, 1, tzinfo=dt.UTC) for month in (1, 2))
    story.give(anna, "30")
    story.give(anna, "30", until=february)
    story.give(anna, "30", until=january)
    sale = story.sell(anna, "90", points="90")
    story.give_back(sale, amount="40")
    lots = Lot.objects.filter(account=anna, rest__gt=0).order_by("id")
    assert list(lots.values_list("rest", "expires_at")) == [(30, None), (10, february)]
    story.give_back(sale)
    lots = lots.order_by("expires_at", "id")
    assert list(lots.values_list("rest", "expires_at")) == [(30, january), (10, february), (20, february), (30, None)]
    assert all(lot.origin is not None and lot.origin.expires_at == lot.expires_at for lot in lots)


@pytest.mark.parametrize("days", [0, 30])
def test_where_their_time_has_passed_they_get_some_days_more(story: TillStory, days: int) -> None:
    story.publish({"points": {"reinstate_days": days}})
    anna = story.join()
    story.give(anna, "50", until=story.now + dt.timedelta(days=1))
    sale = story.sell(anna, "50", points="50")
    story.later(days=2)
    story.void(sale)
    # The day of the return is 23 November; the end of a day in Moscow is 21:00 UTC.
    expected = dt.datetime(2026, 11, 23, 21, 0, tzinfo=dt.UTC) + dt.timedelta(days=days)
    assert (story.standing(anna).available, story.standing(anna).next_expiry_at) == (50, expected)


def test_a_debt_of_an_offline_receipt_is_undone_before_lots_are(story: TillStory) -> None:
    from tests.loyalty.test_offline import book

    story.publish({})
    anna = story.join()
    story.give(anna, "30")
    sale = book(story, anna, "100", points="80")
    story.give_back(sale, amount="50")
    # Half of it: 40 points, of which 50 were never there.
    assert (story.standing(anna).balance, story.standing(anna).debt) == (-10, 10)
    story.give_back(sale)
    assert (story.standing(anna).balance, story.standing(anna).debt) == (30, 0)


# ---------------------------------------------------------------- counters, visits, tiers

TIERS: dict[str, Any] = {
    "tiers": [
        {"id": "bronze", "title": "Бронза"},
        {"id": "silver", "title": "Серебро", "spent": "1000", "gift": "50"},
        {"id": "gold", "title": "Золото", "spent": "2000", "gift": "70"},
    ]
}


def test_an_upgrade_goes_back_with_its_gift(story: TillStory) -> None:
    story.publish(TIERS)
    anna = story.join()
    sale = story.sell(anna, "2500")
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("gold", 120)
    # What is left still reaches silver.
    story.give_back(sale, amount="600")
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("silver", 50)
    story.sell(anna, "100")
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("gold", 120)
    books_are_sound(story.program_id, story.now)


def test_an_upgrade_stays_while_what_is_left_reaches_it(story: TillStory) -> None:
    story.publish(TIERS)
    anna = story.join()
    sale = story.sell(anna, "1500")
    story.give_back(sale, amount="500")
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("silver", 50)
    story.give_back(sale, amount="0.01")
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("bronze", 0)


def test_only_the_sale_that_caused_an_upgrade_takes_it_back(story: TillStory) -> None:
    story.publish(TIERS)
    anna = story.join()
    before = story.sell(anna, "900")
    story.sell(anna, "200")
    story.void(before)
    anna.refresh_from_db()
    assert (story.standing(anna).tier, anna.spent, anna.purchases) == ("silver", 200, 1)


def test_a_gift_that_has_expired_counts_as_taken_back(story: TillStory) -> None:
    story.publish({**TIERS, "points": {"expiry": {"kind": "days", "days": 1}}})
    anna = story.join()
    sale = story.sell(anna, "1000")
    story.later(days=3)
    story.void(sale)
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("bronze", 0)
    story.sell(anna, "1000")
    assert (story.standing(anna).tier, story.standing(anna).balance) == ("silver", 50)


def test_a_gift_that_has_expired_does_not_excuse_points_that_were_spent(story: TillStory) -> None:
    story.publish(
        {**TIERS, **ONE_PER_ONE, "points": {"earn_when_redeeming": False, "expiry": {"kind": "days", "days": 1}}}
    )
    anna = story.join()
    sale = story.sell(anna, "1100")
    story.sell(anna, "1100", points="1100")
    story.later(days=3)
    back = story.give_back(sale, amount="50")
    assert (back.earned_expired, back.earned_taken, story.standing(anna).balance) == (0, 50, -50)


def test_a_manual_status_stays(story: TillStory) -> None:
    story.publish(TIERS)
    anna = story.join()
    accounts.set_manual_tier(account=anna, tier="silver", until=None, reason="VIP", now=story.now, by="test")
    story.void(story.sell(anna, "2500"))
    anna.refresh_from_db()
    assert (anna.tier, story.standing(anna).tier, story.standing(anna).balance) == ("bronze", "silver", 0)


def test_the_visit_passes_on_to_the_days_other_purchase(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    first, second = story.sell(anna, "10"), story.sell(anna, "20")
    story.void(first)
    anna.refresh_from_db()
    assert (anna.visits, anna.purchases, anna.spent) == (1, 1, 20)
    assert Sale.objects.get(public_id=id_of(second)).is_visit
    story.void(second)
    anna.refresh_from_db()
    assert (anna.visits, anna.purchases, anna.spent, anna.first_purchase_at) == (0, 0, 0, None)
    story.sell(anna, "5")
    anna.refresh_from_db()
    assert anna.visits == 1


def test_a_part_that_comes_back_is_still_a_purchase(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    sale = story.sell(anna, "10", "20")
    story.give_back(sale, [(0, "1")])
    anna.refresh_from_db()
    assert (anna.visits, anna.purchases, anna.spent) == (1, 1, 20)


# ---------------------------------------------------------------- void


def test_a_void_is_the_return_of_what_is_left(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = story.sell(anna, "60", "40")
    story.give_back(sale, [(0, "1")])
    back = story.void(sale)
    assert (back.is_void, back.money, back.earned_taken, back.sale_status) == (True, 40, 40, "voided")
    assert story.void(sale) == back
    assert story.standing(anna).balance == 0


@pytest.mark.parametrize("rounding", ["down", "half_up", "up"])
@pytest.mark.parametrize("points", ["7", "55", "max"])
def test_as_if_the_sale_had_not_been(story: TillStory, rounding: str, points: str) -> None:
    rules = [{"id": "base", "title": "3 %", "effect": {"kind": "percent", "percent": "3"}}]
    story.publish({"rules": rules, "points": {"rounding": rounding}, **TIERS})
    anna = story.join()
    story.give(anna, "55")
    before = story.standing(anna)
    story.void(story.sell(anna, "1000.01", "0.99", line(quantity=D("0.333"), price=D("77.77")), points=points))
    assert story.standing(anna) == before


def test_nobodys_receipt_comes_back_without_a_client(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    back = story.void(story.sell(None, "100"))
    assert (back.money, back.client, back.earned_taken) == (100, None, 0)
