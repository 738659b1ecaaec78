"""Operations with points across clients: what is listed to whom, and taken along as a file."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client as Browser
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from clients.models import Client
from loyalty import accounts
from loyalty.certificates import issuing
from loyalty.certificates.issuing import Terms
from merchants.access import tenant
from merchants.models import AuditRecord, User
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON - dt.timedelta(days=40))
        story.publish(ONE_PER_ONE)
        story.later(days=40)
        yield story


def browser(user: User) -> Browser:
    found = Browser()
    found.force_login(user)
    return found


def person(story: TillStory, name: str = "Вера", phone: str = "+79161234567") -> Client:
    account = story.join(phone)
    return Client.objects.create(program_id=story.program_id, account=account, name=name, phone=phone)


def by_hand(story: TillStory, cast: Cast, client: Client, points: int, reason: str, by: User | None = None) -> None:
    accounts.adjust(
        account=client.account,
        points=points,  # type: ignore[arg-type]
        reason=reason,
        now=story.now,
        by=by or cast.zerno.operator,
        merchant_id=cast.zerno.merchant.pk,
    )


def listed(answer: Any) -> str:
    body = answer.content.decode().partition("<tbody")[2].partition("</tbody>")[0]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " ").replace("−", "-").split())


def cells(answer: Any) -> list[list[Any]]:
    content = b"".join(answer)
    if "csv" in answer["Content-Type"]:
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    return [list(row) for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)]


def test_operations_are_listed_and_filtered(story: TillStory, cast: Cast) -> None:
    vera = person(story)
    story.sell(vera.account, "100.00", receipt="17", cashier="Анна")
    by_hand(story, cast, vera, 50, "Подарок")
    by_hand(story, cast, vera, -20, "Опечатка", cast.zerno.manager)
    office, url = browser(cast.zerno.owner), f"/m/{cast.zerno.merchant.pk}/receipts/points/"
    found = listed(office.get(url))
    assert "Вручную 21.11.2026 12:00 Вера — Boris Опечатка -20 зёрен 130" in found
    assert "Начислено 21.11.2026 12:00 Вера 17 Зерно, Лесная 5 Анна +100 зёрен 100" in found
    for asked, expected in (
        ({"kind": "earn"}, {"100"}),
        ({"who": cast.zerno.operator.email}, {"50"}),
        ({"reason": "опеч"}, {"-20"}),
        ({"outlet": cast.zerno.outlet.pk}, {"100"}),
        ({"since": "2026-11-21", "until": "2026-11-21"}, {"100", "50", "-20"}),
        ({"until": "2026-11-20"}, set()),
    ):
        shown = listed(office.get(url, asked))
        assert {points.lstrip("+") for points in re.findall(r"([+-]\d+) зёр", shown)} == expected, asked
    assert (
        "Последний день раньше первого" in office.get(url, {"since": "2026-2-2", "until": "2026-2-1"}).content.decode()
    )
    assert "Не больше года" in office.get(url, {"since": "2024-1-1", "until": "2026-1-1"}).content.decode()
    for day in ("0001-01-01", "9999-12-31"):
        assert office.get(url, {"since": day, "until": day}).status_code == 200


def test_an_older_operation_is_found_by_its_days(story: TillStory, cast: Cast) -> None:
    vera = person(story)
    story.now = NOON - dt.timedelta(days=35)
    by_hand(story, cast, vera, 50, "Подарок")
    office, url = browser(cast.zerno.owner), f"/m/{cast.zerno.merchant.pk}/receipts/points/"
    assert "Подарок" not in listed(office.get(url))
    assert "Подарок" in listed(office.get(url, {"since": "2026-10-01"}))


def test_partners_are_not_told_of_each_other(story: TillStory, cast: Cast) -> None:
    vera = person(story)
    by_hand(story, cast, vera, 50, "Подарок Зерна")
    story.sell(vera.account, "100.00")
    url = f"/m/{cast.bakery.merchant.pk}/receipts/points/"
    assert listed(browser(cast.bakery.owner).get(url)) == ""
    said = listed(browser(cast.zerno.reader).get(f"/m/{cast.zerno.merchant.pk}/receipts/points/"))
    assert "Подарок Зерна" in said
    assert "Vera" not in said  # who did it stands in the log, which is not for readers


def test_more_rows_are_no_more_queries(
    story: TillStory, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    office, url = browser(cast.zerno.owner), f"/m/{cast.zerno.merchant.pk}/receipts/points/"
    vera = person(story)
    for _n in range(12):
        story.sell(vera.account, "10.00")
        by_hand(story, cast, vera, 1, "Подарок")
    office.get(url)
    with django_assert_max_num_queries(12):
        assert listed(office.get(url)).count("зёр") >= 12


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_operations_as_a_file(story: TillStory, cast: Cast, kind: str) -> None:
    vera = person(story, "=Вера")
    by_hand(story, cast, vera, 50, "Подарок")
    answer = browser(cast.zerno.manager).get(f"/m/{cast.zerno.merchant.pk}/receipts/points/points.{kind}?kind=adjust")
    titles, line = cells(answer)
    row = dict(zip(titles, line, strict=True))
    assert (row["Клиент"], row["Телефон"], row["Кто"]) == ("'=Вера", "+79161234567", "Vera")
    assert row["Баллы"] == ("50" if kind == "csv" else 50)
    record = AuditRecord.objects.get(action="entries.exported")
    assert record.details == {"kind": kind, "narrowed": True}


def test_certificates_as_a_file_with_whole_codes(story: TillStory, cast: Cast) -> None:
    terms = Terms(kind="sum", amount=1000, is_sold=True, expires_at=NOON + dt.timedelta(days=30))  # type: ignore[arg-type]
    made = issuing.issue(merchant=cast.zerno.merchant, terms=terms, by=cast.zerno.owner, now=NOON)
    code = made[0].code
    url = f"/m/{cast.zerno.merchant.pk}/certificates/certificates"
    titles, line = cells(browser(cast.zerno.manager).get(f"{url}.csv"))
    assert len(titles) == len(line)
    assert (line[0], line[3], line[5], line[7]) == (code, "1000,00", "1000,00", "да")
    assert len(cells(browser(cast.zerno.owner).get(f"{url}.xlsx?show=used"))) == 1
    assert AuditRecord.objects.filter(action="certificates.exported").count() == 2
