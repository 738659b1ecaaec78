"""Lists of clients and receipts as files: what the list shows, for whom, and what the log says of it."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from clients.imports.columns import column_of
from clients.models import Client, Consent
from merchants import exports
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled, said
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story


@pytest.fixture
def people(cast: Cast, story: TillStory) -> list[Client]:
    anna = enrolled(
        cast.zerno, "Анна Ким", "+79161234567", NOON, email="anna@mail.example", birthday=dt.date(1990, 3, 8)
    )
    boris = enrolled(cast.zerno, "=1+1", "+79167654321", NOON)
    story.sell(anna.account, "340")
    Consent.objects.create(
        program=cast.zerno.program, client=anna, kind=Consent.Kind.ADVERTISING, given=True, source="test", at=NOON
    )
    return [anna, boris]


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.status_code
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))


def test_the_base_under_the_names_that_the_import_knows(cast: Cast, people: list[Client]) -> None:
    desk = Desk(cast.zerno, cast.zerno.owner)
    boris, anna = table(desk.get("clients/clients.csv"))
    assert (anna["Телефон"], anna["День рождения"], anna["Баллы (остаток)"]) == ("+79161234567", "08.03.1990", "340")
    assert (anna["Сумма покупок"], anna["Согласие на рассылку"], boris["Согласие на рассылку"]) == (
        "340,00",
        "да",
        "нет",
    )
    assert boris["Имя"] == "'=1+1"
    known = [column_of(title) for title in anna]
    assert len([column for column in known if column]) >= 13, dict(zip(anna, known, strict=True))
    record = AuditRecord.objects.get(action="clients.exported")
    assert (record.user, record.details) == (cast.zerno.owner, {"kind": "csv", "narrowed": False})


def test_only_what_the_list_shows(cast: Cast, people: list[Client]) -> None:
    desk = Desk(cast.zerno, cast.zerno.owner)
    assert [row["Имя"] for row in table(desk.get("clients/clients.csv", {"q": "анна"}))] == ["Анна Ким"]
    page = desk.get("clients/", {"q": "анна"}).content.decode()
    assert f'href="/m/{cast.zerno.merchant.pk}/clients/clients.csv?q=' in page
    assert AuditRecord.objects.get(action="clients.exported").details["narrowed"]


def test_every_batch_is_there_once(cast: Cast, people: list[Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 2)
    for n in range(5):
        enrolled(cast.zerno, f"Клиент {n}", f"+7916000000{n}", NOON)
    rows = table(Desk(cast.zerno, cast.zerno.owner).get("clients/clients.csv"))
    assert len({row["Телефон"] for row in rows}) == len(rows) == 7


def test_too_much_for_an_xlsx_is_said(cast: Cast, people: list[Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_IN_XLSX", 1)
    desk = Desk(cast.zerno, cast.zerno.owner)
    answer = desk.browser.get(desk.path("clients/clients.xlsx"), follow=True)
    assert "В XLSX помещается не больше 1 строк" in said(answer)
    assert not AuditRecord.objects.filter(action="clients.exported").exists()


def test_staff_have_no_files(cast: Cast, people: list[Client]) -> None:
    desk = Desk(cast.zerno, cast.zerno.operator)
    assert "clients.csv" not in desk.get("clients/").content.decode()
    assert desk.get("clients/clients.csv").status_code == 403


def test_receipts(cast: Cast, people: list[Client]) -> None:
    desk = Desk(cast.zerno, cast.zerno.owner)
    (row,) = table(desk.get("receipts/receipts.csv", {"who": "with"}))
    assert (row["Клиент"], row["Сумма"], row["Начислено баллов"]) == ("Анна Ким", "340,00", "340")
    assert table(desk.get("receipts/receipts.csv", {"who": "without"})) == []
    assert AuditRecord.objects.filter(action="sales.exported").count() == 2
