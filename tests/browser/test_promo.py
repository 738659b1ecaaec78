"""Promo codes in a browser: a batch is made and checked, a code is used on the till page, a second time it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty.models import PromoBatch, PromoCode
from loyalty.promo.shown import code_shown
from merchants.access import tenant
from tests.browser.looking import enter, look_around
from tests.browser.test_till import hand_over
from tests.cashier_page.conftest import TillPage
from tests.cast import make_cast


@pytest.fixture
def shop(transactional_db: None) -> Iterator[TillPage]:
    cast = make_cast()
    with tenant(cast.zerno.program.pk):
        shop = TillPage(cast)
        shop.story.publish({})
        shop.connect()
        shop.unlock()
        yield shop


def test_made_checked_and_used_once(page: Page, live_server: LiveServer, shop: TillPage, complaints: list[str]) -> None:
    enter(page.context, live_server, shop.cast.zerno.owner)
    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/promo-codes/")
    page.get_by_role("link", name="Новые промокоды").first.click()
    expect(page.get_by_label("Сколько кодов")).to_be_hidden()
    page.get_by_label("Как называется акция").fill("Листовки")
    page.get_by_label("Свой код каждому").check()
    page.get_by_label("Сколько кодов").fill("3")
    page.get_by_label("Начинаются с").fill("vip")
    page.get_by_label("Скидка, %").fill("10")
    assert look_around(page) == {}
    page.get_by_role("button", name="Дальше").click()
    expect(page.get_by_text("3 кода, каждый на один раз")).to_be_visible()
    page.get_by_role("button", name="Создать").click()
    expect(page.get_by_role("heading", name="Листовки")).to_be_visible()
    assert look_around(page) == {}

    code = PromoCode.objects.earliest("pk")
    shown = code_shown(PromoBatch.objects.get(), code.code)
    assert shown.startswith("VIP-")
    hand_over(page, live_server, shop)
    page.goto(f"{live_server.url}/till/sale/")
    page.get_by_label("Сумма чека").fill("1000")
    page.locator("summary", has_text="Промокод").click()
    page.locator("#id_promo").fill(shown.lower())
    page.locator("#id_promo").press("Tab")
    expect(page.locator("#quote .to-pay")).to_have_text("900,00 ₽")
    page.get_by_role("button", name="Провести").click()
    expect(page.get_by_text("Проведён")).to_be_visible()

    page.goto(f"{live_server.url}/till/sale/")
    page.get_by_label("Сумма чека").fill("1000")
    page.locator("summary", has_text="Промокод").click()
    page.locator("#id_promo").fill(shown)
    page.locator("#id_promo").press("Tab")
    expect(page.locator("#quote")).to_contain_text("Промокод уже использован")
    expect(page.locator("#quote .to-pay")).to_have_text("1 000,00 ₽")

    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/promo-codes/check/?code={shown}")
    expect(page.locator("main")).to_contain_text("использован")
    assert look_around(page) == {}
    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/promos/")
    assert look_around(page) == {}
    assert complaints == []
