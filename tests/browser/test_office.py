"""The office in a browser: registering, a second factor, inviting, cashiers, tills, settings, the log."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.core.cache import cache
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from merchants.access import every_tenant
from merchants.models import Cashier, Member, OutboxMessage, TillKey, User
from tests.browser.looking import enter, look_at, without_scripts
from tests.cast import Cast, make_cast

PASSWORD = "зёрна-и-молоко-1"


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    cache.clear()
    return make_cast()


@contextmanager
def a_code_begins() -> Iterator[None]:
    """The first second of a code's thirty: typed at their end, it would be refused, and rightly."""
    with time_machine.travel(time.time() // 30 * 30, tick=True):
        yield


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def test_from_the_registration_to_a_second_factor(page: Page, live_server: LiveServer, complaints: list[str]) -> None:
    cache.clear()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("link", name="Зарегистрироваться").click()
    page.get_by_label("Ваше имя").fill("Иван Петров")
    page.get_by_label("Почта").fill("ivan@example.org")
    page.get_by_label("Пароль").fill(PASSWORD)
    page.get_by_role("button", name="Зарегистрироваться").click()
    page.wait_for_url(re.compile(r"/(start/.*)?$"))
    page.goto(f"{live_server.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Выйти").click()

    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("link", name="Забыли пароль?").last.click()
    page.get_by_label("Почта").fill("ivan@example.org")
    page.get_by_role("button", name="Отправить письмо").click()
    expect(page.get_by_role("heading", name="Письмо отправлено")).to_be_visible()
    link = re.search(r"http\S+/accounts/password/reset/key/\S+", str(mail.outbox[-1].body))
    assert link
    page.goto(link[0])
    fields = page.locator("input[type=password]")
    for index in range(fields.count()):
        fields.nth(index).fill("другие-слова-2")
    page.get_by_role("button", name="Задать пароль").click()
    expect(page.get_by_role("heading", name="Пароль изменён")).to_be_visible()
    log_in(page, live_server, "ivan@example.org", "другие-слова-2")

    page.goto(f"{live_server.url}/accounts/2fa/")
    page.get_by_role("link", name="Включить").click()
    if "reauthenticate" in page.url:
        page.locator("input[type=password]").fill("другие-слова-2")
        page.get_by_role("main").get_by_role("button", name="Подтвердить").click()
    secret = page.locator("#authenticator_secret").input_value()
    with a_code_begins():
        page.locator("input[name=code]").fill(code_of(secret))
        page.get_by_role("main").get_by_role("button", name="Включить").click()
        expect(page.get_by_role("main")).to_contain_text("Коды восстановления")

    page.goto(f"{live_server.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Выйти").click()
    cache.clear()  # the code just used is remembered, and there is no other within these 30 seconds
    log_in(page, live_server, "ivan@example.org", "другие-слова-2")
    page.wait_for_url("**/2fa/authenticate/**")
    with a_code_begins():
        page.locator("input[name=code]").fill(code_of(secret))
        page.get_by_role("main").get_by_role("button").first.click()
        page.wait_for_url(re.compile(r"/(start/.*)?$"))


def log_in(page: Page, live_server: LiveServer, email: str, password: str) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_label("Почта").fill(email)
    page.get_by_label("Пароль").fill(password)
    page.get_by_role("button", name="Войти").click()
    page.wait_for_load_state()


def test_a_day_in_the_office(
    page: Page, browser: Browser, live_server: LiveServer, cast: Cast, complaints: list[str], tmp_path: Path
) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    base = f"{live_server.url}/m/{cast.zerno.merchant.pk}"
    # Somebody is invited, and joins.
    page.goto(f"{base}/team/")
    page.get_by_role("link", name="Пригласить").click()
    page.locator("input[name=email]").fill("nina@example.org")
    page.get_by_role("button", name="Отправить приглашение").click()
    expect(page.get_by_role("row", name="nina@example.org")).to_be_visible()
    with every_tenant():
        link = str(OutboxMessage.objects.get(topic="invitation.send").payload["link"])
    guest = browser.new_context(locale="ru-RU").new_page()
    guest.goto(link)
    guest.get_by_label("Ваше имя").fill("Нина")
    guest.get_by_label("Пароль").fill(PASSWORD)
    guest.get_by_role("button", name="Вступить").or_(guest.get_by_role("main").get_by_role("button")).first.click()
    guest.wait_for_url("**/m/**")
    guest.context.close()
    with every_tenant():
        assert Member.objects.filter(user__email="nina@example.org").exists()

    # A cashier gets a PIN.
    page.goto(f"{base}/team/cashiers/new/")
    page.get_by_label("Имя").fill("Пётр")
    pin = page.get_by_label("ПИН-код").input_value()
    page.get_by_role("button", name="Добавить кассира").click()
    expect(page.locator("#secret")).to_have_text(pin)
    with every_tenant():
        assert Cashier.objects.filter(name="Пётр").exists()

    # A phone is connected, a key issued.
    page.goto(f"{base}/tills/{cast.zerno.till.pk}/settings/")
    page.get_by_role("button", name="Подключить телефон").click()
    image = page.get_by_role("img", name="QR-код ссылки")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 100
    page.get_by_text("Выдать ключ").first.click()
    page.get_by_role("button", name="Выдать ключ").click()
    expect(page.locator("#secret")).to_have_text(re.compile("^kp_"))

    # The settings: a colour, a logo, the points' names as they are typed.
    page.goto(f"{base}/settings/")
    page.locator("input[name=point_many]").fill("зёрнышек")
    expect(page.locator("[data-points]")).to_have_text("1 зерно, 2 зерна, 5 зёрнышек")
    page.locator("[data-swatch='#b3261e']").click()
    page.get_by_role("button", name="Сохранить цвет").click()
    expect(page.locator("link[href*='v=b3261e']")).to_have_count(1)
    Image.new("RGB", (300, 200), "#b3261e").save(tmp_path / "logo.png")
    page.locator("input[name=file]").set_input_files(tmp_path / "logo.png")
    page.get_by_role("button", name="Загрузить логотип").click()
    logo = page.get_by_role("img", name="Логотип сейчас")
    expect(logo).to_be_visible()
    assert logo.evaluate("image => image.naturalWidth") == 300
    expect(page.locator(".side .brand img")).to_be_visible()

    # And all of it stands in the log.
    page.goto(f"{base}/log/")
    for act in ("Логотип изменён", "Кассир добавлен", "Приглашение отправлено", "Ключ выдан"):
        expect(page.get_by_role("rowheader", name=act)).to_be_visible()
    page.get_by_label("Что").select_option("settings")
    page.wait_for_url("**what=settings**")
    expect(page.get_by_role("rowheader", name="Кассир добавлен")).to_have_count(0)


def test_the_office_is_for_everybody(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    base = f"/m/{cast.zerno.merchant.pk}"
    with every_tenant():
        member = Member.objects.get(user=cast.zerno.operator)
        cashier = Cashier.objects.create(
            program=cast.zerno.program, merchant=cast.zerno.merchant, name="Анна", pin="!", is_active=False
        )
        key = TillKey.objects.filter(till=cast.zerno.till).latest("pk")
    paths = [
        f"{base}/outlets/",
        f"{base}/outlets/{cast.zerno.outlet.pk}/",
        f"{base}/outlets/{cast.zerno.outlet.pk}/close/",
        f"{base}/tills/{cast.zerno.till.pk}/settings/",
        f"{base}/tills/{cast.zerno.till.pk}/keys/{key.pk}/revoke/",
        f"{base}/team/",
        f"{base}/team/invite/",
        f"{base}/team/{member.pk}/",
        f"{base}/team/cashiers/{cashier.pk}/",
        f"{base}/settings/",
        f"{base}/log/",
        "/?choose",
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
    ]
    assert look_at(page, live_server, paths) == {}


def test_coming_in_is_for_everybody(page: Page, live_server: LiveServer, cast: Cast, complaints: list[str]) -> None:
    paths = ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/accounts/password/reset/done/"]
    assert look_at(page, live_server, paths) == {}


def test_the_office_without_scripts(page: Page, browser: Browser, live_server: LiveServer, cast: Cast) -> None:
    enter(page.context, live_server, cast.zerno.owner)
    plain = without_scripts(browser, page.context)
    plain.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/settings/")
    plain.get_by_label("Название магазина").fill("Зерно и хлеб")
    plain.get_by_role("button", name="Сохранить магазин").click()
    expect(plain.locator(".top-name")).to_have_text("Зерно и хлеб")
    plain.goto(f"{live_server.url}/m/{cast.zerno.merchant.pk}/log/?what=settings")
    expect(plain.get_by_role("rowheader", name="Настройки магазина изменены")).to_be_visible()
    plain.context.close()
    assert User.objects.count() > 1
