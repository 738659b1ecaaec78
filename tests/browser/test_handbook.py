"""The pictures of the owner's handbook (docs/ru) and of the README, taken from the product itself.

`make pictures` writes them into docs/images; every other run only walks the same pages, so that none of them can break
unseen, in a shop that is smaller still. The shop is the demo's, small and always the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from cashier.demo.shop import PINS
from clients.card_links import token_of
from clients.models import Client
from insights.rollups import roll_up
from loyalty.cards import issue_code
from loyalty.models import Sale
from merchants import devices
from merchants.access import every_tenant, tenant
from merchants.models import Cashier, Member, Merchant, Role, Till, User
from tests.browser.looking import PHONE, WIDE, enter

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "images"
WRITES = os.environ.get("PICTURES") == "1"


@pytest.fixture
def owner(transactional_db: None) -> User:
    """The owner of the demo's coffee shops, with what beat would have counted by now."""
    clients, receipts = (120, 3000) if WRITES else (20, 300)
    call_command("demo", clients=clients, receipts=receipts, verbosity=0, stdout=StringIO(), stderr=StringIO())
    roll_up(now=timezone.now())
    with every_tenant():
        return Member.objects.filter(role=Role.OWNER).select_related("user").earliest("pk").user


@pytest.fixture
def merchant(owner: User) -> Iterator[Merchant]:
    with every_tenant():
        found = Merchant.objects.get(members__user=owner)
    with tenant(found.program_id):
        yield found


def take(page: Page, name: str, *, whole: bool = False) -> None:
    if WRITES:
        PICTURES.mkdir(exist_ok=True)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=PICTURES / f"{name}.png", full_page=whole)


def test_the_pages_of_the_handbook(page: Page, live_server: LiveServer, merchant: Merchant, owner: User) -> None:
    """In one go: the demo takes longer to fill than its pages to open."""
    dashboard(page, live_server, merchant, owner)
    wizard(page, live_server, owner)
    page.context.clear_cookies()
    clients_side(page, live_server, merchant)
    at_the_till(page, live_server, merchant, owner)


def dashboard(page: Page, live_server: LiveServer, merchant: Merchant, owner: User) -> None:
    enter(page.context, live_server, owner)
    client = Client.objects.filter(account__purchases__gt=5).earliest("pk")
    sale = Sale.objects.filter(account=client.account, points_redeemed__gt=0).last() or Sale.objects.latest("pk")
    on = merchant.pk
    pictures = {
        "overview": reverse("dashboard", args=[on]),
        "clients": reverse("clients", args=[on]),
        "client": reverse("client", args=[on, client.account.public_id]),
        "points-by-hand": reverse("adjust", args=[on, client.account.public_id]),
        "receipts": reverse("sales", args=[on]),
        "receipt": reverse("sale", args=[on, sale.public_id]),
        "rules": reverse("programme", args=[on]),
        "rules-editor": reverse("programme_edit", args=[on]),
        "outlets": reverse("outlets", args=[on]),
        "team": reverse("team", args=[on]),
        "settings": reverse("settings", args=[on]),
        "audit-log": reverse("audit_log", args=[on]),
        "poster": reverse("poster", args=[on]),
        "z-report": reverse("z_report", args=[on]),
    }
    # A font that comes late is left out of its first page (font-display: optional).
    page.goto(live_server.url + pictures["overview"])
    for name, path in pictures.items():
        page.set_viewport_size(WIDE)
        answer = page.goto(live_server.url + path)
        assert answer
        assert answer.ok, path
        take(page, name)
        if WRITES:
            page.set_viewport_size(PHONE)
            page.reload()
            take(page, f"{name}-phone")


def wizard(page: Page, live_server: LiveServer, owner: User) -> None:
    enter(page.context, live_server, owner)
    page.set_viewport_size(WIDE)
    answer = page.goto(live_server.url + reverse("start"))
    assert answer
    assert answer.ok
    take(page, "start", whole=True)


def clients_side(page: Page, live_server: LiveServer, merchant: Merchant) -> None:
    page.set_viewport_size(PHONE)
    answer = page.goto(live_server.url + reverse("join", args=[merchant.pk]))
    assert answer
    assert answer.ok
    take(page, "join-phone")
    client = Client.objects.filter(account__purchases__gt=5).select_related("account").earliest("pk")
    answer = page.goto(live_server.url + reverse("card", args=[token_of(client)]))
    assert answer
    assert answer.ok
    take(page, "card-phone")


def at_the_till(page: Page, live_server: LiveServer, merchant: Merchant, owner: User) -> None:
    page.set_viewport_size(PHONE)
    client = Client.objects.order_by("-account__points").select_related("account")[0]
    till = Till.objects.earliest("pk")
    token = devices.invite(till=till, by=owner, now=timezone.now())
    page.goto(live_server.url + reverse("till_connect", args=[token]))
    take(page, "till-connect-phone")
    page.get_by_role("button", name="Подключить этот телефон").click()
    take(page, "till-who-phone")
    cashier = Cashier.objects.earliest("pk")
    page.get_by_text(cashier.name).click()
    page.locator("input[name=pin]").fill(dict(PINS)[cashier.name])
    page.keyboard.press("Enter")
    take(page, "till-phone")
    page.get_by_label("Телефон, карта или код").fill(issue_code(account=client.account, now=timezone.now()).code)
    page.keyboard.press("Enter")
    page.get_by_label("Сумма чека").fill("640")
    page.get_by_role("button", name="Всё", exact=True).click()
    expect(page.get_by_text("Пробить на кассе")).to_be_visible()
    take(page, "till-sale-phone")
    page.get_by_role("button", name="Провести").click()
    expect(page.get_by_text("Проведён")).to_be_visible()
    take(page, "till-receipt-phone")
    page.get_by_role("link", name="Смена").click()
    take(page, "till-shift-phone")
