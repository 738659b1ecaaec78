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


# What depends on the theme, and takes axe longer than all other rules together.
COLOURS = "color-contrast"
AXE = """async ([rules, known]) => {
  const options = { resultTypes: ["violations"], preload: false, selectors: false };
  const shown = [...document.body.querySelectorAll("*")].filter(
    (one) => one.checkVisibility({ visibilityProperty: true }));
  const before = window.shownBefore ?? new WeakSet();
  window.shownBefore = new WeakSet(shown);
  const run = async (where, more) => (await axe.run(where, { ...options, ...more })).violations;
  if (rules.length) return run(document, { runOnly: rules });
  if (!known) return run(document, {});
  const found = await run(document, { rules: { "color-contrast": { enabled: false } } });
  const fresh = shown.filter((one) => !before.has(one));
  return fresh.length ? [...found, ...await run({ include: fresh }, { runOnly: ["color-contrast"] })] : found;
}"""


def faults_of(page: Page, *rules: str, known: bool = False) -> set[str]:
    """What is wrong with the page that is open: violations that axe names, and a page wider than its screen.

    rules: only these of axe's; none for all. known: of parts that were shown the last time, the colours are.
    """
    if not page.evaluate("'axe' in window"):  # half a megabyte: once for each page
        page.evaluate(AXE_SCRIPT)
    found = {
        f"{violation['id']}: {node['html'][:200]}"
        for violation in page.evaluate(AXE, [rules, known])
        for node in violation["nodes"]
    }
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.add("wider than the screen")
    return found


def look_at(page: Page, live_server: LiveServer, paths: Iterable[str], *, reload: bool = False) -> dict[str, set[str]]:
    """The faults of each path that has any, on both sizes and in both themes.

    reload: these pages choose their theme when they are loaded.
    """
    faults: dict[str, set[str]] = {}
    for number, path in enumerate(paths):
        themes = THEMES if number % 2 == 0 else THEMES[::-1]
        page.emulate_media(color_scheme=themes[0], reduced_motion="reduce")
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.ok, f"{answer.status} {path}"
        found = look_around(page, themes=themes, reload=reload)
        faults |= {f"{path} {how}": what for how, what in found.items()}
    return faults


def look_around(page: Page, *, themes: tuple[Any, ...] = THEMES, reload: bool = False) -> dict[str, set[str]]:
    """The faults of the page that is open, by size and theme.

    Pages change with their size: all rules on both. Only colours change with the theme: both where the screen is wide,
    and the second on a phone, for the parts that only a phone shows. Which is the second changes from page to page.
    """
    first, second = themes
    faults: dict[str, set[str]] = {}
    for size, theme, rules in ((WIDE, first, ()), (WIDE, second, (COLOURS,)), (PHONE, second, ())):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if reload and rules:
            page.reload()
        found = faults_of(page, *rules, known=size is PHONE)
        if found:
            faults[f"{size['width']} {theme}"] = found
    return faults


def without_scripts(browser: Browser, context: BrowserContext) -> Page:
    """A page of a browser with JavaScript off and the cookies of the context. Close its context when done."""
    plain = browser.new_context(java_script_enabled=False, locale="ru-RU", viewport=PHONE)
    plain.add_cookies(context.cookies())  # type: ignore[arg-type]
    return plain.new_page()
