"""A day at the till page, in a browser: with scripts and without, with a connection and while it is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, Request, Route, expect
from pytest_django.live_server_helper import LiveServer

from loyalty.cards import issue_code
from loyalty.models import Account, Sale
from merchants.access import tenant
from tests.browser.looking import PHONE, look_at, without_scripts
from tests.cashier_page.conftest import TillPage
from tests.cast import make_cast


@pytest.fixture
def shop(transactional_db: None) -> Iterator[TillPage]:
    cast = make_cast()
    with tenant(cast.zerno.program.pk):
        shop = TillPage(cast)
        shop.story.publish(
            {
                "rules": [{"id": "base", "title": "1 за 1", "effect": {"kind": "per_unit", "points": "1"}}],
                "tiers": [
                    {"id": "bronze", "title": "Бронза", "spent": "0"},
                    {"id": "silver", "title": "Серебро", "spent": "5000", "gift": "200"},
                ],
            }
        )
        shop.connect()
        shop.unlock()
        yield shop


@pytest.fixture
def till(page: Page, live_server: LiveServer, shop: TillPage, complaints: list[str]) -> Page:
    """Anna stands at the till with a phone in her hand."""
    hand_over(page, live_server, shop)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/till/")
    return page


def hand_over(page: Page, live_server: LiveServer, shop: TillPage) -> None:
    page.context.add_cookies(
        [
            {"name": name, "value": cookie.value, "domain": "localhost", "path": "/till/", "httpOnly": True}
            for name, cookie in shop.client.cookies.items()
            if name.startswith("till")
        ]
    )


def find(page: Page, q: str) -> None:
    page.get_by_label("Телефон, карта или код").fill(q)
    page.keyboard.press("Enter")


def sums(page: Page) -> str:
    return " ".join(page.locator(".sums").first.inner_text().replace("\u00a0", " ").split())


def test_a_day_at_the_till(till: Page, live_server: LiveServer, shop: TillPage) -> None:
    find(till, "8 916 123-45-67")
    till.get_by_role("button", name="Добавить клиента").click()
    till.get_by_label("Имя").fill("Вера")
    till.get_by_label("Согласие на обработку данных получено").check()
    till.get_by_role("button", name="Добавить клиента").click()
    expect(till.get_by_text("Клиент добавлен.")).to_be_visible()

    # The quote follows what is typed; one tap books it.
    till.get_by_label("Сумма чека").fill("1 000")
    expect(till.locator("#quote .plus")).to_have_text("1 000 зёрен")
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    expect(till.get_by_role("link", name="Следующий чек")).to_be_focused()

    # She spends with the code of her card.
    till.keyboard.press("Enter")
    account = Account.objects.get()
    find(till, issue_code(account=account, now=shop.now).code)
    till.get_by_label("Сумма чека").fill("600")
    till.get_by_role("button", name="Всё", exact=True).click()
    expect(till.get_by_text("Пробить на кассе")).to_contain_text("скидка 600,00")
    # Before the sale and without scrolling, on a phone.
    expect(till.locator("#key-in")).to_be_in_viewport(ratio=1)
    till.get_by_label("Списать баллов").fill("250")
    expect(till.locator("#quote .to-pay")).to_have_text("350,00 ₽")
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert shop.balance(account) == 1000 - 250 + 350

    # It should have been 500.
    till.get_by_role("link", name="Исправить сумму").click()
    till.get_by_label("Сумма чека").fill("500")
    expect(till.locator("#quote .to-pay")).to_have_text("250,00 ₽")
    till.get_by_role("button", name="Исправить").click()
    expect(till.get_by_text("Вместо чека")).to_be_visible()
    assert shop.balance(account) == 1000 - 250 + 250

    # Somebody pays, and then remembers his card.
    till.get_by_role("link", name="Следующий чек").click()
    till.get_by_role("link", name="Без карты").click()
    till.get_by_label("Сумма чека").fill("300")
    till.get_by_role("button", name="Провести").click()
    till.get_by_role("link", name="Забыл карту").click()
    find(till, "+79161234567")
    till.get_by_role("button", name="Начислить баллы").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert shop.balance(account) == 1300

    # A part of it comes back.
    till.get_by_role("link", name="Вернуть").click()
    till.get_by_label("Сумма возврата").fill("100")
    till.get_by_role("button", name="Вернуть сумму").click()
    assert "Вернуть деньгами 100,00 ₽" in sums(till)
    till.get_by_role("button", name="Вернуть").click()
    expect(till.get_by_text("Возврат проведён")).to_be_visible()
    till.get_by_role("link", name="Смена").click()
    assert "Чеки 3" in sums(till)
    assert shop.balance(account) == 1200


@pytest.fixture
def quiet(complaints: list[str]) -> Iterator[None]:
    """A browser calls a lost connection an error; here it is what the test is about."""
    yield
    complaints[:] = [said for said in complaints if "net::ERR_" not in said]


@pytest.mark.usefixtures("quiet")
def test_the_connection_is_lost_after_the_server_has_sold(till: Page, shop: TillPage) -> None:
    till.get_by_role("link", name="Без карты").click()
    till.get_by_label("Сумма чека").fill("340")
    expect(till.locator("#quote .to-pay")).to_have_text("340,00 ₽")
    cut = {"on": True}

    def sometimes(route: Route) -> None:
        if route.request.method != "POST" or not cut["on"]:
            route.continue_()
            return
        route.fetch(max_redirects=0)  # the server has done its part
        route.abort("connectionreset")

    till.route("**/till/sale/", sometimes)
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Чек не потерян")).to_be_visible()
    assert Sale.objects.count() == 1
    cut["on"] = False
    till.reload()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert Sale.objects.count() == 1
    assert till.evaluate("localStorage.getItem('till.pending')") == "[]"


@pytest.mark.usefixtures("quiet")
def test_without_a_connection_a_receipt_waits_and_sends_itself(till: Page, shop: TillPage) -> None:
    till.get_by_role("link", name="Без карты").click()
    till.get_by_label("Сумма чека").fill("340")
    expect(till.locator("#quote .to-pay")).to_have_text("340,00 ₽")
    till.context.set_offline(True)
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Нет связи")).to_be_visible()
    expect(till.get_by_text("отправим, как только связь вернётся")).to_be_visible()
    till.get_by_role("button", name="Отправить сейчас").click()
    expect(till.get_by_text("Нет связи")).to_be_visible()
    assert Sale.objects.count() == 0
    till.context.set_offline(False)
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert Sale.objects.get().total == 340


@pytest.mark.usefixtures("quiet")
def test_a_receipt_that_waits_outlives_a_locked_page(till: Page, live_server: LiveServer, shop: TillPage) -> None:
    till.get_by_role("link", name="Без карты").click()
    till.get_by_label("Сумма чека").fill("340")
    till.context.set_offline(True)
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Нет связи")).to_be_visible()
    kept = till.evaluate("localStorage.getItem('till.pending')")
    till.context.clear_cookies(name="till_cashier")
    till.context.set_offline(False)
    expect(till.get_by_label("ПИН-код")).to_be_visible()
    assert till.evaluate("localStorage.getItem('till.pending')") == kept
    till.get_by_label("ПИН-код").fill("4821")
    till.get_by_role("button", name="Войти").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert Sale.objects.count() == 1


@pytest.mark.usefixtures("quiet")
def test_an_answer_that_is_no_page_of_ours_leaves_the_receipt_waiting(till: Page, shop: TillPage) -> None:
    till.get_by_role("link", name="Без карты").click()
    till.get_by_label("Сумма чека").fill("340")
    expect(till.locator("#quote .to-pay")).to_have_text("340,00 ₽")
    gate = {"closed": True}

    def wifi(route: Route) -> None:
        if route.request.method == "POST" and gate["closed"]:
            route.fulfill(status=200, content_type="text/html", body="<h1>Войдите в Wi-Fi</h1>")
        else:
            route.continue_()

    till.route("**/till/sale/", wifi)
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Чек не потерян")).to_be_visible()
    expect(till.get_by_text("null")).to_have_count(0)
    expect(till.get_by_label("Сумма чека")).to_have_value("340")
    gate["closed"] = False
    till.get_by_role("button", name="Отправить сейчас").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert Sale.objects.get().total == 340


def test_a_refused_receipt_says_why_and_keeps_what_was_keyed_in(till: Page, shop: TillPage) -> None:
    shop.join(points="500")
    find(till, "+79161234567")
    till.get_by_label("Сумма чека").fill("200")
    till.get_by_label("Списать баллов").fill("100")
    expect(till.get_by_label("Код клиента")).to_be_visible()
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_role("alert")).to_be_visible()
    expect(till.get_by_label("Сумма чека")).to_have_value("200")
    till.get_by_label("Списать баллов").fill("")
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert Sale.objects.get().points_redeemed == 0


def test_two_phones_correct_one_receipt(till: Page, browser: Browser, live_server: LiveServer, shop: TillPage) -> None:
    shop.sell(reverse("till_sale"), total="100")
    sale = Sale.objects.get()
    url = f"{live_server.url}{reverse('till_correct', args=[sale.public_id])}"
    other = without_scripts(browser, till.context)
    for phone in (till, other):
        phone.goto(url)
    till.get_by_label("Сумма чека").fill("110")
    other.get_by_label("Сумма чека").fill("120")
    till.locator(".sell").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    other.locator(".sell").click()
    assert Sale.objects.filter(status="committed").count() == 1
    assert Sale.objects.get(status="committed").total == 110
    other.context.close()


def test_without_scripts(till: Page, browser: Browser, live_server: LiveServer, shop: TillPage) -> None:
    shop.join(points="500")
    plain = without_scripts(browser, till.context)
    plain.goto(f"{live_server.url}/till/")
    find(plain, "4567")
    plain.get_by_label("Сумма чека").fill("200")
    plain.keyboard.press("Enter")
    expect(plain.locator("#quote .to-pay")).to_have_text("200,00 ₽")
    assert Sale.objects.count() == 0
    plain.locator(".sell").click()
    expect(plain.get_by_text("Проведён")).to_be_visible()
    assert Sale.objects.count() == 1
    plain.context.close()


def test_the_pages_are_for_everybody(till: Page, live_server: LiveServer, shop: TillPage) -> None:
    vera = shop.join(points="500")
    found = shop.find("+79161234567")["Location"]
    shop.sell(found, total="1234,50", receipt_number="17", points="")
    shop.sell(reverse("till_sale"), total="10")
    sale, without = Sale.objects.order_by("id")
    assert vera.pk
    paths = [
        *(reverse(name) for name in ("till", "till_new", "till_sale", "till_receipts", "till_shift", "till_who")),
        found,
        *(reverse(name, args=[sale.public_id]) for name in ("till_receipt", "till_correct", "till_return")),
        reverse("till_attach", args=[without.public_id]),
        f"{reverse('till_who')}?cashier={shop.anna.pk}",
    ]
    assert look_at(till, live_server, paths) == {}


def test_nothing_but_the_form_is_sent(till: Page) -> None:
    """The number that was typed stands in no address."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    till.on("request", note)
    find(till, "+79161234567")
    expect(till.get_by_text("Этого номера ещё нет в программе")).to_be_visible()
    assert not [url for url in asked if "9161234567" in url]
