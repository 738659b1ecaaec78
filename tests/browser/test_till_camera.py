"""The till's camera: a film of the client's phone is held up to it, under the page's own policy."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clients import card_links
from tests.browser.conftest import CHROMIUM, QUIET
from tests.browser.looking import PHONE, faults_of
from tests.browser.test_till import find, shop, till
from tests.browser.video import film
from tests.cashier_page.conftest import TillPage

__all__ = ["shop", "till"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the camera sees."""
    path = tmp_path_factory.mktemp("camera") / "seen.y4m"
    film(Image.new("L", (100, 100), 255), path)
    return path


@pytest.fixture(scope="module")
def browser(launch_browser: Callable[..., Browser], seen: Path) -> Iterator[Browser]:
    """One that has a camera, and asks before it uses it: without a permission that is a refusal."""
    camera = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={seen}"]
    browser = launch_browser(executable_path=str(CHROMIUM), args=[*QUIET, *camera])
    yield browser
    browser.close()


@pytest.fixture(autouse=True)
def over_http(complaints: list[str]) -> Iterator[None]:
    """The decoder warns of pages without TLS; on localhost a browser gives them the camera all the same."""
    yield
    complaints[:] = [said for said in complaints if "transferred via https" not in said]


def test_the_clients_card_is_read(till: Page, live_server: LiveServer, shop: TillPage, seen: Path) -> None:
    vera = shop.join(points="500")
    phone = till.context.new_page()
    phone.set_viewport_size(PHONE)
    phone.goto(f"{live_server.url}/card/{card_links.token_of(vera)}/")
    film(Image.open(io.BytesIO(phone.screenshot())), seen)
    phone.close()

    decoders: list[str] = []
    till.on("worker", lambda worker: decoders.append(worker.url))
    own = till.evaluate("'BarcodeDetector' in window")
    till.context.grant_permissions(["camera"])
    till.get_by_role("button", name="Камера", exact=True).click()
    expect(till.get_by_role("heading", name="Вера")).to_be_visible(timeout=25_000)
    # Where the browser reads no codes itself, the library's worker did, and the policy let it.
    assert own or decoders
    # Named by the live code, she may spend without any other.
    till.get_by_label("Сумма чека").fill("600")
    till.get_by_label("Списать баллов").fill("250")
    till.get_by_role("button", name="Провести").click()
    expect(till.get_by_text("Проведён")).to_be_visible()
    assert shop.available(vera) == 500 - 250 + 350


def test_a_code_of_somebody_else_is_refused_kindly(till: Page, shop: TillPage, seen: Path) -> None:
    """A poster, a menu, a payment: the page says so, and the camera can be opened again."""
    for text, answer in (("https://example.org/" + "menu" * 90, "300"), ("000000", "Код не подошёл")):
        picture = io.BytesIO()
        segno.make_qr(text).save(picture, kind="png", scale=8)
        film(Image.open(picture), seen)
        till.context.grant_permissions(["camera"])
        till.get_by_role("button", name="Камера", exact=True).click()
        expect(till.locator("#id_q_error")).to_contain_text(answer, timeout=25_000)


def test_a_refused_camera_says_so_and_typing_works(till: Page, shop: TillPage) -> None:
    shop.join()
    till.get_by_role("button", name="Камера", exact=True).click()
    expect(till.get_by_text("Камера не включилась.")).to_be_visible()
    expect(till.get_by_label("Телефон, карта или код")).to_be_focused()
    expect(till.locator("video")).to_be_hidden()
    assert faults_of(till) == set()
    # The permission is given after all.
    till.context.grant_permissions(["camera"])
    till.get_by_role("button", name="Камера", exact=True).click()
    expect(till.get_by_text("Камера не включилась.")).to_be_hidden()
    expect(till.locator("video")).to_be_visible()
    till.get_by_role("button", name="Закрыть камеру").click()
    expect(till.locator("video")).to_be_hidden()
    find(till, "+79161234567")
    expect(till.get_by_role("heading", name="Вера")).to_be_visible(timeout=25_000)
