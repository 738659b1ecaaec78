"""What the nightly sweep makes of tiers and of idle accounts, and what a new version makes of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest

from loyalty import housekeeping, reviews
from loyalty.models import Account
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory
from tests.loyalty.test_rewards import YEAR

WINDOW = {**YEAR, "status": {"window": {"kind": "days", "days": 30}, "downgrade": "at_once"}}


@pytest.fixture(autouse=True)
def sound(story: TillStory) -> Iterator[None]:
    yield
    books_are_sound(story.program_id, story.now)


def kept(account: Account) -> tuple[str, dt.datetime | None]:
    account.refresh_from_db()
    return account.tier, account.tier_ends_at


def test_the_sweep_writes_down_what_everybody_sees(story: TillStory) -> None:
    story.publish(WINDOW)
    anna = story.join()
    story.sell(anna, "1000")
    assert kept(anna) == ("silver", dt.datetime(2026, 12, 20, 21, tzinfo=dt.UTC))
    story.later(days=30)
    assert story.standing(anna).tier == "basic"
    assert kept(anna)[0] == "silver"
    housekeeping.sweep(now=story.now)
    assert kept(anna) == ("basic", None)
    assert reviews.review_tiers(program_id=story.program_id, now=story.now) == 0


def test_a_version_that_lets_tiers_end_gives_everybody_a_whole_window(story: TillStory) -> None:
    story.publish(YEAR)
    anna, boris = story.join(), story.join("+79160000001")
    story.sell(anna, "5000")
    story.later(days=100)
    story.publish(WINDOW)
    housekeeping.sweep(now=story.now)
    assert kept(anna) == ("gold", dt.datetime(2027, 3, 30, 21, tzinfo=dt.UTC))
    assert kept(boris) == ("basic", None)
    story.publish(YEAR)
    housekeeping.sweep(now=story.now)
    assert kept(anna) == ("gold", None)


def test_points_never_lapse_overnight_because_of_a_new_version(story: TillStory) -> None:
    story.publish(ONE_PER_ONE)
    anna = story.join()
    story.sell(anna, "100")
    story.later(days=200)
    story.publish({**ONE_PER_ONE, "points": {"inactivity_days": 30}})
    housekeeping.sweep(now=story.now)
    assert story.standing(anna).available == 100
    story.later(days=30)
    housekeeping.sweep(now=story.now)
    assert story.standing(anna).available == 100
    story.later(days=1)
    housekeeping.sweep(now=story.now)
    assert [points for kind, points in story.entries(anna) if kind == "expire"] == [-100]


def test_a_version_without_the_term_takes_it_away(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"inactivity_days": 30}})
    anna = story.join()
    story.sell(anna, "100")
    story.publish(ONE_PER_ONE)
    housekeeping.sweep(now=story.now)
    story.later(days=400)
    housekeeping.sweep(now=story.now)
    assert story.standing(anna).available == 100


def test_it_goes_on_where_it_was_stopped(story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "CHUNK", 2)
    story.publish(ONE_PER_ONE)
    people = [story.join(f"+7916000000{n}") for n in range(5)]
    story.publish({**ONE_PER_ONE, "points": {"inactivity_days": 30}})
    counts = [reviews.adopt(program_id=story.program_id, now=story.now) for _n in range(4)]
    assert counts == [2, 2, 1, 0]
    assert Account.objects.filter(pk__in=[one.pk for one in people], inactive_at=None).count() == 0
