"""Points that are past their time are gone, whether or not the sweep has run."""

from __future__ import annotations

import datetime as dt

import pytest

from loyalty import ledger
from loyalty.refusals import Refused
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory

MINUTE = dt.timedelta(minutes=1)


@pytest.mark.parametrize("swept", [False, True], ids=["before the sweep", "after the sweep"])
def test_nothing_depends_on_the_sweep(story: TillStory, swept: bool) -> None:
    story.publish({})
    anna = story.join()
    story.give(anna, "100", until=story.now + MINUTE)
    story.give(anna, "30", until=story.now + 5 * MINUTE)
    story.later(minutes=1)
    if swept:
        assert story.sweep() == 1
    standing = story.standing(anna)
    assert (standing.available, standing.balance, standing.next_expiry_points) == (30, 30, 30)
    with pytest.raises(Refused, match="redemption_limit"):
        story.sell(anna, "100", points="31")
    story.sell(anna, "100", points="30")
    assert story.entries(anna) == [("adjust", 100), ("adjust", 30), ("expire", -100), ("redeem", -30)]


def test_a_lot_lives_to_its_last_instant(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    end = story.now + MINUTE
    story.give(anna, "100", until=end)
    story.now = end - dt.timedelta(microseconds=1)
    assert (story.sweep(), story.standing(anna).available) == (0, 100)
    story.now = end
    assert (story.sweep(), story.standing(anna).available) == (1, 0)


def test_the_sweep_goes_through_all_in_chunks(story: TillStory) -> None:
    story.publish({})
    people = [story.join(f"+7916000000{n}") for n in range(5)]
    for person in people:
        story.give(person, "10", until=story.now + MINUTE)
        story.give(person, "20", until=story.now + 2 * MINUTE)
        story.give(person, "40")
    story.later(minutes=5)
    done = []
    while count := ledger.expire_due(program_id=story.program_id, now=story.now, chunk=2):
        done.append(count)
    assert sum(done) == 10
    assert [story.entries(person)[3:] for person in people] == [[("expire", -10), ("expire", -20)]] * 5
    books_are_sound(story.program_id, story.now)


def test_each_expiry_is_dated_by_its_lot(story: TillStory) -> None:
    story.publish({})
    anna = story.join()
    first, second = story.now + MINUTE, story.now + 2 * MINUTE
    story.give(anna, "10", until=second)
    story.give(anna, "20", until=first)
    story.later(days=3)
    story.sweep()
    expired = anna.entries.filter(kind="expire").order_by("id").values_list("at", "balance_after")
    assert list(expired) == [(first, 10), (second, 0)]


def test_what_is_pending_is_told_apart(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"pending_days": 2, "expiry": {"kind": "days", "days": 1}}})
    anna = story.join()
    sale = story.sell(anna, "100")
    # Pending until the midnight that begins the 23rd in Moscow, gone at the end of the 24th.
    opens = dt.datetime(2026, 11, 22, 21, 0, tzinfo=dt.UTC)
    assert sale.points_pending_until == opens
    assert (story.standing(anna).available, story.standing(anna).pending, story.standing(anna).balance) == (0, 100, 100)
    with pytest.raises(Refused, match="redemption_limit"):
        story.sell(anna, "100", points="1")
    story.now = opens
    assert (story.standing(anna).available, story.standing(anna).pending) == (100, 0)
    story.later(days=2)
    assert story.standing(anna).balance == 0


def test_a_debt_does_not_expire(story: TillStory) -> None:
    story.publish({**ONE_PER_ONE, "points": {"earn_when_redeeming": False, "expiry": {"kind": "days", "days": 1}}})
    anna = story.join()
    sale = story.sell(anna, "100")
    story.sell(anna, "100", points="100")
    story.void(sale)
    story.later(days=400)
    assert (story.sweep(), story.standing(anna).balance) == (0, -100)
