"""The rules in a browser: edited while the receipt beside them is worked out, published, read."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty import programs
from merchants.access import tenant
from tests.browser.looking import enter, look_at, without_scripts
from tests.cast import Cast, make_cast
from tests.loyalty.test_rule_pages import DOCUMENT


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cast = make_cast()
    with tenant(cast.zerno.program.pk):
        for days, document in ((9, DOCUMENT), (5, {**DOCUMENT, "spending": {"max_percent": "40"}})):
            now = timezone.now() - dt.timedelta(days=days)
            programs.publish(program=cast.zerno.program, document=document, now=now, by=cast.zerno.owner)
    return cast


def test_edit_publish_read(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    page.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/rules/")
    page.get_by_label("Сумма чека").fill("3000")
    expect(page.locator("#sample")).to_contain_text("150 зёрен")

    page.get_by_role("link", name="Править правила").click()
    page.get_by_role("link", name="Баллы, уровни, оплата").click()
    page.locator("[name=tier-bronze-earn_percent]").fill("6")
    expect(page.locator("#preview")).to_contain_text("Бронза: все с первого дня — 6 % баллами.")
    expect(page.locator("#preview")).to_contain_text("60 зёрен")

    page.get_by_role("button", name="Добавить уровень").click()
    page.locator("[name=tier-tier-1-title]").fill("Золото")
    page.locator("[name=tier-tier-1-spent]").fill("20000")
    page.locator("[name=tier-tier-1-earn_percent]").fill("10")
    expect(page.locator("#preview")).to_contain_text("Золото: от 20 000 ₽ покупок — 10 % баллами.")
    page.locator("#up-tier-1").click()
    expect(page.locator(".tiers > li").nth(1).locator("[name$=-title]")).to_have_value("Золото")
    page.get_by_role("button", name="Сохранить черновик").last.click()
    expect(page.locator("#id_tier-silver-spent_error")).to_contain_text("Серебро")
    page.locator("#down-tier-1").click()
    expect(page.locator(".tiers > li").nth(2).locator("[name$=-title]")).to_have_value("Золото")
    page.get_by_role("button", name="Сохранить и опубликовать…").click()

    expect(page.get_by_role("heading", name="Опубликовать правила?")).to_be_visible()
    expect(page.get_by_text("Золото: от 20 000 ₽ покупок — 10 % баллами.")).to_be_visible()
    page.get_by_role("button", name="Опубликовать").click()
    expect(page.get_by_text("Версия 3 действует на всех кассах.")).to_be_visible()
    expect(page.get_by_text("Бронза: все с первого дня — 6 % баллами.")).to_be_visible()

    page.get_by_role("link", name="Версия 1").click()
    page.get_by_role("button", name="Вернуть в черновик").click()
    expect(page.get_by_text("Версия 1 теперь в черновике.")).to_be_visible()
    page.get_by_role("link", name="Отменить черновик").click()
    page.get_by_role("button", name="Отменить черновик").click()
    expect(page.get_by_text("Черновик отменён.")).to_be_visible()


def test_edit_and_publish_without_scripts(
    page: Page, browser: Browser, live_server: LiveServer, cast: Cast, complaints: list[str]
) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    plain = without_scripts(browser, page.context)
    plain.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/rules/edit/")
    plain.locator("[name=spending-max_percent]").fill("30")
    plain.get_by_role("button", name="Добавить уровень").click()
    expect(plain.locator("[name=spending-max_percent]")).to_have_value("30")
    plain.locator(".tiers > li").last.get_by_role("button", name="Удалить").click()
    plain.get_by_role("button", name="Посчитать").click()
    expect(plain.locator("#preview")).to_contain_text("Баллами можно оплатить до 30 % чека.")
    plain.get_by_role("button", name="Сохранить и опубликовать…").click()
    plain.get_by_role("button", name="Опубликовать").click()
    expect(plain.get_by_text("Версия 3 действует на всех кассах.")).to_be_visible()
    expect(plain.get_by_text("Баллами можно оплатить до 30 % чека.")).to_be_visible()
    plain.get_by_label("Сумма чека").fill("500")
    plain.get_by_role("button", name="Посчитать").click()
    expect(plain.locator("#sample")).to_contain_text("25 зёрен")
    plain.context.close()


def test_everybody_can_read_and_edit(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> None:
    zerno, pryanik = cast.zerno, cast.pryanik
    with tenant(zerno.program.pk):
        changed = {**DOCUMENT, "points": {"value": "0.5"}}
        programs.save_draft(program=zerno.program, document=changed, revision=0, now=timezone.now(), by=zerno.owner)
    enter(page.context, live_server, zerno.owner)
    rules = f"/m/{zerno.merchant.pk}/rules/"
    assert look_at(page, live_server, [rules + path for path in ("", "edit/", "publish/", "2/", "discard/")]) == {}
    enter(page.context, live_server, pryanik.owner)
    empty = f"/m/{pryanik.merchant.pk}/rules/"
    assert look_at(page, live_server, [empty, f"{empty}edit/"]) == {}
