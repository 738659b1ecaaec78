"""What is not theirs: a stranger finds nothing, a cashier is told kindly, a guest is asked to log in."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.models import Client
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around

ROOMS = ("dashboard", "clients", "sales", "programme", "outlets", "team", "settings", "audit_log", "poster")


def inside(stage: Stage) -> list[str]:
    """Pages of «Зерно», and a client's among them."""
    merchant = stage.cast.zerno.merchant.pk
    with stage.zerno():
        anna = Client.objects.select_related("account").get(pk=stage.anna.pk).account.public_id
    return [
        *(reverse(room, args=[merchant]) for room in ROOMS),
        reverse("client", args=[merchant, anna]),
        reverse("adjust", args=[merchant, anna]),
    ]


@pytest.mark.parametrize("who", ["stranger", "foreigner"])
def test_a_stranger_finds_nothing(page: Page, live_server: LiveServer, stage: Stage, who: str) -> None:
    cast = stage.cast
    enter(page.context, live_server, cast.semyon if who == "stranger" else cast.pryanik.owner)
    for path in inside(stage):
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.status == 404, path
        expect(page.get_by_role("heading", name="Такой страницы нет")).to_be_visible()
        assert "Анна" not in page.content()


def test_a_cashier_has_the_till_and_nothing_else(page: Page, live_server: LiveServer, stage: Stage) -> None:
    enter(page.context, live_server, stage.cast.zerno.cashier)
    for path in inside(stage):
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.status == 403, path
        expect(page.get_by_text("Ваша роль")).to_be_visible()
    assert look_around(page) == {}
    page.goto(live_server.url)
    expect(page).to_have_url(re.compile("/till/$"))
    expect(page.get_by_role("link", name="Клиенты")).to_have_count(0)


def test_a_guest_is_asked_to_log_in_and_led_on(page: Page, live_server: LiveServer, stage: Stage) -> None:
    page.goto(live_server.url + inside(stage)[1])
    expect(page.get_by_role("heading", name="Войти")).to_be_visible()
    assert "next=" in page.url


def test_a_phone_that_is_not_connected_sells_nothing(page: Page, live_server: LiveServer, stage: Stage) -> None:
    for path in ("/till/", "/till/sale/", "/till/shift/"):
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.status == 403, path
    assert look_around(page) == {}
