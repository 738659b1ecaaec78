"""Two cards of one person made one, in a real browser, and two again."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.enrolment import enrol
from clients.models import Client
from clients.personal import requests
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_at, without_scripts

BORN = dt.date(1990, 5, 1)


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """Boris has two cards, one of them with points; the manager is logged in. The merchant's address."""
    shop = stage.cast.zerno
    with stage.zerno():
        for name, phone in (("Борис Котов", "+79031112233"), ("Борис котов", "+79031112244")):
            one = enrol(
                program_id=shop.program.pk,
                merchant_id=shop.merchant.pk,
                phone=phone,
                name=name,
                birthday=BORN,
                source="test",
                now=timezone.now(),
            )
        stage.story.now = timezone.now()
        stage.story.give(one.account, "40")
    enter(page.context, live_server, shop.manager)
    return f"{live_server.url}/m/{shop.merchant.pk}/"


def test_a_merge_and_its_undoing(page: Page, at: str, stage: Stage) -> None:
    page.goto(f"{at}clients/")
    page.get_by_role("link", name="Похожие клиенты").click()
    expect(page.get_by_role("heading", name="Одинаковые имя и день рождения")).to_be_visible()
    page.get_by_role("link", name="Оставить эту +7 903 111-22-33").click()
    expect(page.get_by_text("240 зёрен")).to_be_visible()
    page.get_by_role("button", name="Объединить").click()
    expect(page.get_by_role("status")).to_contain_text("Карты объединены")
    expect(page.get_by_role("heading", name="Борис Котов")).to_be_visible()
    with stage.zerno():
        assert Client.objects.filter(birthday=BORN).count() == 1
    page.get_by_role("link", name="Отменить объединение").click()
    expect(page.get_by_text("Баллов перешло тогда")).to_be_visible()
    page.get_by_role("button", name="Отменить объединение").click()
    expect(page.get_by_role("status")).to_contain_text("снова своя карта")
    expect(page.get_by_role("heading", name="Борис котов")).to_be_visible()
    with stage.zerno():
        assert Client.objects.filter(birthday=BORN).count() == 2


def test_without_scripts(page: Page, browser: Browser, at: str) -> None:
    plain = without_scripts(browser, page.context)
    plain.goto(f"{at}clients/similar/")
    plain.get_by_role("link", name="Оставить эту +7 903 111-22-44").click()
    plain.get_by_role("button", name="Объединить").click()
    expect(plain.get_by_role("link", name="Отменить объединение")).to_be_visible()
    plain.context.close()


def test_it_is_for_everybody(page: Page, live_server: LiveServer, at: str, stage: Stage) -> None:
    with stage.zerno():
        keep, drop = Client.objects.filter(birthday=BORN).select_related("account").order_by("pk")
    m = f"/m/{stage.cast.zerno.merchant.pk}/clients/"
    merge = f"{m}{keep.account.public_id}/merge/{drop.account.public_id}/"
    assert look_at(page, live_server, [f"{m}similar/", merge]) == {}
    page.goto(f"{live_server.url}{merge}")
    page.get_by_role("button", name="Объединить").click()
    undo = page.get_by_role("link", name="Отменить объединение").get_attribute("href") or ""
    assert look_at(page, live_server, [f"{m}similar/", f"{m}{keep.account.public_id}/", undo]) == {}


def test_erasing_is_for_everybody(page: Page, live_server: LiveServer, at: str, stage: Stage) -> None:
    with stage.zerno():
        one = Client.objects.filter(birthday=BORN).select_related("account").earliest("pk")
        requests.ask(client=one, source="card page", now=timezone.now())
    home = f"/m/{stage.cast.zerno.merchant.pk}/"
    pages = [f"{home}clients/{one.account.public_id}/{rest}" for rest in ("", "erase/")]
    assert look_at(page, live_server, [*pages, f"{home}clients/erasures/", f"{home}settings/keeping/"]) == {}
