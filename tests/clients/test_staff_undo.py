"""Points by hand are given once and undone once, whoever presses how often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest

from loyalty import accounts
from loyalty.audit import audit
from loyalty.models import Account, Entry, Lot
from loyalty.refusals import Refused
from loyalty.undoing import CannotUndo, foresee, undo_adjustment, undoable
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.loyalty.at_once import at_once
from tests.loyalty.checking import books_are_sound
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON)
        yield story
        books_are_sound(story.program_id, story.now)


@pytest.fixture
def anna(story: TillStory) -> Account:
    story.publish({})
    return story.join()


def give(story: TillStory, account: Account, points: str, **more: Any) -> Entry:
    accounts.adjust(account=account, points=D(points), reason="gift", now=story.now, by="test", **more)
    return Entry.objects.latest("pk")


def undo(story: TillStory, entry: Entry) -> Any:
    return undo_adjustment(entry=entry, reason="mistake", now=story.now, by="test")


def lots(account: Account) -> list[tuple[D, dt.datetime | None]]:
    return list(Lot.objects.filter(account=account, rest__gt=0).order_by("pk").values_list("rest", "expires_at"))


def test_the_same_key_gives_once(story: TillStory, anna: Account) -> None:
    for points in ("50", "-20"):
        act = partial(accounts.adjust, account=anna, points=D(points), reason="", now=story.now, by="test")
        assert [act(once=f"key{points}"), act(once=f"key{points}")] == [True, False]
    assert act(once="another")
    assert story.entries(anna) == [("adjust", 50), ("adjust", -20), ("adjust", -20)]
    assert Lot.objects.get(account=anna).rule == "adjustment"


def test_an_addition_is_undone(story: TillStory, anna: Account) -> None:
    give(story, anna, "30")
    entry = give(story, anna, "100")
    seen = foresee(entry=entry, now=story.now)
    assert (seen.change, seen.before, seen.after, seen.spent, seen.owed) == (-100, 130, 30, 0, 0)
    assert story.standing(anna).balance == 130
    assert undo(story, entry) == seen
    assert lots(anna) == [(30, None)]
    with pytest.raises(CannotUndo, match="done"):
        undo(story, entry)
    record = AuditRecord.objects.get(action="account.adjustment_undone")
    assert record.details == {"entry": entry.pk, "points": "-100.00", "balance": "30.00"}


def test_an_undoing_is_not_undone_and_neither_is_a_sale(story: TillStory, anna: Account) -> None:
    story.publish(ONE_PER_ONE)
    story.sell(anna, "10")
    earned = Entry.objects.get(account=anna)
    undo(story, give(story, anna, "100"))
    for entry in (earned, Entry.objects.latest("pk")):
        with pytest.raises(CannotUndo, match="not_by_hand"):
            undo(story, entry)


def test_what_was_spent_is_owed(story: TillStory, anna: Account) -> None:
    entry = give(story, anna, "100")
    give(story, anna, "10")
    story.sell(anna, "80", points="80")
    done = undo(story, entry)
    assert (done.spent, done.owed, done.after) == (80, 70, -70)
    assert story.standing(anna).debt == 70


def test_a_programme_without_debts_refuses(story: TillStory, anna: Account) -> None:
    story.publish({"points": {"debt": "clamp"}})
    entry = give(story, anna, "100")
    story.sell(anna, "80", points="80")
    with pytest.raises(CannotUndo, match="spent"):
        undo(story, entry)
    assert story.standing(anna).balance == 20
    give(story, anna, "80")
    undo(story, entry)
    assert story.standing(anna).balance == 0


def test_an_addition_that_paid_a_debt(story: TillStory, anna: Account) -> None:
    first = give(story, anna, "100")
    story.sell(anna, "100", points="100")
    undo(story, first)
    second = give(story, anna, "130")
    assert story.standing(anna).balance == 30
    undo(story, second)
    assert story.standing(anna).balance == -100


def test_what_has_expired_is_gone_already(story: TillStory, anna: Account) -> None:
    entry = give(story, anna, "100", expires_at=story.now + dt.timedelta(days=1))
    story.sell(anna, "40", points="40")
    give(story, anna, "50")
    story.later(days=1)
    done = undo(story, entry)
    assert (done.expired, done.change, done.spent, done.after) == (60, -40, 40, 10)
    gone = give(story, anna, "5", expires_at=story.now + dt.timedelta(days=1))
    story.later(days=1)
    story.sweep()
    with pytest.raises(CannotUndo, match="nothing"):
        undo(story, gone)


def test_deducted_points_come_back_where_they_were(story: TillStory, anna: Account) -> None:
    soon, late = story.now + dt.timedelta(days=2), story.now + dt.timedelta(days=60)
    give(story, anna, "30", expires_at=soon)
    give(story, anna, "50", expires_at=late)
    entry = give(story, anna, "-40")
    done = undo(story, entry)
    assert (done.change, done.back) == (40, ((D(10), late), (D(30), soon)))
    assert lots(anna) == [(40, late), (10, late), (30, soon)]
    with pytest.raises(CannotUndo, match="done"):
        undo(story, entry)
    again = give(story, anna, "-40")
    story.later(days=3)
    undo(story, again)
    # 30 days of grace, to the end of the local day.
    assert lots(anna)[-1] == (30, dt.datetime(2026, 12, 24, 21, 0, tzinfo=dt.UTC))


def test_for_thirty_days(story: TillStory, anna: Account) -> None:
    old = give(story, anna, "10")
    story.later(days=30, minutes=-1)
    young = give(story, anna, "-1")
    assert undoable([old, young], story.now) == {old.pk, young.pk}
    story.later(minutes=1)
    assert undoable([old, young], story.now) == {young.pk}
    undo(story, young)
    assert undoable(Entry.objects.all(), story.now) == set()
    with pytest.raises(CannotUndo, match="late"):
        undo(story, old)


# ---------------------------------------------------------------- at once


@pytest.fixture
def busy(transactional_db: None, story: TillStory) -> Iterator[TillStory]:
    story.publish({})
    yield story
    assert [str(found) for _check, found in audit(now=story.now) if found] == []


@pytest.mark.django_db(transaction=True)
def test_two_windows_undo_one_entry(busy: TillStory) -> None:
    anna = busy.join()
    for points in ("100", "-40"):
        give(busy, anna, "50")
        entry = give(busy, anna, points)
        results = at_once(busy.program_id, [partial(undo, busy, entry)] * 4)
        assert sorted(getattr(result, "why", "undone") for result in results) == ["done"] * 3 + ["undone"]
    assert busy.standing(anna).balance == 100


@pytest.mark.django_db(transaction=True)
def test_a_double_click_gives_once(busy: TillStory) -> None:
    anna = busy.join()
    act = partial(accounts.adjust, account=anna, points=D(7), reason="", now=busy.now, by="test", once="one")
    assert sorted(map(bool, at_once(busy.program_id, [act] * 4))) == [False, False, False, True]
    assert busy.standing(anna).balance == 7


@pytest.mark.django_db(transaction=True)
def test_an_undoing_and_a_sale_of_the_same_points(busy: TillStory) -> None:
    anna = busy.join()
    for trial in range(4):
        before = busy.standing(anna).balance
        entry = give(busy, anna, "100")
        acts: list[Any] = [
            partial(undo, busy, entry),
            partial(busy.sell_raw, busy.request(anna, "60", points="60", receipt=f"r{trial}")),
        ]
        undone, sold = at_once(busy.program_id, acts)
        assert not isinstance(undone, Exception)
        refused = isinstance(sold, Refused)
        assert refused or not isinstance(sold, Exception)
        # Whoever came first: 60 that were sold are owed, or were not there any more.
        assert busy.standing(anna).balance == before - (0 if refused else 60)
        if not refused:
            give(busy, anna, "60")
