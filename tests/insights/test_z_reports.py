"""Z-reports: typed in, compared with what went with the card, corrected, and never forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D

import pytest
import time_machine
from django.test import Client

from insights import rollups
from insights.models import ZReport
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.insights.test_dashboard import plain
from tests.loyalty.conftest import NOON
from tests.loyalty.shop import ONE_PER_ONE, TillStory

TODAY = NOON.date()
YESTERDAY = TODAY - dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def sold(story: TillStory, cast: Cast, client: Client) -> Iterator[None]:
    """Two receipts with the card yesterday, 1000 roubles together."""
    client.force_login(cast.zerno.operator)
    story.now -= dt.timedelta(days=1)
    story.publish(ONE_PER_ONE)
    story.now += dt.timedelta(days=1)
    anna = story.join()
    for price in ("300", "700"):
        story.sell(anna, price, at=story.now)
    story.later(days=1)
    rollups.roll_up(now=story.now)
    with time_machine.travel(NOON + dt.timedelta(days=1), tick=False):
        yield


DAY = TODAY  # the receipts' day; the page is looked at on the day after


def path(cast: Cast) -> str:
    return f"/m/{cast.zerno.merchant.pk}/z/"


def test_entered(client: Client, cast: Cast) -> None:
    page = plain(client.get(path(cast)).content.decode())
    assert "1 000,00 ₽ 2 чека" in page
    answer = client.post(path(cast), {f"total-{DAY}": "12 500,50", f"receipts-{DAY}": "31"}, follow=True)
    assert "Сохранено: 1 день." in answer.content.decode()
    report = ZReport.objects.get()
    assert (report.day, report.total, report.receipts) == (DAY, D("12500.50"), 31)
    assert report.entered_by == cast.zerno.operator
    assert 'value="12500,50"' in answer.content.decode()
    record = AuditRecord.objects.get(action="z_report.entered")
    assert record.details == {"day": str(DAY), "total": "12500.50", "receipts": 31}


def test_corrected_and_taken_away(client: Client, cast: Cast) -> None:
    client.post(path(cast), {f"total-{DAY}": "5000"})
    client.post(path(cast), {f"total-{DAY}": "6000", f"receipts-{DAY}": "20"})
    report = ZReport.objects.get()
    assert (report.total, report.receipts) == (6000, 20)
    record = AuditRecord.objects.get(action="z_report.corrected")
    assert (record.details["total_before"], record.details["total"]) == ("5000.00", "6000")
    answer = client.post(path(cast), {f"total-{DAY}": "6000", f"receipts-{DAY}": "20"}, follow=True)
    assert "Изменений нет." in answer.content.decode()
    client.post(path(cast), {f"total-{DAY}": ""})
    assert not ZReport.objects.exists()
    assert AuditRecord.objects.filter(action="z_report.removed", details__total_before="6000.00").exists()


def test_less_than_with_the_card_is_asked_about(client: Client, cast: Cast) -> None:
    typed = {f"total-{DAY}": "900", f"receipts-{DAY}": "1", f"total-{YESTERDAY}": "100"}
    answer = client.post(path(cast), typed)
    page = plain(answer.content.decode())
    assert "Одни чеки с картой дают 1 000,00 ₽." in page
    assert "Одних чеков с картой было 2." in page
    assert f'aria-describedby="id_total-{DAY}_error"' in answer.content.decode()
    assert not ZReport.objects.exists()
    client.post(path(cast), typed | {f"sure-{DAY}": "on"})
    assert ZReport.objects.get(day=DAY).total == 900
    assert ZReport.objects.count() == 2


def test_nonsense_is_told_beside_its_field(client: Client, cast: Cast) -> None:
    answer = client.post(path(cast), {f"total-{DAY}": "много", f"receipts-{YESTERDAY}": "3"})
    page = plain(answer.content.decode())
    assert "Введите число." in page
    assert "Введите и итог дня." in page
    answer = client.post(path(cast), {f"total-{DAY}": "-5"})
    assert answer.status_code == 200
    assert not ZReport.objects.exists()


def test_a_reader_only_reads(client: Client, cast: Cast) -> None:
    client.post(path(cast), {f"total-{DAY}": "5000"})
    client.force_login(cast.zerno.reader)
    page = client.get(path(cast)).content.decode()
    assert "5 000,00 ₽" in plain(page)
    assert 'name="total' not in page
    assert client.post(path(cast), {f"total-{DAY}": "6000"}).status_code == 403
    assert ZReport.objects.get().total == 5000


def test_another_merchants_outlet_is_not_to_be_had(client: Client, cast: Cast) -> None:
    client.post(f"{path(cast)}?outlet={cast.bakery.outlet.pk}", {f"total-{DAY}": "5000"})
    assert ZReport.objects.get().outlet == cast.zerno.outlet


def test_days_long_past_are_not_entered(client: Client, cast: Cast) -> None:
    client.post(path(cast), {f"total-{TODAY - dt.timedelta(days=40)}": "5000", f"total-{DAY}": "5000"})
    assert ZReport.objects.count() == 1
