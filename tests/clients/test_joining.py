"""Joining from the poster: the form, the code, and what a stranger can't find out."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
import time_machine
from django.test import Client as Browser
from django.utils import timezone
from pytest_django.fixtures import Settings

from clients import joining, limits
from clients.enrolment import Consented
from clients.joining import Applicant, WrongCode
from clients.models import Client, Consent, PhoneCheck
from loyalty.models import Card
from merchants.access import tenant
from merchants.counters import Counters
from merchants.models import Program
from tests.cast import Cast, Shop
from tests.clients.newcomers import PHONE, clients, code_sent, form, join, texts_sent
from tests.loyalty.shop import TillStory

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
RULES = {
    "spending": {"max_percent": "50"},
    "rules": [
        {"id": "base", "title": "5 %", "effect": {"kind": "percent", "percent": "5"}},
        {"id": "welcome", "title": "Подарок", "effect": {"kind": "welcome", "points": "100"}},
    ],
}
APPLICANT = Applicant(PHONE, (Consented(Consent.Kind.PROCESSING, text_version="default-1"),), "poster")


@pytest.fixture
def zerno(cast: Cast) -> Shop:
    with tenant(cast.zerno.program.pk):
        TillStory(cast.zerno, timezone.now() - dt.timedelta(days=1)).publish(RULES)
    return cast.zerno


def path(shop: Shop, step: str = "") -> str:
    return f"/join/{shop.merchant.pk}/{step}"


def consents_of(client: Client) -> list[tuple[str, bool, str, str]]:
    with tenant(client.program_id):
        rows = Consent.objects.filter(client=client).order_by("pk")
        return [(row.kind, row.given, row.source, row.text_version) for row in rows]


# ---------------------------------------------------------------- the way in


def test_from_the_poster_to_the_card(zerno: Shop, client: Browser) -> None:
    page = client.get(path(zerno) + f"?at={zerno.outlet.code}").content.decode().replace("\xa0", " ")
    assert "5 % с каждой покупки" in page
    assert "100 зёрен за вступление" in page
    assert "Можно оплатить до 50 % чека" in page
    assert zerno.outlet.name in page
    assert "checked" not in page
    sent = client.post(
        path(zerno) + f"?at={zerno.outlet.code}",
        form(email="anna@example.org", birthday="1990-03-05", notices="on"),
    )
    assert sent["Location"] == path(zerno, "code/")
    assert clients(zerno) == []
    [(phone, text)] = texts_sent(zerno)
    assert phone == PHONE
    assert re.fullmatch(r"\d{6} — код для вашей карты. Зерно. Никому не говорите этот код.", text)
    shown = client.get(path(zerno, "code/")).content.decode().replace("\xa0", " ")
    assert "+7 916 123-45-67" in shown
    answer = client.post(path(zerno, "code/"), {"code": f" {text[:3]} {text[3:6]} "})
    [anna] = clients(zerno)
    assert (anna.name, str(anna.phone), anna.email, anna.account.points) == ("Анна", PHONE, "anna@example.org", 100)
    assert anna.birthday == dt.date(1990, 3, 5)
    source = f"poster:{zerno.outlet.code}"
    assert consents_of(anna) == [
        ("processing", True, source, "default-1"),
        ("advertising", False, source, "default-1"),
        ("partners", False, source, "default-1"),
        ("notices", True, source, "default-1"),
    ]
    assert "100 зёрен" in client.get(answer["Location"]).content.decode().replace("\xa0", " ")
    assert "joining" not in {name for name, cookie in client.cookies.items() if cookie.value}


def test_who_gives_no_address_is_not_asked_about_letters(zerno: Shop) -> None:
    anna = join(zerno, notices="on", advertising="on")
    assert consents_of(anna) == [
        ("processing", True, "join page", "default-1"),
        ("advertising", True, "join page", "default-1"),
        ("partners", False, "join page", "default-1"),
    ]


def test_nothing_stands_in_the_address_and_the_server_keeps_no_forms(zerno: Shop, client: Browser) -> None:
    sent = client.post(path(zerno), form(email="anna@example.org"))
    assert sent["Location"] == path(zerno, "code/")
    cookie = client.cookies["joining"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", path(zerno))
    assert "sessionid" not in client.cookies


def test_a_forged_cookie_begins_anew(zerno: Shop, client: Browser) -> None:
    client.post(path(zerno), form())
    kept = client.cookies["joining"].value
    client.cookies["joining"] = "A" + kept
    assert client.get(path(zerno, "code/"))["Location"] == path(zerno)


def test_one_shops_cookie_is_nothing_to_another(cast: Cast, zerno: Shop, client: Browser) -> None:
    client.post(path(zerno), form())
    kept = client.cookies["joining"].value
    stranger = Browser()
    stranger.cookies["joining"] = kept
    assert stranger.get(path(cast.bakery, "code/"))["Location"] == path(cast.bakery)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"phone": "12345"}, "Такого номера не бывает"),
        ({"phone": ""}, "Обязательное поле"),
        ({"processing": ""}, "Без этого согласия карту открыть нельзя"),
        ({"birthday": "2100-01-01"}, "Проверьте дату"),
        ({"email": "anna"}, "адрес электронной почты"),
        ({"website": "https://spam.example"}, "Не получилось"),
        ({"phone": "\0"}, "form"),
    ],
)
def test_bad_input_is_told_beside_its_field(zerno: Shop, client: Browser, fields: dict[str, str], said: str) -> None:
    answer = client.post(path(zerno), form(**fields))
    assert answer.status_code == 200
    assert said in answer.content.decode().replace("\xa0", " ")
    assert texts_sent(zerno) == []


@pytest.mark.parametrize("at", ["nowhere", "%00", "x" * 500])
def test_a_strange_outlet_is_passed_over(zerno: Shop, client: Browser, at: str) -> None:
    assert client.get(path(zerno) + f"?at={at}").status_code == 200


def test_a_closed_or_unknown_merchant_has_no_page(zerno: Shop, client: Browser) -> None:
    assert client.get("/join/999999/").status_code == 404
    zerno.merchant.is_active = False
    zerno.merchant.save()
    assert client.get(path(zerno)).status_code == 404


def test_before_the_first_rules_one_may_join_all_the_same(cast: Cast, client: Browser) -> None:
    assert "Наша карта клиента" in client.get(path(cast.pryanik)).content.decode().replace("\xa0", " ")
    assert join(cast.pryanik).account.points == 0


# ---------------------------------------------------------------- nobody learns who is a client


def test_known_and_unknown_phones_are_answered_alike(zerno: Shop) -> None:
    join(zerno)
    pages = []
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        for phone in (PHONE, "+79161234568"):
            stranger = Browser()
            sent = stranger.post(path(zerno), form(phone=phone))
            page = stranger.get(path(zerno, "code/")).content.decode().replace("\xa0", " ")
            wrong = stranger.post(path(zerno, "code/"), {"code": "x"}).content.decode().replace("\xa0", " ")
            pages.append((sent.status_code, sent["Location"], *(anonymous(text) for text in (page, wrong))))
    assert pages[0] == pages[1]
    assert [phone for phone, _text in texts_sent(zerno)][-2:] == [PHONE, "+79161234568"]


def anonymous(page: str) -> str:
    """Without what differs between any two visitors."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
    return re.sub(r"123-45-6\d", "", page)


