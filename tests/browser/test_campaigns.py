"""A campaign in a real browser: a ready one, looked at before, started, run by moving the clock, seen by the client."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from campaigns import holdout
from campaigns.models import Campaign, CampaignSettings
from campaigns.plan import read
from campaigns.running import changing, scanning, working
from clients import card_links
from clients.enrolment import enrol
from clients.models import Client
from insights import holdout_results
from loyalty.models import PromoCode
from loyalty.promo.shown import code_shown
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around, without_scripts
from tests.loyalty.shop import TillStory


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """The owner of «Зерно» is logged in; some clients of his have their birthday in four days."""
    soon = timezone.now() + dt.timedelta(days=4)
    with stage.zerno():
        story = TillStory(stage.cast.zerno, timezone.now())
        for n in range(6):
            enrol(
                program_id=story.program_id,
                merchant_id=story.caller.merchant_id,
                phone=f"+7926000000{n}",
                name=f"Именинница {n}",
                birthday=dt.date(1992, soon.month, soon.day),
                source="test",
                now=story.now,
            )
    enter(page.context, live_server, stage.cast.zerno.owner)
    return f"{live_server.url}/m/{stage.cast.zerno.merchant.pk}/campaigns/"


def test_from_a_ready_one_to_the_clients_page(
    page: Page, browser: Browser, live_server: LiveServer, at: str, stage: Stage
) -> None:
    page.goto(at)
    expect(page.get_by_role("heading", name="Начните с готовой")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("button", name="Подарок на день рождения").click()
    page.get_by_label("Баллы", exact=True).fill("250")
    page.get_by_text("Добавить шаг").click()
    page.get_by_role("button", name="Поставить метку", exact=True).click()
    page.get_by_label("Метка", exact=True).fill("именинник")
    page.get_by_text("Добавить шаг").click()
    page.get_by_role("button", name="Дать промокод", exact=True).click()
    page.get_by_label("На скидку, %").fill("10")
    assert look_around(page) == {}
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Сохранить и посмотреть").click()
    expect(page.get_by_role("heading", name="Кто получит")).to_be_visible()
    expect(page.get_by_role("link", name="Именинница").first).to_be_visible()
    assert look_around(page) == {}
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="Запустить").click()
    page.get_by_role("button", name="Запустить кампанию").click()
    expect(page.get_by_text("Кампания работает")).to_be_visible()

    # Tomorrow noon.
    later = (timezone.localtime() + dt.timedelta(days=1)).replace(hour=12)
    scanning.scan_due(now=later)
    working.work_due(clock=lambda: later)
    with stage.zerno():
        campaign = Campaign.objects.get()
        salt = holdout.salt_of_campaign(campaign.pk)
        people = list(Client.objects.filter(name__startswith="Именинница").select_related("account"))
        percent = read(campaign.plan).order.holdout
        lucky = next(one for one in people if not holdout.is_held_out(salt, one.account_id, percent))
    page.goto(f"{at}{campaign.pk}/")
    expect(page.get_by_role("link", name=lucky.name)).to_be_visible()
    expect(page.get_by_role("cell", name="250 зёрен").first).to_be_visible()
    assert look_around(page) == {}
    page.goto(f"{live_server.url}/card/{card_links.token_of(lucky)}/")
    expect(page.get_by_text("Подарок на день рождения").first).to_be_visible()
    with stage.zerno():
        code = PromoCode.objects.select_related("batch").get(account=lucky.account_id)
    expect(page.get_by_text(code_shown(code.batch, code.code))).to_be_visible()
    with stage.zerno():
        rules = CampaignSettings(daily_cap=1, holdout=Decimal(10))
        changing.set_rules(merchant=campaign.merchant, rules=rules, now=timezone.now(), by="test")
        holdout_results.measure(settings=CampaignSettings.objects.get(), now=timezone.now())
    page.goto(at)
    page.get_by_role("link", name="Все кампании вместе").click()
    expect(page.get_by_text("Мало данных").first).to_be_visible()
    assert look_around(page) == {}
    plain = without_scripts(browser, page.context)
    plain.goto(f"{at}{campaign.pk}/dry-run/")
    expect(plain.get_by_role("heading", name="Кто получит")).to_be_visible()

    plain.context.close()
