"""The till as an app of the phone: what Chromium asks of a page before it offers to install it."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserType, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.looking import PHONE
from tests.browser.test_till import hand_over, shop
from tests.cashier_page.conftest import TillPage

__all__ = ["shop"]


@pytest.fixture
def page(browser_type: BrowserType, browser_type_launch_args: dict[str, Any], tmp_path: Path) -> Iterator[Page]:
    """Of a browser with a profile: the window of every other test is a private one, and those install nothing."""
    profile = browser_type.launch_persistent_context(tmp_path, **browser_type_launch_args, viewport=PHONE)
    yield profile.pages[0]
    profile.close()


def test_the_till_can_be_installed(page: Page, live_server: LiveServer, shop: TillPage, complaints: list[str]) -> None:
    hand_over(page, live_server, shop)
    page.goto(f"{live_server.url}/till/")
    browser = page.context.new_cdp_session(page)
    assert browser.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    found = browser.send("Page.getAppManifest")
    assert found["errors"] == []
    manifest = found["manifest"]
    assert {manifest[key] for key in ("id", "scope", "startUrl")} == {f"{live_server.url}/till/"}
    assert manifest["display"] == "kStandalone"

    # The browser's answer leaves out what an icon is for; the manifest itself says it.
    icons = page.request.get(found["url"]).json()["icons"]
    assert {(icon["sizes"], icon["purpose"]) for icon in icons} >= {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon, shown in zip(icons, manifest["icons"], strict=True):
        answer = page.request.get(shown["url"])
        assert answer.ok
        assert answer.headers["content-type"] == icon["type"] == "image/png"
        width, height = Image.open(io.BytesIO(answer.body())).size
        assert f"{width}x{height}" == icon["sizes"]
