"""Who gets to the till page: a connected phone, a cashier with his PIN, for as long as both are good."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cashier.page import door, pins
from loyalty.models import Sale
from merchants import cashiers, devices
from merchants.access import tenant
from merchants.models import TillKey
from merchants.tills import revoke_key
from tests.cashier_page.conftest import TillPage, hidden, text_of
from tests.cast import Cast


def is_open(page: TillPage) -> bool:
    return bool(page.get("till").status_code == 200)


def test_a_link_connects_only_when_asked_to(cast: Cast, client: Client) -> None:
    with tenant(cast.zerno.program.pk):
        token = devices.invite(till=cast.zerno.till, by=cast.zerno.manager, now=timezone.now())
    url = reverse("till_connect", args=[token])
    asked = client.get(url, headers={"User-Agent": "Mozilla/5.0 (iPhone; CPU)"})
    assert "Подключить этот телефон к кассе «Касса 1»" in text_of(asked)
    assert 'value="iPhone"' in asked.content.decode()
    with tenant(cast.zerno.program.pk):
        assert not TillKey.objects.exclude(device="").exists()
    answer = client.post(url, {"name": "Телефон Анны"})
    assert answer["Location"] == "/till/"
    cookie = answer.cookies["till"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/till/", True, "Lax")
    assert client.get("/till/")["Location"] == "/till/who/"
    # Connected once more, the phone has one key.
    client.post(url, {"name": "Телефон Анны"})
    with tenant(cast.zerno.program.pk):
        assert TillKey.objects.filter(device="Телефон Анны", revoked_at=None).count() == 1
    assert client.get(reverse("till_connect", args=[token[:-2]])).status_code == 404


def test_a_member_opens_the_till_where_he_works(cast: Cast, client: Client) -> None:
    client.force_login(cast.zerno.cashier)
    url = reverse("till_here", args=[cast.zerno.merchant.pk])
    assert "Касса 1" in text_of(client.get(url))
    wrong = client.post(url, {"till": cast.bakery.till.pk, "name": "x"})
    assert wrong.status_code == 200
    assert client.post(url, {"till": cast.zerno.till.pk, "name": "Ноутбук"})["Location"] == "/till/"
    assert client.get("/till/")["Location"] == "/till/who/"


def test_the_pin_opens_the_page(connected: TillPage) -> None:
    assert connected.get("till")["Location"] == reverse("till_who")
    wrong = connected.unlock("0000")
    assert "ПИН-код не подходит" in text_of(wrong)
    assert connected.unlock()["Location"] == reverse("till")
    seen = connected.get("till")
    assert "Касса 1 · Анна" in text_of(seen)
    assert "worker-src 'self' blob:" in seen["Content-Security-Policy"]
    assert connected.client.post(reverse("till_lock"))["Location"] == reverse("till_who")
    assert not is_open(connected)


def test_five_wrong_pins_and_the_sixth_has_to_wait(connected: TillPage, monkeypatch: pytest.MonkeyPatch) -> None:
    for _n in range(pins.ATTEMPTS):
        connected.unlock("0000")
    answer = connected.unlock()
    assert "Слишком много неверных ПИН-кодов. Подождите 10 мин" in text_of(answer)
    assert not is_open(connected)
    # On another phone, the same cashier has to wait, too; on this phone, every other cashier.
    with pytest.raises(pins.TooManyAttempts):
        pins.try_pin(cashier=connected.anna, pin="4821", key_id=0)
    boris = cashiers.hire(
        merchant=connected.cast.zerno.merchant, name="Борис", pin="7305", by="test", now=timezone.now()
    )
    key = TillKey.objects.get(device="Телефон")
    with pytest.raises(pins.TooManyAttempts):
        pins.try_pin(cashier=boris, pin="7305", key_id=key.pk)
    assert pins.try_pin(cashier=boris, pin="7305", key_id=0)


def test_half_an_hour_of_nothing_locks_the_page(till: TillPage, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    at = {"now": now + dt.timedelta(minutes=29)}
    monkeypatch.setattr(door.timezone, "now", lambda: at["now"])
    assert is_open(till)
    at["now"] = now + dt.timedelta(minutes=58)
    assert is_open(till)
    at["now"] += dt.timedelta(minutes=31)
    assert not is_open(till)


def test_a_new_pin_or_a_dismissal_locks_the_page(till: TillPage) -> None:
    cashiers.set_pin(cashier=till.anna, pin="7305", by="test", now=timezone.now())
    assert not is_open(till)
    till.unlock("7305")
    assert is_open(till)
    cashiers.dismiss(cashier=till.anna, by="test", now=timezone.now())
    assert not is_open(till)
    assert "Кассиров пока нет" in text_of(till.get("till_who"))


def test_a_cashier_of_another_outlet_does_not_stand_here(connected: TillPage, cast: Cast) -> None:
    other = type(cast.zerno.outlet).objects.create(
        program=cast.zerno.program, merchant=cast.zerno.merchant, name="Другая", code="other"
    )
    cashiers.change(cashier=connected.anna, name="Анна", outlets=[other], by="test", now=timezone.now())
    assert "Кассиров пока нет" in text_of(connected.get("till_who"))
    connected.unlock()
    assert not is_open(connected)


def test_a_phone_that_was_disconnected(till: TillPage) -> None:
    form = {**till.form(reverse("till_sale")), "act": "sell", "total": "10"}
    key = TillKey.objects.get(device="Телефон")
    revoke_key(key=key, by=till.cast.zerno.manager, now=timezone.now())
    answer = till.client.post(reverse("till_sale"), form)
    assert (answer.status_code, "Этот телефон отключён. Попросите новую ссылку" in said(answer)) == (403, True)
    assert not Sale.objects.exists()
    assert "не подключён" in text_of(till.get("till"))


def said(answer: Any) -> str:
    return re.sub(r"отключён Попросите", "отключён. Попросите", text_of(answer))


def test_cookies_that_somebody_made_up(client: Client, cast: Cast) -> None:
    client.cookies["till"] = f"{cast.zerno.key}:1abc:nosignature"
    assert client.get("/till/").status_code == 403


def test_receipts_and_forms_of_others_are_not_there(till: TillPage, cast: Cast) -> None:
    for shop in (cast.bakery, cast.pryanik):
        with tenant(shop.program.pk):
            from tests.test_permissions import account_and_sale

            _account, sale = account_and_sale(shop)
        for name in ("till_receipt", "till_correct", "till_attach", "till_return", "till_given_back"):
            assert till.get(name, sale.public_id).status_code == 404
    url = reverse("till_sale")
    ticket = hidden(till.client.get(url))["ticket"]
    forged = till.client.post(url, {**till.form(url), "ticket": ticket[:-2] + "zz", "act": "sell", "total": "10"})
    assert "Форма устарела" in text_of(forged)
    assert till.get("till_sale", "made-up")["Location"] == reverse("till")
    assert not Sale.objects.exclude(total=0).exists()


def test_the_manifest(client: Client) -> None:
    answer = client.get(reverse("till_manifest"))
    assert answer["Content-Type"] == "application/manifest+json"
    assert (answer.json()["scope"], answer.json()["display"]) == ("/till/", "standalone")


@pytest.mark.parametrize("query", ["?number=%00", "?number=1%002", "?cashier=%00"])
def test_an_address_with_signs_that_the_database_refuses(till: TillPage, query: str) -> None:
    assert till.get("till_receipts", query=query).status_code == 200


@pytest.mark.parametrize("scanned", ["http://[", "https://[1/916", "http://\u2100.example/1"])
def test_a_scanned_text_that_only_looks_like_an_address(till: TillPage, scanned: str) -> None:
    answer = till.find(scanned)
    assert answer.status_code == 200
    assert "not_found" not in text_of(answer)


@pytest.mark.parametrize("rows", ["²", "9" * 5000, "", "-1", "x"])
def test_one_more_line_of_a_form_that_was_tampered_with(till: TillPage, rows: str) -> None:
    url = reverse("till_sale")
    assert till.key_in(url, act="add", **{"rows-TOTAL_FORMS": rows}).status_code == 200


def test_a_receipt_with_a_client_is_given_to_nobody_else(till: TillPage) -> None:
    """«Forgot the card» is for receipts without one: whose points they are is not the cashier's to say."""
    till.join()
    till.join(phone="+79162223344", name="Олег")
    mine = till.find("+79162223344")["Location"].rstrip("/").rpartition("/")[2]
    till.sell(till.find("+79161234567")["Location"], total="100")
    sale = Sale.objects.get()
    address = reverse("till_attach_to", args=[sale.public_id, mine])
    assert till.client.get(address)["Location"] == reverse("till_receipt", args=[sale.public_id])
    till.client.post(address, {"ticket": till.form(reverse("till_sale"))["ticket"]})
    sale.refresh_from_db()
    assert (sale.status, Sale.objects.count()) == ("committed", 1)


def test_a_void_whose_reason_reads_like_a_corrections_is_in_the_shift(till: TillPage) -> None:
    till.sell(reverse("till_sale"), total="100")
    url = reverse("till_return", args=[Sale.objects.get().public_id])
    asked = till.client.post(url, {**hidden(till.client.get(url)), "way": "void", "reason": "correction"})
    till.client.post(url, hidden(asked))
    assert "1 возврат 100,00 ₽" in text_of(till.get("till_shift"))
