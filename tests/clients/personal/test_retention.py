"""Who is erased by night: whoever has been idle for so long, still is, and was known here for so long."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine

from clients.models import Client, Erasure, Retention
from clients.personal import erasing, retention
from loyalty import closing
from loyalty.models import Account
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled, said
from tests.clients.imports.files import as_csv, loaded
from tests.clients.personal.test_erasing import NOON, PHONE, SECOND
from tests.loyalty.shop import ONE_PER_ONE, TillStory

LONG_AGO = NOON - dt.timedelta(days=3000)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        Retention.objects.create(program=cast.zerno.program, idle_years=5)
        yield story


def names() -> list[str]:
    return list(Client.objects.order_by("name").values_list("name", flat=True))


def test_who_was_imported_yesterday_is_known_since_yesterday(cast: Cast, story: TillStory) -> None:
    file = as_csv([("ФИО", "Телефон", "Дата регистрации"), ("Анна", PHONE, "01.02.2019"), ("Борис", "", "01.02.2019")])
    with time_machine.travel(NOON - dt.timedelta(days=1)):
        loaded(cast.zerno, file)
    known = names()
    assert "Анна" in known
    assert retention.run(now=NOON) == 0
    assert names() == known
    assert retention.run(now=NOON + dt.timedelta(days=5 * 365 + 1)) == len(known)


def test_who_buys_while_the_list_is_worked_off_stays(
    cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _other = (enrolled(cast.zerno, name, phone, LONG_AGO) for name, phone in (("Анна", PHONE), ("Борис", SECOND)))
    real = erasing.erase

    def bought_first(**asked: Any) -> Erasure:
        if asked["client"].pk == anna.pk:
            story.sell(anna.account, "100")
        return real(**asked)

    monkeypatch.setattr(erasing, "erase", bought_first)
    assert retention.run(now=NOON) == 1
    assert names() == ["Анна"]


def test_what_was_shown_is_asked_again_behind_the_lock(
    cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    desk = Desk(cast.zerno, cast.zerno.owner)
    page = f"clients/{anna.account.public_id}/erase/"
    seen = desk.get(page).context["form"].initial["seen"]
    real = erasing.erase

    def bought_first(**asked: Any) -> Erasure:
        story.sell(anna.account, "100")
        return real(**asked)

    monkeypatch.setattr(erasing, "erase", bought_first)
    answer = desk.post(page, {"seen": seen})
    assert "цифры изменились" in said(answer)
    assert names() == ["Анна"]
    assert not Erasure.objects.exists()


def test_one_who_cannot_be_erased_keeps_nobody(cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, name in enumerate(("Анна", "Борис", "Вера")):
        enrolled(cast.zerno, name, f"+7916000000{number}", LONG_AGO)
    with tenant(cast.pryanik.program.pk):
        enrolled(cast.pryanik, "Глеб", PHONE, LONG_AGO)
        Retention.objects.create(program=cast.pryanik.program, idle_years=5)
    real = closing.foresee

    def foresee(*, account: Account, now: dt.datetime) -> closing.Closing:
        if account.client.name == "Борис":
            raise KeyError(PHONE)
        return real(account=account, now=now)

    monkeypatch.setattr(closing, "foresee", foresee)
    assert retention.run(now=NOON) == 3
    assert names() == ["Борис"]


def test_late_points_of_one_keep_nobody(cast: Cast, story: TillStory, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts = []
    for number in range(3):
        one = enrolled(cast.zerno, "Анна", f"+7916000000{number}", NOON)
        story.give(one.account, "50")
        sale = story.sell(one.account, "100", points="50")
        erasing.erase(client=one, merchant=cast.zerno.merchant, source="test", now=NOON, by=cast.zerno.owner)
        story.void(sale)
        accounts.append(one.account_id)
    real = closing.write_off

    def write_off(*, account_id: int, **more: Any) -> tuple[D, D]:
        if account_id == accounts[0]:
            raise ZeroDivisionError
        return real(account_id=account_id, **more)

    monkeypatch.setattr(closing, "write_off", write_off)
    assert erasing.write_off_late(program_id=story.program_id, now=NOON) == 2
    assert [bool(Account.objects.get(pk=key).points) for key in accounts] == [True, False, False]
