"""Looks at a page as somebody who needs it to be kind: axe, both themes, desk and phone, without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from merchants.models import User

WIDE: Any = {"width": 1440, "height": 900}
PHONE: Any = {"width": 390, "height": 844}
SIZES = (WIDE, PHONE)
THEMES: tuple[Any, ...] = ("light", "dark")


def enter(context: BrowserContext, live_server: LiveServer, user: User) -> None:
    """The browser is logged in as the user, without the form."""
    client = Client()
    client.force_login(user)
    context.add_cookies(
        [
            {
                "name": settings.SESSION_COOKIE_NAME,
                "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                "url": live_server.url,
            }
        ]
    )


def faults_of(page: Page) -> set[str]:
    """What is wrong with the page that is open: violations that axe names, and a page wider than its screen."""
    if not page.evaluate("'axe' in window"):  # half a megabyte: once for each page
        page.evaluate(AXE_SCRIPT)
    found = {
        f"{violation['id']}: {node['html'][:200]}"
        for violation in page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        for node in violation["nodes"]
    }
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.add("wider than the screen")
    return found


def look_at(page: Page, live_server: LiveServer, paths: Iterable[str]) -> dict[str, set[str]]:
    """The faults of each path that has any, on both sizes and in both themes."""
    faults: dict[str, set[str]] = {}
    for path in paths:
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.ok, f"{answer.status} {path}"
        faults |= {f"{path} {how}": found for how, found in look_around(page).items()}
    return faults


def look_around(page: Page) -> dict[str, set[str]]:
    """The faults of the page that is open, by size and theme: pages change with their device."""
    faults: dict[str, set[str]] = {}
    for size in SIZES:
        page.set_viewport_size(size)
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found = faults_of(page)
            if found:
                faults[f"{size['width']} {theme}"] = found
    return faults


def without_scripts(browser: Browser, context: BrowserContext) -> Page:
    """A page of a browser with JavaScript off and the cookies of the context. Close its context when done."""
    plain = browser.new_context(java_script_enabled=False, locale="ru-RU", viewport=PHONE)
    plain.add_cookies(context.cookies())  # type: ignore[arg-type]
    return plain.new_page()
