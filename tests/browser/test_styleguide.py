"""The parts that all pages are made of."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser.looking import faults_of, look_at, without_scripts


def test_parts_are_for_everybody(page: Page, live_server: LiveServer, db: None, complaints: list[str]) -> None:
    assert look_at(page, live_server, ["/styleguide/"]) == {}


def test_a_chart_is_a_table_without_scripts(page: Page, browser: Browser, live_server: LiveServer, db: None) -> None:
    page.goto(f"{live_server.url}/styleguide/")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_role("cell", name="937 ₽").first).to_be_hidden()
    plain = without_scripts(browser, page.context)
    plain.goto(f"{live_server.url}/styleguide/")
    expect(plain.locator("canvas").first).to_be_hidden()
    expect(plain.get_by_role("cell", name="937 ₽").first).to_be_visible()
    plain.context.close()


def test_pale_text_is_found_however_often_it_was_looked_at(page: Page) -> None:
    """The eyes of all other tests: what has been seen to be good elsewhere must not hide what is not."""
    good = "<p>Хорошо видно</p><p>И это</p>"
    pale = "<p style='color: #bbb'>Бледно</p><p style='background: #555'>Темно</p>"
    for text, number in ((good, 0), (good + pale, 2), (pale, 2), (good, 0)):
        page.set_content(f"<!doctype html><html lang=ru><title>Цвета</title><main><h1>Цвета</h1>{text}</main></html>")
        assert sum("color-contrast" in fault for fault in faults_of(page)) == number
