"""Five minutes to live: from the form of registration to the first sale, counting what is pressed."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from loyalty.models import Sale
from merchants.access import every_tenant
from merchants.models import User
from tests.browser.conftest import PASSWORD
from tests.browser.looking import PHONE, enter, look_at, without_scripts
from tests.cast import make_cast, make_user

MOST_CLICKS = 25


class Hand:
    """Counts clicks, and fields that are filled: each is a tap on a phone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.clicks = 0

    def press(self, thing: Locator) -> None:
        self.clicks += 1
        thing.click()

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=name, exact=True).first)

    def fill(self, name: str, text: str) -> None:
        self.clicks += 1
        self.page.locator(f"main [name={name}]").fill(text)


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def masha(transactional_db: None) -> User:
    return make_user("Masha")


def test_from_registration_to_the_first_sale(
    page: Page, live_server: LiveServer, transactional_db: None, complaints: list[str], settings: Settings
) -> None:
    settings.REGISTRATION_OPEN = True
    page.set_viewport_size(PHONE)
    hand = Hand(page)

    page.goto(f"{live_server.url}/accounts/signup/")
    for field, text in {"name": "Маша", "email": "masha@example.org"}.items():
        hand.fill(field, text)
    for field in ("password1", "password2"):
        if page.locator(f"main [name={field}]").count():
            hand.fill(field, PASSWORD)
    hand.press(page.locator("main button").first)
    page.wait_for_url("**/start/")

    hand.fill("name", "Кофейня Маши")
    hand.fill("percent", "10")
    expect(page.locator("#sample")).to_contain_text("получает 100 баллов")
    expect(page.locator("#sample")).to_contain_text("заплатит 900 ₽")
    hand.button("Запустить программу")
    page.wait_for_url("**/started/")
    expect(page.get_by_role("heading", name="Программа работает")).to_be_visible()
    pin = page.locator("#pin").inner_text()
    assert re.fullmatch(r"\d{4}", pin)

    hand.press(page.get_by_role("link", name="Ссылка для телефона"))
    hand.fill("name", "Телефон Маши")
    hand.button("Подключить этот телефон")
    hand.fill("pin", pin)
    hand.button("Войти")
    hand.press(page.get_by_role("link", name="Новый клиент"))
    hand.fill("phone", "9161234567")
    hand.fill("name", "Анна")
    hand.press(page.locator("main [name=agreed]"))
    hand.button("Добавить клиента")
    hand.fill("total", "350")
    hand.button("Провести")
    expect(page.get_by_text("+35 баллов").or_(page.get_by_text("35 баллов")).first).to_be_visible()

    with every_tenant():
        sale = Sale.objects.get()
    assert (sale.status, sale.total, sale.points_earned) == (Sale.Status.COMMITTED, 350, 35)
    assert hand.clicks <= MOST_CLICKS, hand.clicks


def test_the_start_without_scripts(page: Page, browser: Browser, live_server: LiveServer, masha: User) -> None:
    enter(page.context, live_server, masha)
    plain = without_scripts(browser, page.context)
    plain.goto(f"{live_server.url}/start/")
    plain.locator("[name=name]").fill("Кофейня")
    plain.locator("[name=percent]").fill("7,5")
    plain.get_by_role("button", name="Показать, что это значит").click()
    expect(plain.locator("#sample")).to_contain_text("получает 75 баллов")
    expect(plain.locator("[name=name]")).to_have_value("Кофейня")
    plain.get_by_role("button", name="Запустить программу").click()
    plain.wait_for_url("**/started/")
    expect(plain.locator("#pin")).to_have_text(re.compile(r"\d{4}"))
    plain.context.close()


def test_everybody_can_use_the_start(
    page: Page, live_server: LiveServer, transactional_db: None, complaints: list[str]
) -> None:
    cast = make_cast()
    enter(page.context, live_server, cast.zerno.owner)
    assert look_at(page, live_server, ["/start/", f"/m/{cast.zerno.merchant.pk}/started/"]) == {}
