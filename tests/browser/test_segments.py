"""Segments in a real browser: a ready one, a live count, points for all of it, undone; the RFM table."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.enrolment import enrol
from clients.models import Segment
from loyalty.models import Account
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around, look_at, without_scripts
from tests.loyalty.shop import TillStory


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """The owner of «Зерно» is logged in; three of his clients are new, and he has no segments. Their
    address."""
    with stage.zerno():
        Segment.objects.all().delete()
        story = TillStory(stage.cast.zerno, timezone.now())
        for n, name in enumerate(("Ольга Первая", "Ольга Вторая", "Ольга Третья")):
            client = enrol(
                program_id=story.program_id,
                merchant_id=story.caller.merchant_id,
                phone=f"+7926000000{n}",
                name=name,
                source="test",
                now=story.now,
            )
            Account.objects.filter(pk=client.account_id).update(tags=["ольги"])
            story.sell(client.account, str(100 * (n + 1)))
    enter(page.context, live_server, stage.cast.zerno.owner)
    return f"{live_server.url}/m/{stage.cast.zerno.merchant.pk}/clients/segments/"


def test_from_conditions_to_points_and_back(page: Page, browser: Browser, at: str, stage: Stage) -> None:
    page.goto(at)
    expect(page.get_by_role("heading", name="Начните с готового")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("link", name="Новый сегмент").click()
    page.get_by_label("Название сегмента").fill("Ольги")
    page.get_by_role("button", name="Метки", exact=True).click()
    page.get_by_label("С одной из меток").fill("ольги")
    expect(page.get_by_role("status")).to_have_text("3 клиента")
    expect(page.get_by_role("link", name="Ольга Вторая")).to_be_visible()
    page.get_by_text("Добавить условие").click()
    page.get_by_role("button", name="Сумма покупок", exact=True).click()
    page.get_by_label("Сумма от", exact=True).fill("200")
    expect(page.get_by_role("status")).to_have_text("2 клиента")
    assert look_around(page) == {}
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Сохранить сегмент").last.click()
    expect(page.get_by_text("Сегмент сохранён")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("link", name="Баллы сегменту").click()
    page.get_by_label("Сколько баллов").fill("15")
    page.get_by_role("button", name="Дальше").click()
    expect(page.get_by_text("2 клиента").first).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("button", name="Начислить 30").click()
    expect(page.get_by_role("link", name="Отменить у всех")).to_be_visible()
    assert look_around(page) == {}
    with stage.zerno():
        # The purchases gave something, too.
        before = [account.points for account in Account.objects.filter(tags=["ольги"]).order_by("pk")]
    page.get_by_role("link", name="Отменить у всех").click()
    page.get_by_role("button", name="Отменить", exact=True).click()
    expect(page.get_by_text("отменено", exact=True)).to_be_visible()
    with stage.zerno():
        after = [account.points for account in Account.objects.filter(tags=["ольги"]).order_by("pk")]
        segment = Segment.objects.get()
    assert [one - other for one, other in zip(before, after, strict=True)] == [0, 15, 15]
    root, _, path = at.partition("/m/")
    server = type("Server", (), {"url": root})()
    rest = path.removesuffix("segments/")
    assert look_at(page, server, [f"/m/{path}", f"/m/{path}rfm/", f"/m/{rest}acts/", f"/m/{rest}"]) == {}
    plain = without_scripts(browser, page.context)
    plain.goto(f"{at}{segment.pk}/edit/")
    plain.get_by_label("Сумма от", exact=True).fill("300")
    plain.get_by_role("button", name="Посчитать").click()
    expect(plain.get_by_role("status")).to_have_text("1 клиент")
    plain.context.close()
