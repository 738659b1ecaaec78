"""Who asks to be erased and stays after all has the card that he had; and who asked before the list is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from importlib import import_module

import pytest
import time_machine
from django.db import connection

from clients import consents
from clients.models import Client, Consent, Erasure
from clients.personal import requests
from loyalty import accounts
from loyalty.models import Account
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled
from tests.clients.personal.test_erasing import NOON, PHONE
from tests.loyalty.shop import ONE_PER_ONE, TillStory

LATER = NOON + dt.timedelta(days=3)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story


def block(client: Client, cast: Cast, reason: str) -> None:
    accounts.block(account=client.account, reason=reason, now=NOON, by=cast.zerno.owner)


def stays(client: Client, cast: Cast) -> tuple[str, str]:
    """The card's state and why, when the client stays after all."""
    row = Erasure.objects.asked().get(account=client.account)
    requests.drop(request=row, reason="Передумал", now=LATER, by=cast.zerno.owner)
    account = Account.objects.get(pk=client.account_id)
    return account.status, account.block_reason


def test_who_was_free_is_free_again(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    requests.ask(client=anna, source="test", now=NOON)
    assert "Карта снова заработает" in Desk(cast.zerno, cast.zerno.owner).text(
        f"clients/erasures/{Erasure.objects.get().pk}/stay/"
    )
    assert stays(anna, cast) == ("active", "")


def test_who_was_blocked_stays_blocked_for_the_same_reason(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    block(anna, cast, "Чужие чеки")
    requests.ask(client=anna, source="test", now=NOON)
    assert "останется заблокированной" in Desk(cast.zerno, cast.zerno.owner).text(
        f"clients/erasures/{Erasure.objects.get().pk}/stay/"
    )
    assert stays(anna, cast) == ("blocked", "Чужие чеки")


def test_who_is_blocked_meanwhile_stays_blocked(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    requests.ask(client=anna, source="test", now=NOON)
    block(anna, cast, "Чужие чеки")
    requests.ask(client=anna, source="test", now=NOON)
    assert stays(anna, cast) == ("blocked", "Чужие чеки")


def test_who_was_unblocked_and_asks_again(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    block(anna, cast, "Чужие чеки")
    requests.ask(client=anna, source="test", now=NOON)
    accounts.unblock(account=anna.account, reason="", now=NOON, by=cast.zerno.owner)
    requests.ask(client=anna, source="test", now=NOON)
    assert stays(anna, cast) == ("active", "")


def test_withdrawals_from_before_the_list(cast: Cast, story: TillStory) -> None:
    """What the migration does: once for each, and not for those who came back, or of whom a file said «no»."""
    gone, back, brought, dropped, fraud = (
        enrolled(cast.zerno, "Анна", f"+7916000000{number}", NOON) for number in range(5)
    )
    for one in (gone, back):
        consents.withdraw_processing(client=one, source="card page", now=NOON)
    consents.say(client=back, said={consents.Kind.PROCESSING: True}, texts={}, source="test", now=LATER)
    Consent.objects.create(
        program=cast.zerno.program, client=brought, kind="processing", given=False, source="import:1"
    )
    requests.ask(client=dropped, source="card page", now=NOON)
    stays(dropped, cast)
    block(fraud, cast, "Чужие чеки")
    consents.withdraw_processing(client=fraud, source="card page", now=NOON)
    migration = import_module("clients.migrations.0011_asking_blocks")
    for _again in range(2):
        with connection.cursor() as cursor:
            cursor.execute(migration.OLD_WITHDRAWALS)
            cursor.execute(migration.BLOCKED_BY_ASKING)
    found = {row.account_id: row for row in Erasure.objects.asked()}
    assert set(found) == {gone.account_id, fraud.account_id}
    row = found[gone.account_id]
    assert (row.asked_at, row.until, row.source) == (NOON, NOON + dt.timedelta(days=30), "card page")
    assert row.merchant_id == cast.zerno.merchant.pk
    assert stays(gone, cast) == ("active", "")
    assert stays(fraud, cast) == ("blocked", "Чужие чеки")
