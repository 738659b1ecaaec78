"""What clients do on their phones: join from the poster, show the card. With scripts and without."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clients import card_links
from clients.card_codes import current
from clients.models import Client
from loyalty.accounts import block
from loyalty.models import OneTimeCode
from loyalty.presence import recognised
from loyalty.sales.request import Who
from merchants.access import tenant
from merchants.models import Role
from tests.admin.stage import Stage
from tests.browser.looking import PHONE, enter, look_around, look_at, without_scripts
from tests.cast import Shop
from tests.clients.newcomers import code_sent

# The picture of a QR code, read as a phone's camera reads it.
SCAN = """async (svg) => {
  const image = new Image();
  image.src = "data:image/svg+xml;utf8," + encodeURIComponent(svg);
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 640;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, 640, 640);
  context.drawImage(image, 20, 20, 600, 600);
  const { default: QrScanner } = await import("/static/vendor/qr-scanner.js");
  return (await QrScanner.scanImage(canvas, { returnDetailedScanResult: true })).data;
}"""


def scan(page: Page, selector: str) -> str:
    """What the QR code says. On another page: the decoder's worker is none that the policy of ours lets in."""
    browser = page.context.browser
    assert browser
    svg = page.locator(f"{selector} svg").evaluate(
        "(svg) => { const whole = svg.cloneNode(true);"
        " whole.setAttribute('width', '600'); whole.setAttribute('height', '600');"
        " return new XMLSerializer().serializeToString(whole); }"
    )
    context = browser.new_context(bypass_csp=True)
    phone = context.new_page()
    phone.goto("/".join(page.url.split("/")[:3]) + "/healthz")
    said = str(phone.evaluate(SCAN, svg))
    context.close()
    return said


@pytest.fixture(autouse=True)
def nobody_has_asked() -> None:
    cache.clear()


@pytest.fixture
def zerno(stage: Stage) -> Shop:
    return stage.cast.zerno


def scanned_from_the_poster(page: Page, live_server: LiveServer, shop: Shop) -> str:
    enter(page.context, live_server, shop.people[Role.OPERATOR])
    page.goto(f"{live_server.url}/m/{shop.merchant.pk}/poster/?outlet={shop.outlet.code}")
    link = scan(page, ".poster-qr")
    assert link == f"{live_server.url}/join/{shop.merchant.pk}/?at={shop.outlet.code}"
    page.context.clear_cookies()
    return link


def join(page: Page, link: str, shop: Shop) -> str:
    """From the scanned link to the card; the code that it shows."""
    page.goto(link)
    page.get_by_label("Телефон").fill("8 926 765-43-21")
    page.get_by_label("Ваше имя").fill("Мария")
    page.get_by_label("Согласен(на) на обработку").check()
    page.get_by_role("button", name="Получить код").click()
    expect(page.get_by_role("heading", name="Код из сообщения")).to_be_visible()
    page.get_by_label("Код из сообщения").fill(code_sent(shop))
    page.get_by_role("button", name="Открыть карту").click()
    expect(page.get_by_role("heading", name="Мария")).to_be_visible()
    return page.locator("[data-code]").inner_text()


def test_from_the_poster_to_the_card(page: Page, live_server: LiveServer, zerno: Shop, complaints: list[str]) -> None:
    link = scanned_from_the_poster(page, live_server, zerno)
    page.set_viewport_size(PHONE)
    code = join(page, link, zerno)
    assert re.fullmatch(r"\d{6}", code)
    assert scan(page, ".pass-qr")[:6] == code
    expect(page.locator(".balance")).to_contain_text("100 зёрен")


def test_the_same_without_scripts(page: Page, browser: Browser, live_server: LiveServer, zerno: Shop) -> None:
    link = scanned_from_the_poster(page, live_server, zerno)
    plain = without_scripts(browser, page.context)
    code = join(plain, link, zerno)
    plain.get_by_role("button", name="Новый код").click()
    expect(plain.locator("[data-code]")).not_to_have_text(code)
    plain.get_by_role("link", name="Согласия и письма").click()
    plain.get_by_label("Электронная почта").fill("maria@example.org")
    plain.get_by_label("Присылайте на почту").check()
    plain.get_by_role("button", name="Сохранить").click()
    expect(plain.get_by_text("Сохранено.")).to_be_visible()
    expect(plain.get_by_label("Присылайте на почту")).to_be_checked()
    # The language is chosen by a form that is checked: a page behind a secret link must not break that.
    plain.get_by_role("button", name="English").click()
    expect(plain.get_by_role("heading", name="Consents and letters")).to_be_visible()
    plain.context.close()


