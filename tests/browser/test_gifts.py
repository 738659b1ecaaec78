"""Gifts and stamps in a browser: a client takes a gift on the phone, the till hands it over, a stamp card is filled."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clients import card_links
from clients.models import Client as Person
from loyalty.models import Exchange
from loyalty.rewards import catalogue
from loyalty.rewards.catalogue import Terms
from merchants.access import tenant
from tests.browser.looking import PHONE, enter, look_around
from tests.browser.test_till import find, hand_over
from tests.cashier_page.conftest import TillPage
from tests.cast import make_cast

RULES = {
    "rules": [
        {
            "id": "coffee",
            "title": "Третий чек с подарком",
            "effect": {"kind": "stamps", "points": "200", "needed": 3, "of": "receipts"},
        }
    ]
}


@pytest.fixture
def shop(transactional_db: None) -> Iterator[TillPage]:
    cast = make_cast()
    with tenant(cast.zerno.program.pk):
        shop = TillPage(cast)
        shop.story.publish(RULES)
        shop.connect()
        shop.unlock()
        yield shop


@pytest.fixture
def vera(shop: TillPage) -> Person:
    return shop.join(points="320")


def test_points_for_a_gift_and_a_card_of_stamps(
    page: Page, live_server: LiveServer, shop: TillPage, vera: Person, complaints: list[str]
) -> None:
    # The owner puts a gift into the catalogue.
    enter(page.context, live_server, shop.cast.zerno.owner)
    merchant = shop.cast.zerno.merchant.pk
    page.goto(live_server.url + reverse("rewards", args=[merchant]))
    page.get_by_role("link", name="Добавить подарок").first.click()
    page.get_by_label("Что это", exact=True).fill("Кофе в зёрнах")
    page.get_by_label("Цена в баллах").fill("200")
    page.get_by_label("Сколько есть").fill("2")
    page.get_by_label("Хранить дней").fill("3")
    page.get_by_role("button", name="Добавить подарок").click()
    expect(page.get_by_role("link", name="Кофе в зёрнах")).to_be_visible()
    with tenant(shop.story.program_id):
        terms = Terms(title="Кружка", price=Decimal(900), position=200)
        catalogue.add(merchant=shop.cast.zerno.merchant, terms=terms, now=shop.now, by=shop.cast.zerno.owner)

    # Vera takes it on her phone.
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + reverse("card", args=[card_links.token_of(vera)]))
    page.get_by_role("link", name="Что есть за баллы").click()
    expect(page.get_by_text("Не хватает: 580")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("link", name="Взять Кофе в зёрнах").click()
    expect(page.get_by_text("Спишем 200")).to_contain_text("останется 120")
    page.get_by_role("button", name="Взять").click()
    code = page.locator(".pass-code").inner_text()
    assert look_around(page) == {}

    # The cashier hands it over by the code.
    hand_over(page, live_server, shop)
    page.goto(f"{live_server.url}/till/")
    page.get_by_role("link", name="Выдать подарок").click()
    page.get_by_label("Код подарка").fill(code)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Кофе в зёрнах")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("button", name="Выдать").click()
    expect(page.get_by_text("Выдан", exact=True)).to_be_visible()
    with tenant(shop.story.program_id):
        assert Exchange.objects.get().state == "handed"
    assert shop.available(vera) == 120

    # Three receipts fill the card.
    for n in range(3):
        page.goto(f"{live_server.url}/till/")
        find(page, "+79161234567")
        expect(page.locator(".stamp.there")).to_have_count(n)
        page.get_by_label("Сумма чека").fill("300")
        page.get_by_role("button", name="Провести").click()
        expect(page.get_by_text("Проведён")).to_be_visible()
        if n == 1:
            expect(page.locator(".stamp.there")).to_have_count(2)
            expect(page.get_by_text("ещё 1 штамп, и ваши 200")).to_be_visible()
            assert look_around(page) == {}
    expect(page.locator(".sums .plus")).to_contain_text("200")
    expect(page.locator(".stamp.there")).to_have_count(0)
    assert shop.available(vera) == 320

    # And whoever reads the list in the office sees what became of the gift.
    page.goto(f"{live_server.url}{reverse('exchanges', args=[merchant])}?show=handed")
    expect(page.get_by_role("link", name="Вера")).to_be_visible()
    assert look_around(page) == {}
