"""Certificates at the till: they pay, wait, come back, and are sold themselves."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from loyalty.certificates import changing
from loyalty.engine.cart import line
from loyalty.models import Certificate, Sale
from loyalty.refusals import Refused
from loyalty.sales import quote
from tests.cast import Cast
from tests.loyalty.certificates.desk import Desk
from tests.loyalty.shop import TillStory


def test_12_a_sold_certificate_earns_like_money(desk: Desk) -> None:
    story, one = desk.story, desk.issue("50")
    anna = story.join()
    sale = story.sell(anna, "100", paying=[(one.code, "max")])
    assert (sale.certificates_paid, sale.to_pay, sale.points_earned) == (50, 50, 100)
    anna.refresh_from_db()
    assert anna.spent == 100
    story.give_back(sale, amount="50")
    anna.refresh_from_db()
    assert (anna.spent, desk.rest(one)) == (50, 25)
    story.void(sale)
    anna.refresh_from_db()
    assert (anna.spent, desk.rest(one), story.standing(anna).balance) == (0, 50, 0)


def test_one_given_away_does_not(desk: Desk) -> None:
    story, one = desk.story, desk.issue("50", sold=False)
    anna = story.join()
    sale = story.sell(anna, "100", paying=[(one.code, "max")])
    assert (sale.to_pay, sale.points_earned) == (50, 50)
    anna.refresh_from_db()
    assert anna.spent == 50


def test_23_twice_and_then_it_is_empty(desk: Desk) -> None:
    story, one = desk.story, desk.issue("1000")
    first = story.sell(None, "700", paying=[(one.code, "max")])
    assert (first.certificates_paid, first.to_pay, first.certificates[0].rest) == (700, 0, 300)
    second = story.sell(None, "500", paying=[(one.code, "max")])
    assert (second.certificates_paid, second.to_pay, desk.rest(one)) == (300, 200, 0)
    with pytest.raises(Refused) as refused:
        story.sell(None, "10", paying=[(one.code, "max")])
    assert (refused.value.code, refused.value.facts) == ("certificate_refused", {"reason": "used_up"})
    assert desk.history(one) == [("issue", 1000), ("redeem", -700), ("redeem", -300)]
    assert story.void(second).certificates_back == 300
    assert desk.rest(one) == 300


def test_a_sale_takes_exactly_what_was_asked(desk: Desk) -> None:
    story, one = desk.story, desk.issue("50")
    asked = story.request(None, "100", paying=[(one.code, "80")])
    assert quote(caller=story.caller, request=asked, now=story.now).certificates_paid == 50
    with pytest.raises(Refused) as refused:
        story.sell_raw(asked)
    assert (refused.value.code, refused.value.facts["money"]) == ("certificate_limit", 50)
    with pytest.raises(Refused, match="certificate_not_found"):
        story.sell(None, "100", paying=[("ABCD", "max")])
    assert desk.rest(one) == 50


def test_a_return_gives_each_line_its_part(desk: Desk) -> None:
    story = desk.story
    bought, given = desk.issue("100", days=300), desk.issue("50", sold=False, days=10)
    anna = story.join()
    sale = story.sell(anna, "120", "80", paying=[(bought.code, "max"), (given.code, "max")])
    assert (sale.certificates_paid, sale.to_pay, sale.points_earned) == (150, 50, 150)
    back = story.give_back(sale, [(1, "1")])
    assert (back.money, back.certificates_back) == (20, 60)
    assert (desk.rest(bought), desk.rest(given)) == (40, 20)
    anna.refresh_from_db()
    assert anna.spent == 90
    story.give_back(sale)
    assert (desk.rest(bought), desk.rest(given)) == (100, 50)


def test_it_comes_back_with_its_end_or_with_thirty_days(desk: Desk) -> None:
    story = desk.story
    one = desk.issue("100", days=10)
    sale = story.sell(None, "60", paying=[(one.code, "max")])
    story.later(days=11)
    back = story.give_back(sale)
    assert back.certificates_back == 60
    assert desk.rest(one) == 60  # what was left when it expired is gone
    assert desk.history(one) == [("issue", 100), ("redeem", -60), ("expire", -40), ("giveback", 60)]
    assert (one.expires_at - story.now).days == 30


def test_a_hold_keeps_it_and_a_void_frees_it(desk: Desk) -> None:
    story, one = desk.story, desk.issue("100")
    held = story.hold(None, "70", paying=[(one.code, "max")])
    assert desk.rest(one) == 100
    rest = story.sell(None, "50", paying=[(one.code, "max")])
    assert (rest.certificates_paid, rest.to_pay) == (30, 20)
    with pytest.raises(Refused, match="certificate_refused"):
        story.sell(None, "50", paying=[(one.code, "max")])
    with pytest.raises(Refused, match="certificate_refused"):
        changing.cancel(certificate=one, now=story.now, by="test")
    assert story.commit(held).certificates_paid == 70
    assert desk.rest(one) == 0
    other = desk.issue("100")
    story.void(story.hold(None, "70", paying=[(other.code, "max")]))
    story.hold(None, "100", paying=[(other.code, "max")], minutes=5)
    story.later(minutes=6)
    assert story.sell(None, "100", paying=[(other.code, "max")]).to_pay == 0


def test_a_percent_is_used_once_and_free_again_with_the_whole_receipt(desk: Desk) -> None:
    story, one = desk.story, desk.issue("0", kind="percent", percent=D(20), sold=False)
    sale = story.sell(None, "100", "100", paying=[(one.code, "max")])
    assert (sale.discount, sale.to_pay, desk.rest(one)) == (40, 160, 0)
    story.give_back(sale, [(0, "1")])
    assert desk.rest(one) == 0
    story.give_back(sale)
    assert desk.rest(one) == 1


def test_an_article_is_free_again_with_its_line(desk: Desk) -> None:
    story, one = desk.story, desk.issue("0", kind="product", sku="latte", price=D(150))
    latte = line(quantity=D(2), price=D(190), sku="latte")
    sale = story.sell(None, latte, "30", paying=[(one.code, "max")])
    assert (sale.certificates_paid, sale.to_pay) == (190, 220)
    assert story.give_back(sale, [(0, "1")]).certificates_back == 95
    assert desk.rest(one) == 0
    story.give_back(sale, [(0, "1")])
    assert desk.rest(one) == 1


def test_a_line_sells_a_certificate(desk: Desk) -> None:
    story, anna = desk.story, desk.story.join()
    story.give(anna, "500")
    paying = desk.issue("5000")
    gift = line(price=D(1000), name="Сертификат", sells_certificate=True)
    sale = story.sell(anna, gift, "100", points="max", paying=[(paying.code, "max")])
    assert (sale.points_redeemed, sale.certificates_paid, sale.to_pay, sale.points_earned) == (100, 0, 1000, 0)
    sold = Certificate.objects.get(sale__public_id=sale.id)
    assert sale.certificates_sold[0].code == sold.code
    assert (sold.nominal, sold.is_sold, sold.price, sold.worth()) == (1000, True, 1000, 1000)
    anna.refresh_from_db()
    assert anna.spent == 0
    back = story.give_back(sale, [(0, "1")])
    assert (back.money, desk.rest(sold)) == (1000, 0)
    assert sold.state(story.now) == "cancelled"
    anna.refresh_from_db()
    assert (anna.spent, story.standing(anna).balance) == (0, 400)


def test_a_certificate_that_has_paid_does_not_go_back(desk: Desk) -> None:
    story = desk.story
    held = story.hold(None, line(price=D(1000), sells_certificate=True))
    assert not Certificate.objects.exists()
    sale = story.commit(held)
    code = sale.certificates_sold[0].code
    coffee = story.sell(None, "100", paying=[(code, "max")])
    for act in (lambda: story.void(sale), lambda: story.give_back(sale)):
        with pytest.raises(Refused, match="certificate_used"):
            act()
    story.void(coffee)
    assert story.void(sale).money == 1000


def test_it_pays_at_its_own_shop_alone(desk: Desk, cast: Cast) -> None:
    one = desk.issue("100")
    neighbour = TillStory(cast.bakery, desk.story.now)
    with pytest.raises(Refused, match="certificate_not_found"):
        neighbour.sell(None, "50", paying=[(one.code, "max")])


def test_a_void_of_a_sale_counts_turnover_back(desk: Desk) -> None:
    story, anna = desk.story, desk.story.join()
    one, gift = desk.issue("100"), desk.issue("30", sold=False, days=5)
    sale = story.sell(anna, "50", "70", "13.33", paying=[(one.code, "max"), (gift.code, "max")])
    stored = Sale.objects.get(public_id=sale.id)
    assert stored.to_pay + stored.turnover_off == D("103.33")
    story.give_back(sale, amount="33.33")
    story.give_back(sale, [(1, "0.5")])
    story.void(sale)
    anna.refresh_from_db()
    assert (anna.spent, desk.rest(one), desk.rest(gift)) == (0, 100, 30)
