"""The audit log names the client, and keeps only the key of him."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.test import Client as Browser

from clients import card_links
from clients.models import Client
from loyalty import accounts
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast
from tests.loyalty.shop import TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def maria(cast: Cast) -> Client:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON)
        story.publish({})
        account = story.join()
        maria, _ = Client.objects.update_or_create(
            account=account, defaults={"program": cast.zerno.program, "name": "Мария <К>", "phone": "+79161234567"}
        )
        owner = cast.zerno.owner
        accounts.adjust(account=account, points=D(12000), reason="gift", now=NOON, by=owner)
        card_links.note_shown(client=maria, by=owner, now=NOON)
    return maria


def log_of(cast: Cast, browser: Browser) -> str:
    browser.force_login(cast.zerno.owner)
    page: str = browser.get(f"/m/{cast.zerno.merchant.pk}/log/").content.decode().replace("\xa0", " ")
    return page.partition("<tbody")[2].partition("</tbody")[0]


def test_acts_on_a_client_name_him_and_lead_to_him(cast: Cast, maria: Client, client: Browser) -> None:
    rows = log_of(cast, client)
    link = f'<a href="/m/{cast.zerno.merchant.pk}/clients/{maria.account.public_id}/">Мария &lt;К&gt;</a>'
    assert rows.count(link) == 2
    assert "12 000" in rows
    with tenant(cast.zerno.program.pk):
        assert not AuditRecord.objects.filter(details__icontains="Мария").exists()


def test_without_a_name_the_phone_stands_there_and_who_is_erased_is_not_named(
    cast: Cast, maria: Client, client: Browser
) -> None:
    with tenant(cast.zerno.program.pk):
        Client.objects.update(name="")
    assert "+7 916 123-45-67</a>" in log_of(cast, client)
    with tenant(cast.zerno.program.pk):
        Client.objects.all().delete()
    rows = log_of(cast, client)
    assert "вручную" in rows
    assert "/clients/" not in rows


def test_sums_and_phones_that_connect_stand_in_words(cast: Cast, client: Browser) -> None:
    zerno = cast.zerno
    with tenant(zerno.program.pk):
        AuditRecord.objects.create(
            program=zerno.program,
            action="z_report.entered",
            actor=f"till:{zerno.till.pk} link",
            details={"total": "12000.50"},
            object_type="outlet",
            object_id=str(zerno.outlet.pk),
        )
    rows = log_of(cast, client)
    assert "12 000,50 ₽" in rows
    assert "касса: ссылка для телефона, Касса 1" in rows
