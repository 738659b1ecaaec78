"""A receipt without a client is given to one in the office, and the operation is found on the list."""

from __future__ import annotations

from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from clients.models import Client
from merchants.access import tenant
from tests.browser.looking import enter, look_at
from tests.cast import make_cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory, id_of


def test_a_forgotten_client(page: Page, live_server: LiveServer, transactional_db: None, complaints: list[str]) -> None:
    shop = make_cast().zerno
    with tenant(shop.program.pk):
        story = TillStory(shop, timezone.now())
        story.publish(ONE_PER_ONE)
        account = story.join()
        Client.objects.create(program=shop.program, account=account, name="Вера Орлова", phone="+79161234567")
        story.later(minutes=1)
        sale = story.sell(None, "300.00", receipt="17")
    enter(page.context, live_server, shop.owner)
    at = f"/m/{shop.merchant.pk}/receipts/"
    page.goto(f"{live_server.url}{at}{id_of(sale)}/")
    page.get_by_role("link", name="Записать на клиента").click()
    page.get_by_label("Имя, телефон или карта клиента").fill("орл")
    page.get_by_role("button", name="Найти").click()
    whose, to = f"{at}{id_of(sale)}/client/?q=орл", f"{at}{id_of(sale)}/client/{account.public_id}/"
    page.get_by_role("link", name="Вера Орлова").click()
    assert look_at(page, live_server, [whose, to]) == {}
    page.goto(live_server.url + to)
    expect(page.get_by_role("main")).to_contain_text("+300 зёрен")
    page.get_by_label("Почему").fill("Показала чек")
    page.get_by_role("button", name="Записать чек").click()
    expect(page.get_by_role("main")).to_contain_text("Готово, чек записан на клиента: Вера Орлова.")
    points, log = f"{at}points/", f"/m/{shop.merchant.pk}/log/"
    assert look_at(page, live_server, [points, log]) == {}
    page.goto(live_server.url + points)
    expect(page.get_by_role("row").filter(has_text="Вера Орлова")).to_contain_text("17/2")
    page.goto(f"{live_server.url}{log}?q=показала")
    expect(page.get_by_role("main")).to_contain_text("Чек записан на забытого клиента")
