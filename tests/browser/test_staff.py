"""Clients, points by hand and receipts in a real browser: with scripts, without, and by keyboard."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.enrolment import enrol
from clients.models import Client
from loyalty.models import Entry, Sale
from merchants.access import tenant
from tests.admin.stage import RULES, Stage
from tests.browser.looking import enter, look_at, without_scripts
from tests.cast import Cast, make_cast
from tests.loyalty.shop import TillStory


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """«Зерно» has Anna with a history and Boris without; the operator Vera is logged in. The merchant's address."""
    with stage.zerno():
        shop = stage.cast.zerno
        enrol(
            program_id=shop.program.pk,
            merchant_id=shop.merchant.pk,
            phone="+79031112233",
            name="Борис",
            source="test",
            now=timezone.now(),
        )
    enter(page.context, live_server, shop.operator)
    return f"{live_server.url}/m/{shop.merchant.pk}/"


def test_points_by_hand_and_back(page: Page, at: str, stage: Stage) -> None:
    page.goto(f"{at}clients/")
    page.get_by_label("Найти").press_sequentially("смирн")
    expect(page.get_by_role("link", name="Борис")).to_be_hidden()
    expect(page).to_have_url(re.compile("q="))
    page.get_by_role("link", name="Анна Смирнова").click()
    page.get_by_role("link", name="Баллы вручную").click()
    page.get_by_label("Сколько баллов").fill("25")
    page.get_by_label("Причина").select_option("Извинение перед клиентом")
    page.get_by_label("Своими словами").fill("долго ждали")
    page.get_by_role("button", name="Дальше").click()
    expect(page.get_by_text("+25 зёрен")).to_be_visible()
    # Twice in a hurry: once by the page, once behind its back.
    page.get_by_role("button", name="Начислить 25 зёрен").dblclick()
    expect(page.get_by_role("status")).to_contain_text("Начислено: 25 зёрен.")
    row = page.get_by_role("row").filter(has_text="долго ждали")
    expect(row).to_have_count(1)
    row.get_by_role("link", name="Отменить").click()
    expect(page.get_by_text("−25 зёрен")).to_be_visible()
    page.get_by_label("Причина").fill("не тому")
    page.get_by_role("button", name="Отменить операцию").click()
    expect(page.get_by_role("status")).to_contain_text("Отменено: −25 зёрен.")
    with stage.zerno():
        assert [entry.points for entry in Entry.objects.order_by("-pk")[:2]] == [-25, 25]


def test_the_search_without_scripts(page: Page, browser: Browser, at: str) -> None:
    plain = without_scripts(browser, page.context)
    plain.goto(f"{at}clients/")
    plain.get_by_label("Найти").fill("8 903 111")
    plain.get_by_role("button", name="Найти").click()
    expect(plain.get_by_role("link", name="Борис")).to_be_visible()
    expect(plain.get_by_role("link", name="Анна Смирнова")).to_be_hidden()
    plain.goto(f"{at}clients/?q=8+977+123-45-67")
    plain.get_by_role("link", name="Добавить клиента с телефоном +7 977 123-45-67").click()
    expect(plain.get_by_role("textbox", name="елефон")).to_have_value("+79771234567")
    plain.get_by_label("Имя").fill("Вера")
    plain.get_by_label("обработку персональных данных").check()
    plain.get_by_role("button", name="Добавить клиента").click()
    expect(plain.get_by_role("heading", name="Вера")).to_be_visible()
    plain.goto(f"{at}receipts/")
    plain.get_by_label("Номер чека").fill("R-spent")
    plain.get_by_role("button", name="Найти").click()
    plain.get_by_role("link", name="R-spent").click()
    expect(plain.get_by_role("heading", name="Почему так")).to_be_visible()
    plain.context.close()


def test_by_keyboard(page: Page, at: str, stage: Stage) -> None:
    page.goto(f"{at}clients/")
    page.get_by_label("Найти").focus()
    page.keyboard.type("Борис")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Анна Смирнова")).to_be_hidden()
    page.get_by_role("link", name="Борис").press("Enter")
    page.get_by_role("link", name="Заблокировать", exact=True).press("Enter")
    page.get_by_label("Причина").focus()
    page.keyboard.type("проверка")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Клиент заблокирован.")).to_be_visible()


def test_they_are_for_everybody(page: Page, live_server: LiveServer, at: str, stage: Stage) -> None:
    with stage.zerno():
        sales = [
            f"receipts/{sale.public_id}/" for sale in Sale.objects.filter(receipt_number__in=("R-spent", "R-held"))
        ]
        anna = f"clients/{stage.account.public_id}/"
        entry = Entry.objects.filter(kind="adjust").latest("pk").pk
    pages = ["", "?q=zzz", "?q=89771234567", "new/"]
    paths = [f"clients/{rest}" for rest in pages]
    paths += [f"{anna}{rest}" for rest in ("", "edit/", "block/", "tier/", "points/", f"points/{entry}/undo/")]
    paths += [f"{anna}consents/"]
    paths += ["receipts/", "receipts/?number=zzz", *sales]
    assert look_at(page, live_server, [f"/m/{stage.cast.zerno.merchant.pk}/{path}" for path in paths]) == {}


def test_empty_shops_are_for_everybody(
    page: Page, live_server: LiveServer, transactional_db: None, complaints: list[str]
) -> None:
    cast: Cast = make_cast()
    enter(page.context, live_server, cast.zerno.owner)
    m = f"/m/{cast.zerno.merchant.pk}/"
    with tenant(cast.zerno.program.pk):
        TillStory(cast.zerno, timezone.now() - dt.timedelta(days=1)).publish(RULES)
        assert not Client.objects.exists()
    assert look_at(page, live_server, [f"{m}clients/", f"{m}receipts/"]) == {}
