"""Back tests in a browser: nothing yet, asked for, running, ready; the calculator. For everybody's eyes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from insights import back_tests
from insights.models import BackTest
from loyalty.models import ProgramDraft
from merchants.access import tenant
from tests.browser.looking import enter, look_at, without_scripts
from tests.cast import Cast, make_cast
from tests.loyalty.shop import TillStory

RULES = {
    "tiers": [
        {"id": "base", "title": "Базовый", "earn_percent": "5"},
        {"id": "gold", "title": "Золотой", "spent": "3000", "earn_percent": "8"},
    ],
    "spending": {"confirm": []},
}
BETTER = RULES | {"tiers": [{"id": "base", "title": "Базовый", "earn_percent": "10"}]}
FILE = "Номер чека;Дата и время;Клиент;Сумма\n" + "".join(
    f"{n};{1 + n % 28:02}.0{1 + n % 6}.2026 1{n % 9}:00;клиент {n % 5};{900 + n * 37},50\n" for n in range(60)
)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cast = make_cast()
    story = TillStory(cast.zerno, timezone.now() - dt.timedelta(days=70))
    with tenant(story.program_id):
        story.publish(RULES)
        story.later(hours=1)
        clients = [story.join("+79161234567"), story.join("+79161234568")]
        for n in range(20):
            story.later(days=3)
            story.sell(clients[n % 2], str(300 + n * 90), points="max" if n % 7 == 6 else None)
        ProgramDraft.objects.create(program=cast.zerno.program, document=BETTER, revision=1)
    return cast


def test_from_nothing_to_a_report(
    page: Page, live_server: LiveServer, cast: Cast, complaints: list[str], tmp_path: Path
) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    rules = f"/m/{cast.zerno.merchant.pk}/rules"
    assert look_at(page, live_server, [f"{rules}/backtests/", f"{rules}/calculator/"]) == {}
    page.goto(f"{live_server.url}{rules}/backtests/")
    page.get_by_role("link", name="Проверить черновик").first.click()
    assert look_at(page, live_server, [f"{rules}/backtests/new/"]) == {}
    page.get_by_role("button", name="Запустить проверку").click()
    waiting = page.url.removeprefix(live_server.url)
    assert look_at(page, live_server, [waiting]) == {}
    with tenant(cast.zerno.program.pk):
        BackTest.objects.update(state="running", receipts=1000, done=430, seen_at=timezone.now())
    assert look_at(page, live_server, [waiting]) == {}
    with tenant(cast.zerno.program.pk):
        BackTest.objects.update(state="waiting")
    back_tests.run_due(clock=timezone.now)
    # The page notices by itself.
    expect(page.get_by_role("heading", name="Кто выиграет больше всех")).to_be_visible()
    assert look_at(page, live_server, [waiting, f"{rules}/backtests/"]) == {}

    receipts = tmp_path / "receipts.csv"
    receipts.write_text(FILE + "61;никогда;;5\n", encoding="cp1251")
    page.goto(f"{live_server.url}{rules}/backtests/new/")
    page.get_by_label("Файл чеков").set_input_files(receipts)
    page.get_by_role("button", name="Отправить файл и начать").click()
    back_tests.run_due(clock=timezone.now)
    expect(page.get_by_role("heading", name="Что нашлось в файле")).to_be_visible()
    assert look_at(page, live_server, [page.url.removeprefix(live_server.url)]) == {}
    assert complaints == []


def test_without_scripts(page: Page, browser: Browser, live_server: LiveServer, cast: Cast) -> None:
    """The tables say what the charts would."""
    enter(page.context, live_server, cast.zerno.owner)
    plain = without_scripts(browser, page.context)
    try:
        plain.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/rules/backtests/new/")
        plain.get_by_role("button", name="Запустить проверку").click()
        back_tests.run_due(clock=timezone.now)
        plain.reload()
        expect(plain.get_by_role("heading", name="Кто выиграет больше всех")).to_be_visible()
        assert plain.get_by_role("table").count() >= 5
        assert plain.evaluate("document.documentElement.scrollWidth <= innerWidth")
    finally:
        plain.context.close()
