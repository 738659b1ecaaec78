"""Erasing lets no till wait for what reads whole tables, and locks in the order in which sales do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection

from clients import editing
from clients.editing import Particulars
from clients.models import Client
from clients.personal import erasing, traces
from clients.personal.erasing import ChangedError
from loyalty import ledger
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.counter import enrolled
from tests.clients.personal.test_erasing import NOON, PHONE, SECOND, erase, lived
from tests.loyalty.shop import ONE_PER_ONE, TillStory


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story


def test_scans_come_first_and_budgets_last(cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    kleo = lived(cast, story)
    story.hold(kleo.account, "80", points="3")
    said: list[str] = []
    real = ledger.call

    def call(sql: str, parameters: list[Any]) -> Any:
        said.append(sql)
        return real(sql, parameters)

    def heard(execute: Any, sql: str, *more: Any) -> Any:
        said.append(sql)
        return execute(sql, *more)

    monkeypatch.setattr(ledger, "call", call)
    with connection.execute_wrapper(heard):
        erase(kleo, cast, story)

    def where(*parts: str) -> list[int]:
        return [n for n, sql in enumerate(said) if all(part in sql for part in parts)]

    locked = where("loyalty_lock_account")[0]
    for scan in (
        ("clientimportline", "LIKE"),
        ("clientimportline", '"email" IN'),
        ("loyalty_certificate", '"email" IN'),
    ):
        assert where(*scan), scan
        assert max(where(*scan)) < locked, scan
    by_words = where("auditrecord", "UPPER")
    assert by_words[0] < locked
    assert all('"id" >' in said[n] for n in by_words if n > locked), "of the log only what is newer"
    held, certificates = where("loyalty_free_hold")[-1], where('UPDATE "loyalty_certificate"')
    taken = where('FROM "loyalty_certificate"', "FOR NO KEY UPDATE")[0]
    assert locked < held < taken < certificates[0]
    assert taken < where("loyalty_post")[0]
    last = [sql for sql in said if "SAVEPOINT" not in sql][-1]
    assert "loyalty_refill_budgets_of" in last


def test_a_phone_that_has_changed_meanwhile_is_looked_for_anew(
    cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    real = traces.find

    def find(known: traces.Known) -> traces.Found:
        found = real(known)
        editing.edit(client=anna, particulars=Particulars(phone=SECOND, name="Анна"), now=NOON, by=cast.zerno.owner)
        return found

    monkeypatch.setattr(traces, "find", find)
    with pytest.raises(ChangedError):
        erase(anna, cast, story)
    assert Client.objects.filter(pk=anna.pk).exists()
    monkeypatch.setattr(traces, "find", real)
    erasing.erase(client=anna, merchant=cast.zerno.merchant, source="test", now=NOON, by=cast.zerno.owner)
    assert not Client.objects.filter(pk=anna.pk).exists()
