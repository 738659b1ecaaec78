"""A certificate's life in a browser: issued, printed (and the paper looked at), paid with in two parts, given back."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty.models import Certificate
from merchants.access import tenant
from tests.browser.looking import PHONE, enter, look_around, without_scripts
from tests.browser.test_till import hand_over, sums
from tests.cashier_page.conftest import TillPage
from tests.cast import make_cast

READ = """async (picture) => {
  const { default: QrScanner } = await import("/static/vendor/qr-scanner.js");
  const image = new Image();
  image.src = picture;
  await image.decode();
  return (await QrScanner.scanImage(image, { returnDetailedScanResult: true })).data;
}"""


@pytest.fixture
def shop(transactional_db: None) -> Iterator[TillPage]:
    cast = make_cast()
    with tenant(cast.zerno.program.pk):
        shop = TillPage(cast)
        shop.story.publish({})
        shop.connect()
        shop.unlock()
        yield shop


def issue(page: Page, live_server: LiveServer, shop: TillPage) -> Certificate:
    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/certificates/")
    assert look_around(page) == {}
    page.get_by_role("link", name="Выпустить сертификат").first.click()
    expect(page.get_by_label("Скидка, %")).to_be_hidden()
    assert look_around(page) == {}
    page.get_by_label("Сумма").fill("1 000")
    page.get_by_label("Продан: деньги получены").check()
    page.get_by_label("Для кого").fill("Мария")
    page.get_by_role("button", name="Дальше").click()
    expect(page.get_by_role("heading", name="Выпустить 1 сертификат?")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("button", name="Выпустить 1 сертификат").click()
    expect(page.get_by_text("Выпущен 1 сертификат.")).to_be_visible()
    assert look_around(page) == {}
    return Certificate.objects.get()


def scanned(page: Page, png: bytes) -> str:
    """What the QR code in a picture says. On another page: ours lets no worker of the decoder in."""
    browser = page.context.browser
    assert browser
    context = browser.new_context(bypass_csp=True)
    reader = context.new_page()
    reader.goto("/".join(page.url.split("/")[:3]) + "/healthz")
    said = str(reader.evaluate(READ, f"data:image/png;base64,{base64.b64encode(png).decode()}"))
    context.close()
    return said


def read_paper(content: bytes) -> tuple[str, Any]:
    """The words on the first page, and its picture."""
    document = pypdfium2.PdfDocument(content)
    assert len(document) == 1
    words = " ".join(document[0].get_textpage().get_text_range().replace("\u00a0", " ").split())
    return words, document[0].render(scale=2).to_pil()


def test_issued_printed_paid_with_twice_and_given_back(
    page: Page, live_server: LiveServer, shop: TillPage, complaints: list[str]
) -> None:
    enter(page.context, live_server, shop.cast.zerno.owner)
    one = issue(page, live_server, shop)
    code = "-".join(re.findall("....", one.code))

    # The paper says what it is, and its QR code leads to its page.
    paper = page.request.get(page.url + "pdf/")
    words, picture = read_paper(paper.body())
    for said in ("Подарочный сертификат", "1 000 ₽", "Зерно", "Для: Мария", code):
        assert said in words, words
    red, green, blue = picture.getpixel((20, 20))
    assert (red, green, blue) == (0x0B, 0x6E, 0x4F)  # the shop's colour
    png = io.BytesIO()
    picture.save(png, format="PNG")
    link = scanned(page, png.getvalue())
    page.goto(link)
    expect(page.get_by_text(code)).to_be_visible()
    assert look_around(page) == {}

    # In two parts at the till.
    hand_over(page, live_server, shop)
    page.goto(f"{live_server.url}/till/")
    page.get_by_role("link", name="Сертификаты").click()
    page.get_by_label("Код сертификата").fill(link)  # as a scanner types it
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 000 ₽").first).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("link", name="Платить им, без карты").click()
    page.get_by_label("Сумма чека").fill("700")
    expect(page.locator("#quote .to-pay")).to_have_text("0,00 ₽")
    page.get_by_role("button", name="Провести").click()
    expect(page.get_by_text("Проведён")).to_be_visible()
    assert "Оплачено сертификатами 700,00 ₽" in sums(page)
    page.goto(f"{live_server.url}/till/sale/?certificate={code}")
    page.get_by_label("Сумма чека").fill("500")
    expect(page.locator("#quote .to-pay")).to_have_text("200,00 ₽")
    assert look_around(page) == {}
    page.get_by_role("button", name="Провести").click()
    expect(page.get_by_text("Проведён")).to_be_visible()
    assert look_around(page) == {}

    # The second receipt comes back: 200 in money, 300 onto the certificate.
    page.get_by_role("link", name="Вернуть").click()
    page.get_by_role("button", name="Отменить чек").click()
    assert "200,00 ₽" in sums(page)
    assert "Вернётся на сертификаты 300,00 ₽" in sums(page)
    page.locator("main form button.btn-danger").click()
    expect(page.get_by_text("300,00 ₽")).to_be_visible()
    page.goto(link)
    expect(page.locator("dl.facts")).to_contain_text("300 ₽")
    assert complaints == []


def test_sold_at_the_till_and_handed_over(
    page: Page, live_server: LiveServer, shop: TillPage, complaints: list[str]
) -> None:
    hand_over(page, live_server, shop)
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/till/certificates/")
    page.get_by_label("Сумма сертификата").fill("1500")
    page.get_by_role("button", name="Продать").click()
    expect(page.get_by_role("heading", name="Подарочный сертификат: 1 500 ₽")).to_be_visible()
    assert look_around(page) == {}
    assert Certificate.objects.get().nominal == 1500
    assert complaints == []


def test_without_scripts(browser: Browser, live_server: LiveServer, shop: TillPage) -> None:
    context = browser.new_context()
    enter(context, live_server, shop.cast.zerno.owner)
    page = without_scripts(browser, context)
    page.goto(f"{live_server.url}/m/{shop.cast.zerno.merchant.pk}/certificates/new/")
    page.get_by_label("На скидку").check()
    page.get_by_label("Скидка, %").fill("20")
    page.get_by_label("Подарен").check()
    page.get_by_role("button", name="Дальше").click()
    page.get_by_role("button", name="Выпустить 1 сертификат").click()
    expect(page.get_by_role("heading", name="Сертификат: Скидка 20 %")).to_be_visible()
    page.context.close()
    context.close()
