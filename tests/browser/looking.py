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


RULES = """async () => {
  const run = await axe.run(document, {
    resultTypes: ["violations"], preload: false, selectors: false, rules: { "color-contrast": { enabled: false } },
  });
  return run.violations;
}"""
# Contrast takes axe longer than all other rules together. It is a matter of a text's colour, size and weight and of
# what is painted behind it: what was seen once is the same in every row of every page. Text that floats without a
# ground of its own is looked at each time.
CONTRAST = """async (known) => {
  const seen = new Set(known), fresh = new Map(), floating = [];
  const says = (one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const keyOf = (one) => {
    const text = getComputedStyle(one);
    const key = [text.color, text.fontSize, text.fontWeight, text.textShadow, text.webkitTextFillColor,
      Boolean(one.closest(":disabled, [aria-disabled=true], label:has(:disabled)")),
      one.matches("input, select, textarea") || one.textContent.trim().length > 1];
    for (let at = one; at; at = at.parentElement) {
      const own = at === one ? text : getComputedStyle(at);
      const clear = own.backgroundColor.match(/^rgba\\(.*, 0\\)$/) && own.backgroundImage === "none";
      if (own.opacity !== "1") key.push(own.opacity);
      if (own.filter !== "none" || own.mixBlendMode !== "normal") key.push(own.filter, own.mixBlendMode);
      if (!clear) key.push(own.backgroundColor, own.backgroundImage);
      if (!clear && /^rgb\\(/.test(own.backgroundColor) && own.opacity === "1") break;
      if (["absolute", "fixed"].includes(own.position)) return "";
    }
    return key.join("|");
  };
  for (const one of document.body.querySelectorAll("*")) {
    if (!one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (!says(one) && !one.matches("input, select, textarea")) continue;
    const key = keyOf(one);
    if (!key) floating.push(one);
    else if (!seen.has(key) && !fresh.has(key)) fresh.set(key, one);
  }
  const include = [...fresh.values(), ...floating];
  if (!include.length) return [[], []];
  const options = { resultTypes: ["violations"], preload: false, selectors: false, runOnly: ["color-contrast"] };
  const { violations } = await axe.run({ include }, options);
  return [violations, violations.length ? [] : [...fresh.keys()]];
}"""
seen: set[str] = set()


def faults_of(page: Page, *, rules: bool = True) -> set[str]:
    """What is wrong with the page that is open: violations that axe names, and a page wider than its screen.

    rules: all of axe's; or contrast alone.
    """
    if not page.evaluate("'axe' in window"):  # half a megabyte: once for each page
        page.evaluate(AXE_SCRIPT)
    violations = page.evaluate(RULES) if rules else []
    pale, good = page.evaluate(CONTRAST, sorted(seen))
    seen.update(good)
    found = {f"{one['id']}: {node['html'][:200]}" for one in violations + pale for node in one["nodes"]}
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.add("wider than the screen")
    return found


def look_at(
    page: Page, live_server: LiveServer, paths: Iterable[str], *, by_class: bool = False
) -> dict[str, set[str]]:
    """The faults of each path that has any, on both sizes and in both themes.

    by_class: these pages choose their theme when they are loaded, and say it by a class.
    """
    faults: dict[str, set[str]] = {}
    for number, path in enumerate(paths):
        themes = THEMES if number % 2 == 0 else THEMES[::-1]
        page.emulate_media(color_scheme=themes[0], reduced_motion="reduce")
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.ok, f"{answer.status} {path}"
        found = look_around(page, themes=themes, by_class=by_class)
        faults |= {f"{path} {how}": what for how, what in found.items()}
    return faults


def look_around(page: Page, *, themes: tuple[Any, ...] = THEMES, by_class: bool = False) -> dict[str, set[str]]:
    """The faults of the page that is open, by size and theme.

    Pages change with their size: all rules on both. Only colours change with the theme: both where the screen is wide,
    and the second on a phone, for the parts that only a phone shows. Which is the second changes from page to page.
    """
    first, second = themes
    faults: dict[str, set[str]] = {}
    for size, theme, rules in ((WIDE, first, True), (WIDE, second, False), (PHONE, second, True)):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        if by_class:
            page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", theme == "dark")
        found = faults_of(page, rules=rules)
        if found:
            faults[f"{size['width']} {theme}"] = found
    return faults


def without_scripts(browser: Browser, context: BrowserContext) -> Page:
    """A page of a browser with JavaScript off and the cookies of the context. Close its context when done."""
    plain = browser.new_context(java_script_enabled=False, locale="ru-RU", viewport=PHONE)
    plain.add_cookies(context.cookies())  # type: ignore[arg-type]
    return plain.new_page()
