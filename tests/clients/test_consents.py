"""Consents: their texts and versions, what a client says later, and what withdrawing means."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation

from clients import consents
from clients.card_links import token_of
from clients.consents import Kind
from clients.models import Client, Consent
from loyalty import ledger
from loyalty.models import Account
from merchants.access import tenant
from merchants.models import AuditRecord
from tests.cast import Cast, Shop
from tests.clients.newcomers import clients, form, join


@pytest.fixture
def anna(cast: Cast) -> Client:
    return join(cast.zerno)


def page(client: Client) -> str:
    return reverse("card_consents", args=[token_of(client)])


def log(client: Client) -> list[tuple[str, bool, str]]:
    with tenant(client.program_id):
        rows = Consent.objects.filter(client=client).order_by("pk")
        return [(row.kind, row.given, row.source) for row in rows][3:]


def test_built_in_texts_name_the_operator(cast: Cast, client: Browser) -> None:
    merchant = cast.zerno.merchant
    merchant.legal_name, merchant.contacts = "ООО «Зерно»", "hello@zerno.example"
    merchant.save()
    shown = client.get(f"/join/{merchant.pk}/").content.decode().replace("\xa0", " ")
    assert "ООО «Зерно»" in shown
    assert "hello@zerno.example" in shown
    assert "программе лояльности «Зерно»" in shown
    assert "также Пекарня" in shown, "who shares the programme sees its clients"
    with tenant(cast.pryanik.program.pk):
        assert "Программа общая" not in consents.built_in(cast.pryanik.merchant, Kind.PROCESSING).text


def test_an_english_reader_agrees_to_the_english_text(cast: Cast, client: Browser) -> None:
    client.cookies["django_language"] = "en"
    shown = client.get(f"/join/{cast.zerno.merchant.pk}/").content.decode().replace("\xa0", " ")
    assert "I agree that my personal data" in shown
    with tenant(cast.zerno.program.pk), translation.override("en"):
        assert consents.texts_in_force(cast.zerno.merchant)[Kind.PROCESSING].version == "default-1-en"


def write(shop: Shop, kind: Kind, text: str) -> Any:
    with tenant(shop.program.pk), translation.override("ru"):
        return consents.write_text(merchant=shop.merchant, kind=kind, text=text, by=shop.owner, now=timezone.now())


def test_a_changed_text_is_a_new_version_and_empty_means_built_in(cast: Cast) -> None:
    zerno = cast.zerno
    assert write(zerno, Kind.ADVERTISING, "  ") is None
    assert write(zerno, Kind.ADVERTISING, "Пишите мне").version == 1
    assert write(zerno, Kind.ADVERTISING, "Пишите мне\r\n") is None
    assert write(zerno, Kind.ADVERTISING, "Пишите мне чаще").version == 2
    with tenant(zerno.program.pk), translation.override("ru"):
        text = consents.texts_in_force(zerno.merchant)[Kind.ADVERTISING]
        assert (text.text, text.version) == ("Пишите мне чаще", f"m{zerno.merchant.pk}-2")
        assert consents.texts_in_force(cast.bakery.merchant)[Kind.ADVERTISING].version == "default-1"
        built_in = consents.built_in(zerno.merchant, Kind.ADVERTISING).text
    assert write(zerno, Kind.ADVERTISING, built_in).text == ""
    with tenant(zerno.program.pk), translation.override("ru"):
        assert consents.texts_in_force(zerno.merchant)[Kind.ADVERTISING].version == "default-1"
        records = AuditRecord.objects.filter(action="consent_text.changed").order_by("pk")
        assert [record.details["version"] for record in records] == [1, 2, 3]


def test_the_owner_writes_texts_and_clients_agree_to_that_version(cast: Cast, client: Browser) -> None:
    zerno = cast.zerno
    client.force_login(zerno.owner)
    address = reverse("consent_texts", args=[zerno.merchant.pk])
    shown = client.get(address)
    assert "Действует встроенный текст" in shown.content.decode().replace("\xa0", " ")
    sent = {kind: shown.context["form"][kind].value() for kind in consents.ASKED}
    assert "Изменений нет" in client.post(address, sent, follow=True).content.decode().replace("\xa0", " ")
    said = (
        client.post(address, sent | {"processing": "<b>Своё</b> согласие"}, follow=True)
        .content.decode()
        .replace("\xa0", " ")
    )
    assert "Действует версия 1 от" in said
    assert "<b>Своё</b>" not in said
    anna = join(zerno)
    with tenant(zerno.program.pk):
        versions = {row.kind: row.text_version for row in Consent.objects.filter(client=anna)}
    assert versions == {"processing": f"m{zerno.merchant.pk}-1", "advertising": "default-1", "partners": "default-1"}


def test_what_a_client_changes_is_written_down_once(cast: Cast, anna: Client) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.post(page(anna), {"email": "anna@example.org", "notices": "on", "advertising": "on"})
    browser.post(page(anna), {"email": "anna@example.org", "notices": "on", "advertising": "on"})
    browser.post(page(anna), {"email": "anna@example.org", "notices": "on"})
    assert log(anna) == [
        ("advertising", True, "card page"),
        ("notices", True, "card page"),
        ("advertising", False, "card page"),
    ] or log(anna) == [
        ("notices", True, "card page"),
        ("advertising", True, "card page"),
        ("advertising", False, "card page"),
    ]
    assert clients(cast.zerno)[0].email == "anna@example.org"
    shown = browser.get(page(anna)).content.decode().replace("\xa0", " ")
    assert shown.count(" checked") == 1


@pytest.mark.parametrize(
    ("sent", "said"),
    [({"email": "", "notices": "on"}, "Куда присылать?"), ({"email": "anna"}, "адрес электронной почты")],
)
def test_letters_need_an_address(anna: Client, client: Browser, sent: dict[str, str], said: str) -> None:
    answer = client.post(page(anna), sent)
    assert answer.status_code == 200
    assert said in answer.content.decode().replace("\xa0", " ")
    assert log(anna) == []


def test_withdrawing_the_processing_asks_first_and_closes_the_card(cast: Cast, anna: Client, client: Browser) -> None:
    asked = client.post(page(anna), {"withdraw": "ask"}).content.decode().replace("\xa0", " ")
    assert "0 зёрен" in asked
    assert log(anna) == []
    client.post(page(anna), {"withdraw": "yes"})
    assert log(anna) == [("processing", False, "card page")]
    with tenant(cast.zerno.program.pk):
        account = Account.objects.get(pk=anna.account_id)
        assert (account.status, account.block_reason) == ("blocked", "Отозвано согласие на обработку данных")
    assert "Карта заблокирована" in client.get(reverse("card", args=[token_of(anna)])).content.decode().replace(
        "\xa0", " "
    )
    assert "Вы отозвали это согласие" in client.get(page(anna)).content.decode().replace("\xa0", " ")


def test_withdrawing_locks_the_account_before_the_client(cast: Cast, anna: Client) -> None:
    """As everybody does: two who lock in different orders wait for each other."""
    with tenant(cast.zerno.program.pk), CaptureQueriesContext(connection) as seen:
        locked: list[str] = []

        def lock(**account: Any) -> Any:
            locked.append("FOR UPDATE" if any("FOR UPDATE" in query["sql"] for query in seen) else "first")
            return real(**account)

        real = ledger.lock
        with mock.patch.object(ledger, "lock", lock):
            consents.withdraw_processing(client=anna, source="test", now=timezone.now())
    assert locked[0] == "first"


def test_nothing_is_ticked_beforehand_and_what_was_ticked_stays_after_a_mistake(cast: Cast, client: Browser) -> None:
    address = f"/join/{cast.zerno.merchant.pk}/"
    assert " checked" not in client.get(address).content.decode().replace("\xa0", " ")
    again = client.post(address, form(phone="1", advertising="on")).content.decode().replace("\xa0", " ")
    assert again.count(" checked") == 2
