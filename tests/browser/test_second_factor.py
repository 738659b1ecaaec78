"""A manager is led to a second factor, sets it up, and sees where he is logged in."""

from __future__ import annotations

from django.core.cache import cache
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants.models import Merchant
from tests.browser.looking import enter, look_at
from tests.browser.test_office import a_code_begins, code_of
from tests.cast import make_cast

PASSWORD = "зёрна-и-молоко-1"


def test_a_second_factor_is_asked_for(
    page: Page, live_server: LiveServer, transactional_db: None, complaints: list[str]
) -> None:
    cache.clear()
    shop = make_cast().zerno
    Merchant._base_manager.filter(pk=shop.merchant.pk).update(second_factor="managers")
    shop.manager.set_password(PASSWORD)
    shop.manager.save()
    enter(page.context, live_server, shop.manager)
    team = f"{live_server.url}/m/{shop.merchant.pk}/team/"
    page.goto(team)
    page.wait_for_url(f"**/second-factor/{shop.merchant.pk}/")
    asked = f"/second-factor/{shop.merchant.pk}/"
    assert look_at(page, live_server, [asked, "/accounts/sessions/"]) == {}
    page.goto(live_server.url + asked)
    page.get_by_role("link", name="Настроить").click()
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Подтвердить").click()
    secret = page.locator("#authenticator_secret").input_value()
    with a_code_begins():
        page.locator("input[name=code]").fill(code_of(secret))
        page.get_by_role("main").get_by_role("button", name="Включить").click()
        expect(page.get_by_role("main")).to_contain_text("Коды восстановления")
    page.get_by_role("link", name="Вернуться в магазин").click()
    page.goto(team)
    expect(page.get_by_role("heading", name="Команда")).to_be_visible()
    enter(page.context.browser.new_context(), live_server, shop.manager)  # type: ignore[union-attr]
    page.goto(f"{live_server.url}/accounts/sessions/")
    page.get_by_role("button", name="Завершить все остальные").click()
    expect(page.get_by_role("main")).to_contain_text("Завершён 1 другой вход.")
    expect(page.get_by_role("listitem").filter(has_text="этот вход")).to_be_visible()
