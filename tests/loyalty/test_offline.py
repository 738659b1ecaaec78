"""Receipts of a till without a connection have happened: they are booked, and what does not fit is flagged."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest

from loyalty import accounts, sales
from loyalty.models import Account
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from loyalty.sales.request import Answer, SaleRequest, Who
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory, as_json, new_key


def book_raw(story: TillStory, request: SaleRequest, key: str = "") -> Answer:
    return sales.book(caller=story.caller, request=request, key=new_key(key, request), now=story.now, render=as_json)


def book(story: TillStory, account: Account | None, *prices: str, **more: Any) -> Receipt:
    answer = book_raw(story, story.request(account, *prices, **more))
    books_are_sound(story.program_id, story.now)
    return msgspec.json.decode(answer.text, type=Receipt)


def test_it_earns_like_any_other(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.later(days=1)
    sale = book(story, anna, "100", at=story.now - dt.timedelta(hours=3))
    assert (sale.flags, sale.points_earned, story.standing(anna).balance) == ((), 100, 100)


def test_a_phone_earns_without_a_word(story: TillStory) -> None:
    """Points may not be spent by phone alone; nobody has spent any."""
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.give(anna, "50")
    assert book(story, anna, "100", by="phone").flags == ()


def test_points_that_were_given_and_are_not_there_are_owed(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "30")
    sale = book(story, anna, "100", points="80")
    assert (sale.flags, sale.points_redeemed, sale.to_pay) == (("points_over_limit",), 80, 20)
    assert (story.standing(anna).balance, story.standing(anna).debt) == (-50, 50)
    story.give(anna, "70")
    assert story.standing(anna).balance == 20


def test_points_by_phone_alone_are_booked_and_flagged(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    assert book(story, anna, "100", points="80", by="phone").flags == ("points_over_limit",)
    assert story.standing(anna).balance == 20


def test_more_points_than_the_receipt_costs_are_booked_without_them(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "500")
    sale = book(story, anna, "100", points="300")
    assert (sale.flags, sale.points_redeemed, sale.to_pay) == (("points_over_limit",), 100, 0)


def test_as_many_as_possible_says_nothing_of_what_was_given(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100")
    sale = book(story, anna, "100", points="max")
    assert (sale.flags, sale.points_redeemed) == (("points_not_booked",), 0)


def test_an_unknown_and_a_blocked_client(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    request = story.request(anna, "100")
    strange = msgspec.structs.replace(request, client=Who("card", "2900000000000"))
    assert msgspec.json.decode(book_raw(story, strange).text, type=Receipt).flags == ("client_not_found",)
    accounts.block(account=anna, reason="fraud", now=story.now, by="test")
    sale = book(story, anna, "100", points="10")
    assert (sale.flags, sale.client, sale.points_earned) == (("client_blocked", "points_not_booked"), None, 0)
    assert story.entries(anna) == []


def test_too_old_is_booked_and_earns_nothing(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    long_ago = story.now
    story.later(days=31)
    sale = book(story, anna, "100", at=long_ago)
    assert (sale.flags, sale.points_earned, sale.to_pay) == (("too_old",), 0, 100)


def test_a_clock_that_is_ahead_is_set_right(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = book(story, anna, "100", at=story.now + dt.timedelta(hours=2))
    assert (sale.flags, sale.occurred_at, sale.points_earned) == (("clock_ahead",), story.now, 100)


def test_before_the_first_version_nothing_is_earned(story: TillStory) -> None:
    before = story.now
    story.later(days=1)
    story.publish(ONE_PER_ONE)
    anna = story.join()
    sale = book(story, anna, "100", at=before)
    assert (sale.flags, sale.points_earned, sale.version) == (("before_first_version",), 0, 1)


def test_without_any_version_there_is_nothing_to_book_by(story: TillStory) -> None:
    with pytest.raises(Refused, match="program_not_published"):
        book(story, None, "100")


@pytest.mark.parametrize("points", [None, "80"])
def test_a_receipt_that_is_sent_twice_is_booked_once(story: TillStory, points: str | None) -> None:
    """A till that has lost its memory of what it sent makes up a new key."""
    story.publish({})
    anna = story.join()
    story.give(anna, "30")
    story.later(days=1)
    request = story.request(anna, "100", points=points, receipt="000001", at=story.now - dt.timedelta(hours=1))
    first = book_raw(story, request, "one")
    story.later(minutes=10)
    again = book_raw(story, request, "two")
    assert (again.status, again.sale_id) == (200, first.sale_id)
    assert story.standing(anna).balance == (-50 if points else 30)


def test_a_receipt_of_an_unknown_client_that_is_sent_twice(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    request = story.request(None, "100", receipt="000001")
    request = msgspec.structs.replace(request, client=Who("card", "2900000000000"))
    assert book_raw(story, request, "one").sale_id == book_raw(story, request, "two").sale_id


def test_a_receipt_of_yesterday_evening_is_repeated_in_the_morning(story: TillStory) -> None:
    """It is older than the rules, so it earns nothing; and it is still the same receipt."""
    evening = story.now
    story.later(hours=12)
    story.publish(ONE_PER_ONE)
    request = story.request(story.join(), "100", receipt="000001", at=evening)
    assert book_raw(story, request, "one").sale_id == book_raw(story, request, "two").sale_id
