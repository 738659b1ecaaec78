"""A newcomer answers six questions and sells."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal as D

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from loyalty import starting
from loyalty.engine.rulebook import load
from loyalty.models import ProgramVersion
from loyalty.samples import sample, two_visits
from loyalty.starting import Answers, document, new_pin, open_shop
from loyalty.wording import Words
from merchants import cashiers
from merchants.access import every_tenant, tenant
from merchants.models import AuditRecord, Cashier, Member, Merchant, Outlet, Role, Till, User
from tests.cast import Cast, make_user

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def answers(**given: object) -> Answers:
    return Answers(**{"token": "t1", "pin": "4826", "name": "Кофейня", **given})  # type: ignore[arg-type]


@pytest.fixture
def masha(db: None) -> User:
    return make_user("Masha")


def test_a_shop_stands_after_one_call(masha: User) -> None:
    merchant = open_shop(user=masha, answers=answers(currency="KZT", days=180), now=NOW)
    with tenant(merchant.program_id):
        assert (merchant.name, merchant.program.currency) == ("Кофейня", "KZT")
        assert Outlet.objects.get().name == "Кофейня"
        assert Till.objects.get().name == "Касса 1"
        assert Member.objects.get().role == Role.OWNER
        owner = Cashier.objects.get()
        assert (owner.name, cashiers.fits(cashier=owner, pin="4826")) == ("Masha", True)
        version = ProgramVersion.objects.get()
        assert (version.number, version.published_by, version.document["program"]["currency"]) == (1, masha, "KZT")
        assert load(version.document).points.expiry.last_day(NOW.date()) == dt.date(2027, 5, 20)
        assert {"shop.started", "program.published", "cashier.hired"} <= set(
            AuditRecord.objects.values_list("action", flat=True)
        )


def test_two_clicks_are_one_shop(masha: User) -> None:
    first = open_shop(user=masha, answers=answers(), now=NOW)
    again = open_shop(user=masha, answers=answers(pin="9137"), now=NOW)
    other = open_shop(user=masha, answers=answers(token="t2"), now=NOW)
    assert first == again
    assert other != first
    with every_tenant():
        assert Merchant.objects.count() == 2


def test_somebody_elses_token_is_no_key(masha: User) -> None:
    first = open_shop(user=masha, answers=answers(), now=NOW)
    assert open_shop(user=make_user("Ivan"), answers=answers(), now=NOW) != first


def test_ten_shops_a_day_are_enough(client: Client, masha: User) -> None:
    for n in range(10):
        open_shop(user=masha, answers=answers(token=f"t{n}"), now=NOW + dt.timedelta(hours=n))
    late = NOW + dt.timedelta(hours=23)
    with pytest.raises(ValidationError, match="10 магазинов"):
        open_shop(user=masha, answers=answers(token="more"), now=late)
    assert open_shop(user=masha, answers=answers(token="t3"), now=late).pk, "the same answers are the same shop"
    assert open_shop(user=make_user("Petya"), answers=answers(token="more"), now=late).pk
    client.force_login(masha)
    with time_machine.travel(late, tick=False):
        page = client.post("/start/", filled())
        assert page.status_code == 200
        assert "За сутки можно открыть не больше 10 магазинов. Попробуйте завтра." in page.content.decode().replace(
            "\xa0", " "
        )
    assert open_shop(user=masha, answers=answers(token="more"), now=NOW + dt.timedelta(days=1, minutes=1)).pk


def test_nothing_is_left_of_a_failure(masha: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting.programs, "publish", lambda **_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_shop(user=masha, answers=answers(), now=NOW)
    with every_tenant():
        assert not Merchant.objects.exists()


def test_tiers_follow_from_the_percent() -> None:
    tiers = document(answers(tiers=True))["tiers"]
    assert [(tier["spent"], tier["earn_percent"]) for tier in tiers] == [("0", "5"), ("10000", "7"), ("30000", "10")]
    assert [t["earn_percent"] for t in document(answers(tiers=True, percent=D("2.5")))["tiers"]] == ["2.5", "3.5", "5"]
    assert [t["earn_percent"] for t in document(answers(tiers=True, percent=D(90)))["tiers"]] == ["90", "100", "100"]


@pytest.mark.parametrize("tiers", [True, False])
@pytest.mark.parametrize("percent", ["0", "0.5", "5", "100"])
@pytest.mark.parametrize("max_percent", ["0", "50", "100"])
def test_all_answers_make_rules(masha: User, percent: str, max_percent: str, tiers: bool) -> None:
    given = answers(percent=D(percent), max_percent=D(max_percent), tiers=tiers)
    assert open_shop(user=masha, answers=given, now=NOW).pk


def test_pins_are_not_easy() -> None:
    pins = {new_pin() for _ in range(300)}
    assert all(re.fullmatch(r"\d{4}", pin) and len(set(pin)) == 4 for pin in pins)
    assert not pins & {"1234", "4321", "7890"}


def test_two_visits_are_the_engines() -> None:
    visits = two_visits(load(document(answers())), total=D(1000), at=NOW)
    assert (visits.first.earned, visits.second.points, visits.second.to_pay) == (50, 50, 950)
    visits = two_visits(load(document(answers(max_percent=D(2)))), total=D(1000), at=NOW)
    assert (visits.second.points, visits.second.to_pay) == (20, 980)


def test_a_sample_for_a_tier() -> None:
    rulebook = load(document(answers(tiers=True)))
    gold = sample(rulebook, Words(), total=D(1000), at=NOW, tier="gold", points=True)
    assert (gold.quote.points, gold.quote.to_pay, gold.quote.earned) == (500, 500, 50)
    assert any("Золото" in one.title for one in gold.explained)


# ---------------------------------------------------------------- the pages


def filled(**given: str) -> dict[str, str]:
    form = {"token": str(uuid.uuid4()), "name": "Кофейня", "currency": "RUB", "percent": "5", "max_percent": "50"}
    return {**form, "days": "365", "do": "open", **given}


def test_the_wizard_opens_a_shop(client: Client, masha: User) -> None:
    client.force_login(masha)
    page = client.get("/start/").content.decode().replace("\xa0", " ")
    assert "Клиент покупает на 1 000 ₽ и получает <strong>50 баллов</strong>." in page
    assert "спишет 50 баллов и заплатит <strong>950 ₽</strong>" in page
    answer = client.post("/start/", filled(tiers="on"))
    with every_tenant():
        merchant = Merchant.objects.get()
    assert answer["Location"] == f"/m/{merchant.pk}/started/"
    done = client.get(answer["Location"]).content.decode().replace("\xa0", " ")
    pin = re.search(r'id="pin">(\d{4})<', done)
    assert pin
    with tenant(merchant.program_id):
        assert cashiers.fits(cashier=Cashier.objects.get(), pin=pin[1])
    again = client.get(answer["Location"]).content.decode().replace("\xa0", " ")
    assert 'id="pin"' not in again
    assert "ПИН-код был показан один раз" in again


def test_two_presses_show_one_pin(client: Client, masha: User) -> None:
    client.force_login(masha)
    form = filled()
    first, second = client.post("/start/", form), client.post("/start/", form)
    assert first["Location"] == second["Location"]
    done = client.get(second["Location"]).content.decode().replace("\xa0", " ")
    pin = re.search(r'id="pin">(\d{4})<', done)
    with every_tenant():
        assert Merchant.objects.count() == 1
        assert pin
        assert cashiers.fits(cashier=Cashier.objects.get(), pin=pin[1])


def test_typing_shows_what_it_means(client: Client, masha: User) -> None:
    client.force_login(masha)
    told = (
        client.post("/start/sample/", filled(percent="7,5", max_percent="2", name=""))
        .content.decode()
        .replace("\xa0", " ")
    )
    assert "<strong>75 баллов</strong>" in told
    assert "заплатит <strong>980 ₽</strong>" in told
    assert "<html" not in told
    tiers = client.post("/start/sample/", filled(tiers="on", currency="USD")).content.decode().replace("\xa0", " ")
    assert "Серебро: от 200 $ покупок — 7 % баллами." in tiers
    assert "получает" in client.post("/start/sample/", {"percent": "abc"}).content.decode().replace("\xa0", " ")
    page = client.post("/start/", filled(percent="10", do="sample")).content.decode().replace("\xa0", " ")
    assert "<strong>100 баллов</strong>" in page
    assert 'value="Кофейня"' in page
    with every_tenant():
        assert not Merchant.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": ""}, "Обязательное поле"),
        ({"percent": "сто"}, "Напишите число, например 5 или 7,5."),
        ({"percent": "101"}, "Нужно число от 0 до 100."),
        ({"max_percent": "-1"}, "Нужно число от 0 до 100."),
        ({"currency": "XXX"}, "invalid-feedback"),
        ({"token": "x"}, "alert-danger"),
    ],
    ids=str,
)
def test_errors_stand_beside_the_field(client: Client, masha: User, given: dict[str, str], said: str) -> None:
    client.force_login(masha)
    page = client.post("/start/", filled(**given)).content.decode().replace("\xa0", " ")
    assert said in page
    with every_tenant():
        assert not Merchant.objects.exists()


def test_the_start_is_for_people_with_an_account(client: Client, db: None) -> None:
    assert client.get("/start/")["Location"] == "/accounts/login/?next=/start/"
    assert client.post("/start/sample/", {})["Location"].startswith("/accounts/login/")


def test_the_links_lead_to_the_till(client: Client, cast: Cast) -> None:
    client.force_login(cast.zerno.owner)
    page = client.get(f"/m/{cast.zerno.merchant.pk}/started/").content.decode().replace("\xa0", " ")
    assert "Программа работает" in page


def test_a_manager_of_one_outlet_is_given_no_till_of_another(client: Client, cast: Cast) -> None:
    zerno = cast.zerno
    with tenant(zerno.program.pk):
        kiosk = Outlet.objects.create(program=zerno.program, merchant=zerno.merchant, name="Киоск", code="kiosk")
        Member.objects.get(user=zerno.manager).outlets.add(kiosk)
    client.force_login(zerno.manager)
    assert client.get(f"/m/{zerno.merchant.pk}/started/").context["till"] is None
