"""A chunk of the sweep looks at its accounts at once: nothing around it, and nothing in it, goes unchecked."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from loyalty import ledger
from loyalty.models import Account, Lot
from tests.loyalty.shop import TillStory

WRONG = "do not balance"


@pytest.fixture
def due(story: TillStory) -> TillStory:
    """Anna has a lot that is due and one that is not."""
    story.publish({})
    anna = story.join()
    story.give(anna, "100", until=story.now + dt.timedelta(minutes=1))
    story.give(anna, "30")
    story.later(minutes=1)
    return story


def sweep(story: TillStory) -> int:
    return ledger.expire_due(program_id=story.program_id, now=story.now)


def test_what_was_written_before_the_chunk_is_checked(due: TillStory) -> None:
    with transaction.atomic():
        Account.objects.update(points=F("points") + 1)
        with pytest.raises(IntegrityError, match=WRONG):
            sweep(due)
        transaction.set_rollback(True)


def test_what_was_written_after_the_chunk_is_checked(due: TillStory) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        assert sweep(due) == 1
        Account.objects.update(points=F("points") + 1)
        with pytest.raises(IntegrityError, match=WRONG):
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)


@pytest.mark.parametrize("broken", ["account", "lot"])
def test_a_chunk_over_wrong_books_is_refused(due: TillStory, broken: str) -> None:
    statement = {
        "account": "UPDATE loyalty_account SET points = points + 1",
        "lot": "UPDATE loyalty_lot SET rest = rest - 1 WHERE expires_at IS NULL",
    }[broken]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
        cursor.execute(statement)
        cursor.execute("SET LOCAL session_replication_role = origin; SET CONSTRAINTS ALL DEFERRED")
        with pytest.raises(IntegrityError, match=WRONG), transaction.atomic():
            sweep(due)
        transaction.set_rollback(True)
    assert Lot.objects.filter(rest=100).exists()
