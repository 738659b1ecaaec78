"""The overview and its Z-reports in a browser: for everybody's eyes, without scripts, and without anything jumping."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from insights import rollups
from merchants.access import tenant
from tests.browser.looking import PHONE, enter, look_at, without_scripts
from tests.cast import Cast, make_cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory

SHIFT = """
    () => new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => done(sum), 500);
    })
"""


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def shop(cast: Cast) -> Cast:
    """Forty days of sales, a few on each fifth."""
    now = timezone.now()
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, now - dt.timedelta(days=80))
        story.publish(ONE_PER_ONE)
        anna = story.join()
        for days in range(75, -1, -5):
            story.now = now - dt.timedelta(days=days)
            story.sell(anna, "1250000.50", points=None if days % 10 else "900000", cashier="anna")
            story.sell(None, "700", cashier="boris")
    rollups.roll_up(now=now)
    return cast


def paths(cast: Cast) -> list[str]:
    home = f"/m/{cast.zerno.merchant.pk}/"
    return [home, f"{home}figures/", f"{home}z/"]


def test_it_is_for_everybody(page: Page, live_server: LiveServer, shop: Cast, complaints: list[str]) -> None:
    enter(page.context, live_server, shop.zerno.owner)
    assert look_at(page, live_server, paths(shop)) == {}


def test_an_empty_shop_is_for_everybody(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    assert look_at(page, live_server, paths(cast)) == {}


def test_charts_are_tables_without_scripts(page: Page, browser: Browser, live_server: LiveServer, shop: Cast) -> None:
    enter(page.context, live_server, shop.zerno.owner)
    plain = without_scripts(browser, page.context)
    plain.goto(live_server.url + paths(shop)[0])
    expect(plain.locator("#chart-revenue")).to_have_count(1)
    expect(plain.locator("canvas").first).to_be_hidden()
    expect(plain.get_by_role("region", name="Выручка по дням").get_by_role("cell", name="700 ₽").first).to_be_visible()
    plain.context.close()


def test_nothing_jumps_and_little_is_sent(
    page: Page, live_server: LiveServer, shop: Cast, complaints: list[str]
) -> None:
    enter(page.context, live_server, shop.zerno.owner)
    for size in (PHONE, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        answer = page.goto(live_server.url + paths(shop)[0])
        assert answer
        page.wait_for_selector("[data-drawn]")
        assert page.evaluate(SHIFT) < 0.02
        assert len(answer.body()) < 60_000
    expect(page.locator(".chart-table[open]")).to_have_count(0)


def test_a_days_total_is_typed_in_on_a_phone(
    page: Page, live_server: LiveServer, shop: Cast, complaints: list[str]
) -> None:
    enter(page.context, live_server, shop.zerno.operator)
    page.set_viewport_size(PHONE)
    page.goto(live_server.url + paths(shop)[2])
    field = page.locator("input[name^=total-]").first
    field.fill("5")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Одни чеки с картой дают")).to_be_visible()
    page.locator("input[name^=total-]").first.fill("2 000 000,00")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено: 1 день.")).to_be_visible()
    expect(page.locator("input[name^=total-]").first).to_have_value("2000000")
