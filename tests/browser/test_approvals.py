"""Points by hand above the limit, by two people in two browsers."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty import approvals
from loyalty.models import AdjustmentRequest, Entry
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around, look_at, without_scripts


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """The owner of «Зерно» is logged in. The merchant's address."""
    enter(page.context, live_server, stage.cast.zerno.owner)
    return f"{live_server.url}/m/{stage.cast.zerno.merchant.pk}/"


def test_above_the_limit_through_approval(
    page: Page, browser: Browser, live_server: LiveServer, at: str, stage: Stage
) -> None:
    shop = stage.cast.zerno
    page.goto(f"{at}settings/")
    page.get_by_role("link", name="Лимиты баллов вручную").click()
    operator = page.get_by_role("group", name="Сотрудник")
    operator.get_by_label("Начислить за одну операцию").fill("900")
    operator.get_by_label("Начислить за день").fill("100")
    page.get_by_role("button", name="Сохранить лимиты").click()
    expect(page.get_by_text("За одну операцию – не больше, чем за день.")).to_be_visible()
    assert look_around(page) == {}
    operator.get_by_label("Начислить за одну операцию").fill("100")
    operator.get_by_label("Начислить за день").fill("250")
    page.get_by_role("button", name="Сохранить лимиты").click()
    expect(page.get_by_role("status")).to_contain_text("Сохранено")

    # Vera at her own desk, without scripts.
    enter(page.context, live_server, shop.operator)
    vera = without_scripts(browser, page.context)
    vera.goto(f"{at}clients/{stage.account.public_id}/points/")
    vera.get_by_label("Сколько баллов").fill("500")
    vera.get_by_label("Причина").select_option("Подарок")
    vera.get_by_role("button", name="Дальше").click()
    expect(vera.get_by_text("За одну операцию вы можете начислить не больше чем 100 зёрен.")).to_be_visible()
    vera.get_by_role("button", name="Отправить на согласование").click()
    expect(vera.get_by_role("status")).to_contain_text("Отправлено на согласование")
    vera.goto(f"{at}approvals/")
    expect(vera.get_by_role("link", name="Отозвать")).to_be_visible()
    expect(vera.get_by_role("link", name="Согласовать")).to_have_count(0)
    vera.context.close()

    enter(page.context, live_server, shop.manager)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(at + "clients/")
    page.get_by_role("link", name="Согласования").click()
    assert look_around(page) == {}
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("row").filter(has_text="Vera").get_by_role("link", name="Согласовать").click()
    expect(page.get_by_text("+500 зёрен")).to_be_visible()
    page.get_by_label("Своими словами").fill("поздравляем")
    page.get_by_role("button", name="Согласовать и начислить 500 зёрен").dblclick()
    expect(page.get_by_role("row").filter(has_text="поздравляем")).to_contain_text("согласовано")
    with stage.zerno():
        entry = Entry.objects.latest("pk")
        assert (entry.points, entry.actor) == (Decimal(500), str(shop.manager))
        assert AdjustmentRequest.objects.get().decided_by == shop.manager


def test_they_are_for_everybody(page: Page, live_server: LiveServer, at: str, stage: Stage) -> None:
    shop, now = stage.cast.zerno, timezone.now()
    m = f"/m/{shop.merchant.pk}/"
    paths = [f"{m}approvals/", f"{m}settings/points/"]
    several = f"{m}clients/points/?client={stage.account.public_id}"
    assert look_at(page, live_server, [paths[0], several, f"{m}clients/similar/"]) == {}
    with stage.zerno():
        one, two = (
            approvals.ask(
                account=stage.account,
                merchant=shop.merchant,
                points=Decimal(points),
                reason="Подарок: за терпение и долгое ожидание",
                now=now,
                by=shop.operator,
                key=key,
            )
            for points, key in ((500, uuid.uuid4()), (70, uuid.uuid4()))
        )
        approvals.refuse(request=two, words="не по правилам", now=now, by=shop.manager)
    paths += [f"{m}approvals/{one.public_id}/{way}/" for way in ("approve", "refuse")]
    assert look_at(page, live_server, paths) == {}
    enter(page.context, live_server, shop.operator)
    assert look_at(page, live_server, [f"{m}approvals/{one.public_id}/withdraw/"]) == {}
