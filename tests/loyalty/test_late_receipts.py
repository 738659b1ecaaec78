"""A receipt that arrives later than it happened: its own rules and dates, the client as he is now."""

from __future__ import annotations

import datetime as dt

import pytest

from loyalty.refusals import Refused
from tests.loyalty.shop import ONE_PER_ONE, TillStory

TWO_PER_ONE = {"rules": [{"id": "base", "title": "2 за 1", "effect": {"kind": "per_unit", "points": "2"}}]}
THREE_DAYS = {"points": {"expiry": {"kind": "days", "days": 3}}}


def test_the_rules_are_those_of_its_day(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    monday = story.now
    story.later(days=2)
    story.publish(TWO_PER_ONE)
    assert story.sell(anna, "100", at=monday).points_earned == 100
    assert story.sell(anna, "100", at=story.now - dt.timedelta(seconds=1)).points_earned == 100
    assert story.sell(anna, "100", at=story.now).points_earned == 200


def test_the_tier_is_the_present_one(story: TillStory) -> None:
    tiers = [
        {"id": "b", "title": "B", "earn_percent": "1"},
        {"id": "s", "title": "S", "spent": "1000", "earn_percent": "10"},
    ]
    story.publish({"tiers": tiers})
    anna = story.join()
    yesterday = story.now
    story.later(days=1)
    assert story.sell(anna, "1000").points_earned == 10
    assert story.sell(anna, "100", at=yesterday).points_earned == 10


def test_its_points_live_from_its_own_day(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, **THREE_DAYS})
    anna = story.join()
    saturday = story.now
    story.later(days=2)
    story.sell(anna, "100", at=saturday)
    # Until the end of Tuesday in Moscow.
    assert story.standing(anna).next_expiry_at == dt.datetime(2026, 11, 24, 21, 0, tzinfo=dt.UTC)


def test_points_that_are_gone_already_are_never_shown(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, **THREE_DAYS})
    anna = story.join()
    saturday = story.now
    story.later(days=10)
    sale = story.sell(anna, "100", at=saturday)
    assert sale.client is not None
    assert (sale.points_earned, sale.client.balance, sale.client.available) == (100, 0, 0)
    assert story.standing(anna).balance == 0
    story.sweep()
    assert story.entries(anna) == [("earn", 100), ("expire", -100)]


def test_a_cap_of_the_day_is_that_of_its_day(story: TillStory) -> None:
    story.publish({"spending": {"per_day": "50"}})
    anna = story.join()
    story.give(anna, "200")
    yesterday = story.now
    story.later(days=1)
    story.sell(anna, "100", points="50")
    story.sell(anna, "100", points="30", at=yesterday)
    with pytest.raises(Refused, match="redemption_limit") as refused:
        story.sell(anna, "100", points="30", at=yesterday)
    assert refused.value.facts == {"allowed": 20, "limit": "per_day"}


def test_five_minutes_ahead_and_thirty_days_back(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.later(days=40)
    now = story.now
    story.sell(anna, "1", at=now + dt.timedelta(minutes=5))
    with pytest.raises(Refused, match="occurred_at_in_future"):
        story.sell(anna, "1", at=now + dt.timedelta(minutes=5, seconds=1))
    story.sell(anna, "1", at=now - dt.timedelta(days=30))
    with pytest.raises(Refused, match="occurred_at_too_old") as refused:
        story.sell(anna, "1", at=now - dt.timedelta(days=30, seconds=1))
    assert refused.value.facts == {"days": 30}


def test_before_the_first_publication_there_is_no_programme(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    with pytest.raises(Refused, match="program_not_published"):
        story.sell(anna, "1", at=story.now - dt.timedelta(seconds=1))


def test_an_earlier_purchase_is_the_first_and_not_the_last(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    yesterday = story.now
    today = story.later(days=1)
    story.sell(anna, "1")
    story.sell(anna, "1", at=yesterday)
    anna.refresh_from_db()
    assert (anna.first_purchase_at, anna.last_purchase_at, anna.visits) == (yesterday, today, 2)