def test_a_known_phone_is_led_to_its_card_and_keeps_what_it_has(zerno: Shop) -> None:
    anna = join(zerno, advertising="on")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        again = join(zerno, name="Кто-то", email="anna@example.org", notices="on")
    assert (again.pk, again.name, again.email) == (anna.pk, "Анна", "anna@example.org")
    assert [(kind, given) for kind, given, *_rest in consents_of(again)] == [
        ("processing", True),
        ("advertising", True),
        ("partners", False),
        ("notices", True),
    ]


def test_a_phone_that_is_no_card_any_more_is_sent_to_the_till(zerno: Shop, client: Browser) -> None:
    anna = join(zerno)
    with tenant(zerno.program.pk):
        Card.objects.filter(account=anna.account, kind=Card.Kind.PHONE).update(status=Card.Status.BLOCKED)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=2)):
        client.post(path(zerno), form())
        answer = client.post(path(zerno, "code/"), {"code": code_sent(zerno)})
    assert "обратитесь на кассу" in answer.content.decode().replace("\xa0", " ")


# ---------------------------------------------------------------- codes


def test_a_wrong_code_costs_an_attempt_and_the_fifth_is_the_last(zerno: Shop, client: Browser) -> None:
    client.post(path(zerno), form())
    right = code_sent(zerno)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    said = [client.post(path(zerno, "code/"), {"code": wrong}).content.decode().replace("\xa0", " ") for _ in range(5)]
    assert "Осталось попыток: 4" in said[0]
    assert "больше не действует" in said[4]
    assert "больше не действует" in client.post(path(zerno, "code/"), {"code": right}).content.decode().replace(
        "\xa0", " "
    )
    assert clients(zerno) == []


def test_codes_live_ten_minutes_and_once(zerno: Shop) -> None:
    with tenant(zerno.program.pk):
        joining.send_code(merchant=zerno.merchant, phone=PHONE, now=NOW)
        code = code_sent(zerno)
        late = NOW + dt.timedelta(minutes=10)
        assert try_code(zerno, code, late) == WrongCode(0)
        assert isinstance(try_code(zerno, code, late - dt.timedelta(seconds=1)), Client)
        assert try_code(zerno, code, late - dt.timedelta(seconds=1)) == WrongCode(0)


def test_another_code_is_sent_after_a_minute_and_kills_the_first(zerno: Shop) -> None:
    with tenant(zerno.program.pk):
        joining.send_code(merchant=zerno.merchant, phone=PHONE, now=NOW)
        first = code_sent(zerno)
        joining.send_code(merchant=zerno.merchant, phone=PHONE, now=NOW + dt.timedelta(seconds=59))
        assert len(texts_sent(zerno)) == 1
        assert joining.seconds_to_wait(program_id=zerno.program.pk, phone=PHONE, now=NOW) == 60
        joining.send_code(merchant=zerno.merchant, phone=PHONE, now=NOW + dt.timedelta(seconds=60))
        second = code_sent(zerno)
        now = NOW + dt.timedelta(seconds=61)
        assert first == second or try_code(zerno, first, now) == WrongCode(4)
        assert isinstance(try_code(zerno, second, now), Client)


