"""The card behind its secret link: the link itself, the code, the balance, and what the team does with links."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from decimal import Decimal

import pytest
import segno
import time_machine
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from clients import card_codes, card_links, limits
from clients.models import Client
from loyalty.accounts import block
from loyalty.models import OneTimeCode
from merchants import outbox
from merchants.access import every_tenant, tenant
from merchants.models import AuditRecord, OutboxMessage, Role
from tests.cast import Cast, Shop
from tests.clients.newcomers import join
from tests.loyalty.shop import ONE_PER_ONE, TillStory

CODE = re.compile(r"data-code>(\d{6})<")


@pytest.fixture
def anna(cast: Cast) -> Client:
    return join(cast.zerno)


def card(client: Client, step: str = "") -> str:
    return reverse("card", args=[card_links.token_of(client)]) + step


def shown_code(browser: Browser, client: Client) -> str:
    found = CODE.search(browser.get(card(client)).content.decode().replace("\xa0", " "))
    assert found
    return found[1]


def story(cast: Cast) -> TillStory:
    return TillStory(cast.zerno, timezone.now())


# ---------------------------------------------------------------- the link


def test_a_link_is_short_and_opens_the_card_for_nobody_else(cast: Cast, anna: Client, client: Browser) -> None:
    token = card_links.token_of(anna)
    assert re.fullmatch(r"[\w.-]{40,60}", token)
    answer = client.get(card(anna))
    assert answer.status_code == 200
    assert "Анна" in answer.content.decode().replace("\xa0", " ")
    assert "no-store" in answer["Cache-Control"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "noindex" in answer["X-Robots-Tag"]


def test_a_changed_link_is_dead(anna: Client, client: Browser) -> None:
    token = card_links.token_of(anna)
    for n in (0, 5, 20, len(token) - 1):
        other = "A" if token[n] != "A" else "B"
        assert client.get(f"/card/{token[:n]}{other}{token[n + 1 :]}/").status_code == 404, n
    for made_up in ("x", "." * 50, "ф" * 10, token + "A", token.partition(".")[0], "a" * 5000):
        answer = client.get(f"/card/{made_up}/")
        assert answer.status_code == 404
        assert "Ссылка не работает" in answer.content.decode().replace("\xa0", " ")


def test_a_notices_link_opens_no_card(anna: Client, client: Browser) -> None:
    assert client.get(f"/card/{card_links.unsubscribe_token_of(anna)}/").status_code == 404
    assert client.get(f"/notices/{card_links.token_of(anna)}/").status_code == 404


def test_older_links_are_dead_after_card_version(cast: Cast, anna: Client, client: Browser) -> None:
    old = card(anna)
    with tenant(cast.zerno.program.pk):
        card_links.kill_older(client=anna, by=cast.zerno.owner, now=timezone.now())
    for step in ("", "code/", "history/", "consents/", "manifest.webmanifest"):
        assert client.get(old + step).status_code == 404
    assert client.get(card(anna)).status_code == 200


def test_links_outlive_the_secret_that_they_were_signed_with(anna: Client, client: Browser, settings: Settings) -> None:
    old, before = card(anna), settings.SECRET_KEY
    settings.SECRET_KEY = "another"
    assert client.get(old).status_code == 404
    settings.SECRET_KEY_FALLBACKS = [before]
    assert client.get(old).status_code == 200


# ---------------------------------------------------------------- the code


def test_the_code_is_the_same_until_it_is_about_to_die(cast: Cast, anna: Client, client: Browser) -> None:
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        first = shown_code(client, anna)
    with time_machine.travel(start + dt.timedelta(minutes=8), tick=False):
        assert shown_code(client, anna) == first
    with time_machine.travel(start + dt.timedelta(minutes=9), tick=False):
        assert shown_code(client, anna) != first
        with tenant(cast.zerno.program.pk):
            assert OneTimeCode.objects.living(timezone.now()).filter(code=first).exists(), "the till may be typing it"


def test_the_qr_code_holds_the_code(anna: Client, client: Browser) -> None:
    page = client.get(card(anna)).content.decode().replace("\xa0", " ")
    found = CODE.search(page)
    assert found
    expected = segno.make_qr(found[1], error="m").svg_inline(border=4, svgclass="qr", lineclass=None, omitsize=True)
    assert expected in page


def test_a_code_that_a_sale_has_used_is_followed_by_a_new_one(cast: Cast, anna: Client, client: Browser) -> None:
    with tenant(cast.zerno.program.pk):
        till = story(cast)
        till.publish(ONE_PER_ONE)
    used = shown_code(client, anna)
    sold = client.post(
        "/api/v1/sales",
        json.dumps({"client": {"code": used}, "lines": [{"sku": "a", "quantity": "1", "price": "100.00"}]}),
        content_type="application/json",
        headers={**cast.zerno.auth, "Idempotency-Key": uuid.uuid4().hex},
    )
    assert sold.status_code == 201, sold.content
    live = client.get(card(anna, "code/")).content.decode().replace("\xa0", " ")
    fresh = CODE.search(live)
    assert fresh
    assert fresh[1] != used
    assert "100 зёрен" in live


def test_a_new_code_on_demand_kills_the_one_that_was_seen(cast: Cast, anna: Client) -> None:
    browser = Browser(enforce_csrf_checks=True)
    seen = shown_code(browser, anna)
    assert browser.post(card(anna, "code/"))["Location"] == card(anna)
    assert shown_code(browser, anna) != seen
    with tenant(cast.zerno.program.pk):
        living = OneTimeCode.objects.living(timezone.now()).filter(account=anna.account)
        assert [code.code for code in living] == [shown_code(browser, anna)]


def test_new_codes_have_a_limit_and_the_card_stays(
    anna: Client, client: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "NEW_CODES_BY_CARD", limits.Limit("codes", 1, 3600))
    client.post(card(anna, "code/"))
    code = shown_code(client, anna)
    client.post(card(anna, "code/"))
    assert "Слишком много новых кодов" in client.get(card(anna)).content.decode().replace("\xa0", " ")
    assert shown_code(client, anna) == code


def test_a_blocked_card_has_no_code(cast: Cast, anna: Client, client: Browser) -> None:
    with tenant(cast.zerno.program.pk):
        block(account=anna.account, reason="спор", now=timezone.now(), by="test")
    page = client.get(card(anna)).content.decode().replace("\xa0", " ")
    assert "Карта заблокирована" in page
    assert "спор" not in page
    assert not CODE.search(page)
    client.post(card(anna, "code/"))
    with tenant(cast.zerno.program.pk):
        assert not OneTimeCode.objects.filter(account=anna.account).exists()


# ---------------------------------------------------------------- the balance, and why


def test_debt_pending_and_expiry_are_told_kindly(cast: Cast, anna: Client, client: Browser) -> None:
    with tenant(cast.zerno.program.pk):
        till = story(cast)
        till.publish({"points": {"pending_days": 3, "expiry": {"kind": "days", "days": 10}}, **ONE_PER_ONE})
        till.give(anna.account, "30", until=till.now + dt.timedelta(days=5))
        till.sell(anna.account, "70.00")
    page = client.get(card(anna)).content.decode().replace("\xa0", " ")
    assert "30 зёрен" in page
    assert "Ожидают активации: 70 зёрен, можно тратить с" in page
    assert "Ближайшее сгорание: 30 зёрен" in page


def test_debt(cast: Cast, anna: Client, client: Browser) -> None:
    with tenant(cast.zerno.program.pk):
        till = story(cast)
        till.publish(ONE_PER_ONE | {"spending": {"confirm": []}})
        sold = till.sell(anna.account, "100.00")
        till.sell(anna.account, "100.00", points="100")
        till.void(sold)
    page = client.get(card(anna)).content.decode().replace("\xa0", " ")
    assert "0 зёрен" in page
    assert "Следующие 100 зёрен зачтутся за возврат" in page


def test_the_history_goes_on_by_key_and_costs_the_same(
    cast: Cast, anna: Client, client: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with tenant(cast.zerno.program.pk):
        till = story(cast)
        till.publish(ONE_PER_ONE)
        for n in range(1, 36):
            till.give(anna.account, str(n))
    with django_assert_max_num_queries(12):
        first = client.get(card(anna, "history/")).content.decode().replace("\xa0", " ")
    assert "+35 зёрен" in first
    assert "+5 зёрен" not in first
    older = re.search(r"\?before=(\d+)", first)
    assert older
    rest = client.get(card(anna, f"history/?before={older[1]}")).content.decode().replace("\xa0", " ")
    assert "+5 зёрен" in rest
    assert "+6 зёрен" not in rest
    assert "Вся история" in client.get(card(anna)).content.decode().replace("\xa0", " ")
    for strange in ("x", "9" * 40, "-1", "%00"):
        assert client.get(card(anna, f"history/?before={strange}")).status_code == 200


def test_the_card_asks_little(
    cast: Cast, anna: Client, client: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.get(card(anna))
    with django_assert_max_num_queries(16):
        client.get(card(anna))
    with django_assert_max_num_queries(12):
        client.get(card(anna, "code/"))


def test_the_manifest_puts_the_card_on_the_first_screen(anna: Client, client: Browser) -> None:
    answer = client.get(card(anna, "manifest.webmanifest"))
    assert answer["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == card(anna)


# ---------------------------------------------------------------- the team


def test_a_look_at_a_link_is_in_the_log(cast: Cast, anna: Client, client: Browser) -> None:
    client.force_login(cast.zerno.operator)
    page = reverse("card_link", args=[cast.zerno.merchant.pk, anna.account.public_id])
    assert "/card/" not in client.get(page).content.decode().replace("\xa0", " ").partition("card-address")[2]
    shown = client.post(page, {"do": "show"}).content.decode().replace("\xa0", " ")
    assert "http://testserver" + card(anna) in shown
    assert logged(cast.zerno) == ["client.card_link_shown"]


def test_links_are_sent_by_mail_and_sms(
    cast: Cast, anna: Client, client: Browser, capfd: pytest.CaptureFixture[str]
) -> None:
    with tenant(cast.zerno.program.pk):
        Client.objects.filter(pk=anna.pk).update(email="anna@example.org")
    client.force_login(cast.zerno.operator)
    page = reverse("card_link", args=[cast.zerno.merchant.pk, anna.account.public_id])
    assert "Ссылка отправлена" in client.post(page, {"do": "sms"}, follow=True).content.decode().replace("\xa0", " ")
    client.post(page, {"do": "mail"})
    with every_tenant():
        assert card(anna) not in str(list(OutboxMessage.objects.values_list("payload", flat=True)))
    deliver()
    said = capfd.readouterr()
    assert f"Ваша карта «Зерно»: http://testserver{card(anna)}" in said.out + said.err
    [letter] = mail.outbox
    assert letter.to == ["anna@example.org"]
    assert f"http://testserver{card(anna)}" in letter.body
    assert logged(cast.zerno) == ["client.card_link_sent"] * 2


def test_older_links_are_killed_after_a_question(cast: Cast, anna: Client, client: Browser) -> None:
    client.force_login(cast.zerno.owner)
    page = reverse("card_link", args=[cast.zerno.merchant.pk, anna.account.public_id])
    old = card(anna)
    assert "Отключить прежние ссылки?" in client.post(page, {"do": "renew"}).content.decode().replace("\xa0", " ")
    assert client.get(old).status_code == 200
    client.post(page, {"do": "renew-yes"})
    assert client.get(old).status_code == 404
    assert logged(cast.zerno) == ["client.card_link_renewed"]


def test_another_programmes_client_is_not_there(cast: Cast, anna: Client, client: Browser) -> None:
    client.force_login(cast.pryanik.owner)
    page = reverse("card_link", args=[cast.pryanik.merchant.pk, anna.account.public_id])
    assert client.post(page, {"do": "show"}).status_code == 404


def test_the_poster_leads_to_the_outlets_join_page(cast: Cast, client: Browser) -> None:
    zerno = cast.zerno
    client.force_login(zerno.people[Role.OPERATOR])
    page = reverse("poster", args=[zerno.merchant.pk])
    link = f"http://testserver/join/{zerno.merchant.pk}/?at={zerno.outlet.code}"
    shown = client.get(page, {"outlet": zerno.outlet.code}).content.decode().replace("\xa0", " ")
    assert link in shown
    assert segno.make_qr(link, error="m").svg_inline(border=4, svgclass="qr", lineclass=None, omitsize=True) in shown
    assert client.get(page + "qr.png", {"outlet": zerno.outlet.code}).content.startswith(b"\x89PNG")
    svg = client.get(page + "qr.svg")
    assert svg["Content-Disposition"] == f'attachment; filename="qr-{zerno.merchant.pk}.svg"'
    assert client.get(page, {"outlet": "nowhere"}).status_code == 200


def logged(shop: Shop) -> list[str]:
    with tenant(shop.program.pk):
        rows = AuditRecord.objects.filter(action__startswith="client.card").order_by("pk")
        assert all("example.org" not in str(row.details) for row in rows)
        return [row.action for row in rows]


def deliver() -> None:
    from merchants.access import every_tenant
    from merchants.models import OutboxMessage

    with every_tenant():
        for message in OutboxMessage.objects.filter(topic="card_link.send"):
            with tenant(message.program_id):
                outbox.HANDLERS[message.topic](message, timezone.now())


def test_codes_do_not_pile_up(cast: Cast, anna: Client) -> None:
    with tenant(cast.zerno.program.pk):
        now = timezone.now()
        codes = {card_codes.current(account=anna.account, now=now).code for _ in range(5)}
        assert len(codes) == 1
        assert anna.account.points == Decimal(0)
