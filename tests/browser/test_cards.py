"""A plastic card's life in a browser: ordered, printed (and the paper scanned), bound at the till, blocked, refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pypdfium2
import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.models import Client
from loyalty.models import PlasticCard
from merchants.access import tenant
from tests.browser.looking import enter, look_around
from tests.browser.test_certificates import scanned
from tests.browser.test_till import find, hand_over
from tests.cashier_page.conftest import TillPage
from tests.cast import make_cast
from tests.loyalty.shop import ONE_PER_ONE


@pytest.fixture
def shop(transactional_db: None) -> Iterator[TillPage]:
    cast = make_cast()
    with tenant(cast.zerno.program.pk):
        shop = TillPage(cast)
        shop.story.publish(ONE_PER_ONE)
        shop.connect()
        shop.unlock()
        yield shop


def ordered(page: Page, live_server: LiveServer, shop: TillPage) -> str:
    """The number of the only card of a new batch, as a scanner reads it from the paper."""
    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/cards/")
    assert look_around(page) == {}
    page.get_by_role("link", name="Новая партия").first.click()
    page.get_by_label("Название партии").fill("Синие")
    page.get_by_label("Сколько карт").fill("1")
    assert look_around(page) == {}
    page.get_by_role("button", name="Выпустить карты").click()
    expect(page.get_by_text("Ждут клиента")).to_be_visible()
    assert look_around(page) == {}
    paper = page.request.get(page.url + "cards.pdf")
    picture = pypdfium2.PdfDocument(paper.body())[0].render(scale=3).to_pil()
    png = io.BytesIO()
    picture.save(png, format="PNG")
    return scanned(page, png.getvalue())


def test_ordered_printed_bound_blocked_refused(
    page: Page, live_server: LiveServer, shop: TillPage, complaints: list[str]
) -> None:
    shop.join()
    enter(page.context, live_server, shop.cast.zerno.owner)
    number = ordered(page, live_server, shop)
    assert number == PlasticCard.objects.get().number

    # At the till: nobody's yet, bound, found.
    hand_over(page, live_server, shop)
    page.goto(f"{live_server.url}/till/")
    find(page, number)
    expect(page.get_by_text("Эта карта ещё ничья.")).to_be_visible()
    assert look_around(page) == {}
    find(page, "8 916 123-45-67")
    page.get_by_role("link", name="Привязать карту").click()
    assert look_around(page) == {}
    page.get_by_label("Номер пластиковой карты").fill(number)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Карта привязана.")).to_be_visible()
    page.goto(f"{live_server.url}/till/")
    find(page, number)
    expect(page.get_by_role("heading", name="Вера")).to_be_visible()

    # Lost: blocked on the client's page, and the till says so.
    client = Client.objects.get()
    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/clients/{client.account.public_id}/")
    page.get_by_role("link", name=re.compile(f"Заблокировать {number}")).click()
    page.get_by_label("Что случилось").select_option(label="потеряна")
    assert look_around(page) == {}
    page.get_by_role("button", name="Заблокировать").click()
    expect(page.get_by_text("заблокирована: потеряна")).to_be_visible()
    assert look_around(page) == {}
    page.goto(f"{live_server.url}/till/")
    find(page, number)
    expect(page.get_by_text("Карта заблокирована.")).to_be_visible()
