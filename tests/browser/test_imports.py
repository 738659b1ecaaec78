"""A client base in a real browser: ten thousand from Windows-1251 with odd names of columns, looked through, loaded."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.imports import working
from clients.models import Client, ClientImport
from tests.admin.stage import Stage
from tests.browser.looking import enter, look_around, look_at, without_scripts

COUNT = 10_000


@pytest.fixture
def at(page: Page, live_server: LiveServer, stage: Stage, complaints: list[str]) -> str:
    """The owner of «Зерно» is logged in. The address of the clients."""
    enter(page.context, live_server, stage.cast.zerno.owner)
    return f"{live_server.url}/m/{stage.cast.zerno.merchant.pk}/clients/"


def base(file: Path) -> None:
    chosen = random.Random(2)
    lines = ["Отчёт из старой программы;;;;", ";;;;", "Как зовут;Куда звонить;Накопил;Родился;Заметка кассиру"]
    for n in range(COUNT):
        phone = f"8 (916) {n // 100:03}-{n % 100:02}-{n % 97:02}"
        day = f"{chosen.randrange(1, 29):02}.{chosen.randrange(1, 13):02}.{chosen.randrange(1950, 2007)}"
        lines.append(f"Клиентова Ёлка {n};{phone};{chosen.randrange(3000)},00;{day};")
    lines[103] = "Сломанный;8.91612E+10;10;;"
    lines[2003] = "Безтелефонный;;10;;"
    file.write_text("\r\n".join(lines), encoding="cp1251")


def test_ten_thousand_clients(page: Page, at: str, stage: Stage, tmp_path: Path) -> None:
    file = tmp_path / "выгрузка.csv"
    base(file)
    page.goto(at)
    page.get_by_role("link", name="Загрузить базу").click()
    assert look_around(page) == {}
    page.locator("#id_file").set_input_files(file)
    page.get_by_role("button", name="Загрузить базу").click()
    expect(page.get_by_role("heading", name="Что стоит в столбцах")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Накопил")).to_be_visible()
    page.get_by_label("Как зовут").select_option(label="Имя")
    page.get_by_role("button", name="Проверить файл").click()
    expect(page.get_by_text("Укажите, где телефон или номер карты")).to_be_visible()
    assert look_around(page) == {}
    page.get_by_label("Куда звонить").select_option(label="Телефон")
    page.get_by_label("Накопил").select_option(label="Баллы (остаток)")
    page.get_by_label("Родился").select_option(label="День рождения")
    page.get_by_label("через столько дней").check()
    page.get_by_label("Дни", exact=True).fill("90")
    page.get_by_role("button", name="Проверить файл").click()
    expect(page.get_by_role("status")).to_contain_text("Ждёт своей очереди")
    assert look_around(page) == {}
    working.run_due(clock=timezone.now)
    # The page notices by itself.
    expect(page.get_by_role("heading", name="Что сделает файл")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="превратила таблица")).to_contain_text("104")
    assert look_around(page) == {}
    with page.expect_download() as download:
        page.get_by_role("link", name="Отклонённые строки, XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("link", name="Загрузить…").click()
    expect(page.get_by_text("9 998")).to_be_visible()
    page.get_by_role("button", name="Загрузить").click()
    expect(page.get_by_role("status")).to_contain_text("Ждёт своей очереди")
    working.run_due(clock=timezone.now)
    expect(page.get_by_role("heading", name="Что сделал файл")).to_be_visible()
    with stage.zerno():
        one = ClientImport.objects.get()
        assert (one.state, Client.objects.filter(name__startswith="Клиентова").count()) == ("done", 9_998)
    page.goto(f"{at}?q=Ёлка 9999")
    expect(page.get_by_role("link", name="Клиентова Ёлка 9999")).to_be_visible()
    root, _, path = at.partition("/m/")
    server = type("Server", (), {"url": root})()
    pages = [f"/m/{path}imports/", f"/m/{path}imports/{one.pk}/?show=fresh", f"/m/{path}imports/{one.pk}/undo/"]
    assert look_at(page, server, pages) == {}


def test_without_scripts_an_import_goes_and_is_taken_back(
    page: Page, browser: Browser, at: str, stage: Stage, tmp_path: Path
) -> None:
    file = tmp_path / "клиенты.csv"
    file.write_text("Имя;Телефон;Баллы\nАнна;89167654321;100\n", encoding="utf-8")
    plain = without_scripts(browser, page.context)
    plain.goto(f"{at}imports/")
    plain.locator("#id_file").set_input_files(file)
    plain.get_by_role("button", name="Загрузить базу").click()
    plain.get_by_role("button", name="Проверить файл").click()
    working.run_due(clock=timezone.now)
    plain.reload()
    plain.get_by_role("link", name="Загрузить…").click()
    plain.get_by_role("button", name="Загрузить").click()
    working.run_due(clock=timezone.now)
    plain.reload()
    with stage.zerno():
        assert Client.objects.filter(phone="+79167654321").exists()
    plain.get_by_role("link", name="Отменить загрузку…").click()
    plain.get_by_role("button", name="Отменить загрузку").click()
    working.run_due(clock=timezone.now)
    plain.reload()
    expect(plain.get_by_role("heading", name="Что отменено")).to_be_visible()
    with stage.zerno():
        assert not Client.objects.filter(phone="+79167654321").exists()
    plain.context.close()