def test_letters_are_offered_to_an_address(page: Page, live_server: LiveServer, zerno: Shop) -> None:
    page.goto(f"{live_server.url}/join/{zerno.merchant.pk}/")
    expect(page.get_by_label("Присылайте на почту")).to_be_hidden()
    page.get_by_label("Электронная почта").fill("maria@example.org")
    expect(page.get_by_label("Присылайте на почту")).to_be_visible()


def test_a_used_code_is_replaced_while_the_card_is_looked_at(
    page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]
) -> None:
    page.clock.install()
    page.goto(live_server.url + card(stage.anna))
    seen = page.locator("[data-code]").inner_text()
    with stage.zerno():
        OneTimeCode.objects.filter(code=seen).update(expires_at=timezone.now())
    page.clock.fast_forward(31_000)
    expect(page.locator("[data-code]")).not_to_have_text(seen)
    with stage.zerno():
        fresh = current(account=stage.account, now=timezone.now()).code
    expect(page.locator("[data-code]")).to_have_text(fresh)
    picture = scan(page, ".pass-qr")
    with stage.zerno():
        zerno = stage.cast.zerno
        who = Who(by="code", value=picture)
        found = recognised(who, program_id=zerno.program.pk, till_id=zerno.till.pk, now=timezone.now())
    assert found.value == fresh


def card(client: Client) -> str:
    with tenant(client.program_id):
        return f"/card/{card_links.token_of(client)}/"


def test_pages_for_clients_are_for_everybody(
    page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]
) -> None:
    zerno, pryanik = stage.cast.zerno, stage.cast.pryanik
    mine = card(stage.anna)
    with stage.zerno():
        off = card_links.unsubscribe_token_of(stage.anna)
    paths = [
        f"/join/{zerno.merchant.pk}/?at={zerno.outlet.code}",
        f"/join/{pryanik.merchant.pk}/",  # no rules yet
        mine,
        f"{mine}history/",
        f"{mine}history/?before=1",
        f"{mine}consents/",
        f"{mine}data/",
        f"/notices/{off}/",
    ]
    assert look_at(page, live_server, paths) == {}
    with stage.zerno():
        block(account=stage.account, reason="", now=timezone.now(), by="test")
    assert look_at(page, live_server, [mine]) == {}


def test_the_question_for_the_code_is_for_everybody(page: Page, live_server: LiveServer, zerno: Shop) -> None:
    page.goto(f"{live_server.url}/join/{zerno.merchant.pk}/")
    page.get_by_label("Телефон").fill("+7 916 555-44-33")
    page.get_by_label("Ваше имя").fill("Вера")
    page.locator("input[type=checkbox]").first.check()
    page.locator("main form button").first.click()
    page.wait_for_url("**/code/")
    assert look_around(page) == {}
    page.get_by_label("Код").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Код не подошёл")).to_be_visible()
    assert look_around(page) == {}


def test_pages_for_the_team_are_for_everybody(
    page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]
) -> None:
    zerno, pryanik = stage.cast.zerno, stage.cast.pryanik
    enter(page.context, live_server, zerno.owner)
    home = f"/m/{zerno.merchant.pk}"
    link = f"{home}/clients/{stage.account.public_id}/card/"
    assert look_at(page, live_server, [f"{home}/poster/", f"{home}/consents/", link]) == {}
    page.get_by_role("button", name="Показать ссылку и QR-код").click()
    expect(page.locator("#card-address")).to_have_text(live_server.url + card(stage.anna))
    assert scan(page, ".pass-qr") == live_server.url + card(stage.anna)
    enter(page.context, live_server, pryanik.owner)
    assert look_at(page, live_server, [f"/m/{pryanik.merchant.pk}/poster/"]) == {}


def test_the_poster_is_one_sheet(page: Page, live_server: LiveServer, zerno: Shop) -> None:
    enter(page.context, live_server, zerno.owner)
    page.goto(f"{live_server.url}/m/{zerno.merchant.pk}/poster/")
    paper = page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1
