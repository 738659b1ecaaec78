"""The goods in a real browser: a file looked through and taken over, an article, goods of receipts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from loyalty.engine.cart import line
from loyalty.models import Category, Product
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around, look_at, without_scripts
from tests.loyalty.shop import TillStory

FILE = """\
Артикул;Название;Категория;Бренд;Цена;Начислять
00123;Чай чёрный;Напитки > Чай;Ahmad;199,50;
00124;Сигареты;Табак;;230;нет
1.00E+05;Кофе;;;;
"""


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """The owner of «Зерно» is logged in. The address of the goods."""
    enter(page.context, live_server, stage.cast.zerno.owner)
    return f"{live_server.url}/m/{stage.cast.zerno.merchant.pk}/goods/"


def test_from_a_file_to_an_edited_product(page: Page, at: str, stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "прайс.csv"
    file.write_text(FILE, encoding="cp1251")
    page.goto(at)
    expect(page.get_by_text("Товаров пока нет")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_role("main").get_by_role("link", name="Загрузить файл").click()
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Проверить файл").click()
    expect(page.get_by_role("heading", name="прайс.csv")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="1.00E+05")).to_contain_text("формат «текст»")
    assert look_around(page) == {}
    page.get_by_role("button", name="Записать в справочник").click()
    expect(page.get_by_role("status")).to_contain_text("Товары записаны в справочник.")
    page.get_by_role("link", name="К товарам").click()
    expect(page.get_by_role("row").filter(has_text="Сигареты")).to_contain_text("без начисления")
    page.get_by_label("Название или артикул").fill("чай")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Сигареты")).to_be_hidden()
    page.get_by_role("link", name="Чай чёрный").click()
    page.get_by_label("Мин. цена").fill("250")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("Минимальная цена выше цены.")).to_be_visible()
    page.get_by_label("Мин. цена").fill("150,00")
    page.get_by_label("Категория").press_sequentially("!")
    page.get_by_label("Категория").press("Backspace")
    expect(page.locator("#category-choices option[value='Чай']")).to_have_count(1)
    page.get_by_label("Принимать баллы в оплату").select_option("Нет")
    assert look_around(page) == {}
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("row").filter(has_text="Чай чёрный")).to_contain_text("не ниже 150,00")
    with stage.zerno():
        tea = Product.objects.get(sku="00123")
        category = Category.objects.get(name="Табак")
        assert (tea.min_price, tea.redeem, tea.earn) == (D(150), False, None)
    root, _, path = at.partition("/m/")
    pages = ["", "new/", "categories/", f"categories/{category.pk}/", "import/", "sold/", "?q=нет"]
    server = type("Server", (), {"url": root})()
    assert look_at(page, server, [f"/m/{path}{one}" for one in pages]) == {}


def test_goods_of_receipts(page: Page, browser: Browser, at: str, stage: Stage) -> None:
    with stage.zerno():
        story = TillStory(stage.cast.zerno, timezone.now() - dt.timedelta(hours=1))
        for n in range(3):
            story.sell(None, line(price=D(90), sku=f"T-{n}", name=f"Чай {n}", category="Чай"))
    page.goto(f"{at}sold/")
    page.get_by_role("button", name="Выбрать все").first.click()
    page.get_by_label("Чай 1").uncheck()
    page.get_by_role("button", name="Добавить в справочник").click()
    expect(page.get_by_label("Чай 1")).to_be_visible()
    expect(page.get_by_label("Чай 0")).to_be_hidden()
    plain = without_scripts(browser, page.context)
    plain.goto(f"{at}sold/")
    plain.get_by_label("Чай 1").check()
    plain.get_by_role("button", name="Добавить в справочник").click()
    expect(plain.get_by_label("Чай 1")).to_be_hidden()
    plain.goto(f"{at}?q=T-1")
    expect(plain.get_by_role("link", name="Чай 1")).to_be_visible()
    plain.context.close()