def test_a_code_is_of_one_programme_and_one_phone(cast: Cast, zerno: Shop) -> None:
    with tenant(zerno.program.pk):
        joining.send_code(merchant=zerno.merchant, phone=PHONE, now=NOW)
        code = code_sent(zerno)
        other = Applicant("+79161234568", APPLICANT.consents, "poster")
        assert joining.join_with_code(merchant=zerno.merchant, applicant=other, code=code, now=NOW) == WrongCode(0)
    with tenant(cast.pryanik.program.pk):
        assert try_code(cast.pryanik, code, NOW) == WrongCode(0)


def test_old_checks_are_forgotten(zerno: Shop) -> None:
    with tenant(zerno.program.pk):
        joining.send_code(merchant=zerno.merchant, phone=PHONE, now=NOW)
        joining.send_code(merchant=zerno.merchant, phone="+79161234568", now=NOW + dt.timedelta(days=2))
        assert [str(row.phone) for row in PhoneCheck.objects.all()] == ["+79161234568"]


def try_code(shop: Shop, code: str, now: dt.datetime) -> Client | WrongCode:
    return joining.join_with_code(merchant=shop.merchant, applicant=APPLICANT, code=code, now=now)


# ---------------------------------------------------------------- without SMS


def test_without_sms_a_new_phone_joins_and_a_known_one_sees_no_card(zerno: Shop, client: Browser) -> None:
    Program.objects.filter(pk=zerno.program.pk).update(join_by_sms=False)
    assert client.post(path(zerno), form())["Location"].startswith("/card/")
    again = client.post(path(zerno), form())
    assert again.status_code == 200
    assert "Карта с этим номером уже есть" in again.content.decode().replace("\xa0", " ")
    assert texts_sent(zerno) == []
    assert client.get(path(zerno, "code/"))["Location"] == path(zerno)
    assert len(clients(zerno)) == 1


def test_without_a_gateway_phones_are_not_checked(zerno: Shop, settings: Settings) -> None:
    assert joining.checks_phones(zerno.program)
    settings.LOCAL = False
    assert not joining.checks_phones(zerno.program)
    settings.SMS_BACKEND = "shop.gateway.Gateway"
    assert joining.checks_phones(zerno.program)


# ---------------------------------------------------------------- limits


def test_a_phone_is_sent_five_codes_an_hour(zerno: Shop) -> None:
    start, said = timezone.now(), []
    for n in range(6):
        with time_machine.travel(start + dt.timedelta(minutes=2 * n)):
            said.append(Browser(REMOTE_ADDR=f"10.0.0.{n}").post(path(zerno), form()))
    assert [answer.status_code for answer in said] == [302] * 5 + [429]
    assert "Слишком много попыток. Попробуйте через" in said[5].content.decode().replace("\xa0", " ")
    assert int(said[5]["Retry-After"]) > 0
    assert len(texts_sent(zerno)) == 5


def test_a_shop_pays_for_so_many_messages_an_hour(zerno: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SMS_BY_MERCHANT", limits.Limit("few", 3, 3600))
    answers = [
        Browser(REMOTE_ADDR=f"10.0.0.{n}").post(path(zerno), form(phone=f"+7916123456{n}")).status_code
        for n in range(5)
    ]
    assert answers == [302, 302, 302, 429, 429]


def test_a_visitor_guesses_so_often_and_no_more(zerno: Shop, client: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "GUESSES_BY_VISITOR", limits.Limit("few-guesses", 2, 600))
    client.post(path(zerno), form())
    answers = [client.post(path(zerno, "code/"), {"code": "1"}).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_without_the_cache_each_process_counts_alone(
    zerno: Shop, client: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = Counters(f"unix://{tmp_path}/nobody.sock", "test")
    monkeypatch.setattr(limits, "counters", lambda: dead)
    monkeypatch.setattr(limits, "FORMS_BY_VISITOR", limits.Limit("forms", 2, 600))
    answers = [client.post(path(zerno), form(phone="1")).status_code for _ in range(3)]
    assert answers == [200, 200, 429]


def test_visitors_are_told_apart_behind_the_proxy(zerno: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from rest_framework.settings import api_settings

    monkeypatch.setattr(limits, "FORMS_BY_VISITOR", limits.Limit("forms", 1, 600))
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)

    def ask(forwarded: str) -> int:
        return Browser(headers={"X-Forwarded-For": forwarded}).post(path(zerno), form(phone="1")).status_code

    assert [ask("203.0.113.1"), ask("203.0.113.2")] == [200, 200]
    assert ask("8.8.8.8, 203.0.113.1") == 429, "what a visitor says of himself is not believed"
    assert [ask("2001:db8::1"), ask("2001:db8::2")] == [200, 429], "a household is one visitor"
