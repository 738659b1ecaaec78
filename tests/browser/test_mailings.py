"""Mailings in a real browser: a ready text, the numbers, sent; the link in the letter ends it."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns.mailings import working
from campaigns.messages.sending import send_due
from campaigns.models import MessageSettings
from clients.enrolment import Consented, enrol
from clients.models import Client, Consent
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around, without_scripts


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """The owner of «Зерно» is logged in; two clients of his agreed to advertising, and nobody sleeps."""
    zerno = stage.cast.zerno
    with stage.zerno():
        for n, name in enumerate(("Ольга Первая", "Ольга Вторая")):
            client = enrol(
                program_id=zerno.program.pk,
                merchant_id=zerno.merchant.pk,
                phone=f"+7926000000{n}",
                name=name,
                source="test",
                consents=[Consented(Consent.Kind.PROCESSING), Consented(Consent.Kind.ADVERTISING)],
                now=timezone.now(),
            )
            Client.objects.filter(pk=client.pk).update(email=f"olga{n}@example.org")
        MessageSettings.objects.create(
            program=zerno.program, merchant=zerno.merchant, quiet_from="00:00", quiet_until="00:00"
        )
    enter(page.context, live_server, zerno.owner)
    return f"{live_server.url}/m/{zerno.merchant.pk}/mailings/"


def test_from_a_ready_text_to_no_more_letters(page: Page, browser: Browser, at: str) -> None:
    page.goto(at)
    expect(page.get_by_text("Рассылок пока нет")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("link", name="Шаблоны сообщений").first.click()
    assert look_around(page) == {}
    page.get_by_role("link", name="Новинка").click()
    page.get_by_label("Текст письма").fill("Привет, {имя}! У вас {баллы|балл|балла|баллов}.")
    expect(page.get_by_text("Привет, Ольга Вторая! У вас 100 баллов.")).to_be_visible()
    assert look_around(page) == {}
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Сохранено")).to_be_visible()
    page.goto(f"{at}new/")
    page.get_by_label("Название рассылки").fill("Весна")
    assert look_around(page) == {}
    page.get_by_role("button", name="Дальше").click()
    expect(page.get_by_text("Получат")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("button", name="Отправить", exact=True).click()
    expect(page.get_by_role("heading", name="Весна")).to_be_visible()
    address = page.url
    for work in (working.run_due, send_due, working.run_due):
        work(clock=timezone.now)
    page.goto(address)
    expect(page.get_by_text("Отправлено", exact=True)).to_be_visible()
    assert look_around(page) == {}
    letter = next(one for one in mail.outbox if one.to == ["olga1@example.org"])
    link = re.search(r"/unsubscribe/\S+/", str(letter.body))
    assert link is not None
    stranger = without_scripts(browser, page.context)
    stranger.goto(at.split("/m/", maxsplit=1)[0] + link[0])
    stranger.get_by_role("button", name="Отписаться").click()
    expect(stranger.get_by_text("Вы отписались")).to_be_visible()
    stranger.context.close()
    page.goto(at.split("/m/", maxsplit=1)[0] + link[0])
    assert look_around(page) == {}
    page.goto(address)
    expect(page.get_by_text("Отписались после неё")).to_be_visible()
