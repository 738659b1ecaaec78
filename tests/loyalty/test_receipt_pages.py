"""The pages of receipts: what is listed to whom, and a receipt explained."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal as D
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.test import Client as Browser
from django.utils.html import strip_tags
from pytest_django import DjangoAssertNumQueries

from loyalty import sales
from loyalty.engine.cart import line
from loyalty.models import Account, Sale
from loyalty.sales.receipt import Receipt
from merchants import cashiers
from merchants.access import tenant
from merchants.models import Member, Outlet, User
from merchants.paging import SIZE
from tests.cast import Cast, Shop
from tests.loyalty.shop import TillStory, as_json, new_key

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
RULES: dict[str, Any] = {
    "tiers": [{"id": "start", "title": "Новичок", "earn_percent": "5"}],
    "rules": [
        {
            "id": "large",
            "title": "50 за чек от 3000",
            "effect": {"kind": "for_every", "points": "50", "amount": "3000"},
        },
    ],
}


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON - dt.timedelta(days=90))
        story.publish(RULES)
        story.later(days=90)
        yield story


@pytest.fixture
def anna(story: TillStory) -> Account:
    return story.join()


def browser(user: User) -> Browser:
    client = Browser()
    client.force_login(user)
    return client


def get(shop: Shop, user: User, sale: Receipt | None = None, query: dict[str, str] | None = None) -> Any:
    path = f"/m/{shop.merchant.pk}/receipts/" + (f"{sale.id}/" if sale else "")
    return browser(user).get(path, query or {})


def text(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode().partition('class="sheet"')[2].replace("<", " <")).split())


def numbers(answer: Any) -> list[str]:
    return [sale.receipt_number for sale in answer.context["page"].rows]


# ---------------------------------------------------------------- the list

ALL = ["nobody", "spent", "back", "void", "old"]


def test_no_receipts_yet(cast: Cast, story: TillStory) -> None:
    assert "Чеков пока нет" in text(get(cast.zerno, cast.zerno.owner))
    assert "Таких чеков нет" in text(get(cast.zerno, cast.zerno.owner, query={"number": "1"}))


def test_a_line_of_the_list(cast: Cast, story: TillStory, anna: Account) -> None:
    story.give(anna, "100")
    story.sell(anna, "1000", points="100", receipt="17", cashier="Лена")
    said = text(get(cast.zerno, cast.zerno.reader))
    for part in ("17", "21.11.2026 12:00", "Зерно, Лесная 5", "Лена", "1 000,00 ₽", "−100", "+45", "900,00 ₽"):
        assert part in said, part


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ALL),
        ({"since": "2026-11-21"}, ["nobody", "spent", "back", "void"]),
        ({"until": "2026-11-20"}, ["old"]),
        ({"since": "2026-11-20", "until": "2026-11-20"}, ["old"]),
        ({"who": "without"}, ["nobody"]),
        ({"who": "with"}, ["spent", "back", "void", "old"]),
        ({"status": "voided"}, ["void"]),
        ({"status": "returned"}, ["back"]),
        ({"status": "sold"}, ["nobody", "spent", "back", "old"]),
        ({"status": "held"}, []),
        ({"status": "flagged"}, []),
        ({"cashier": "Лена"}, ["spent"]),
        ({"cashier": "лена"}, []),
        ({"number": "o"}, ["nobody", "void", "old"]),
        ({"number": "spent"}, ["spent"]),
        ({"number": "%"}, []),
        ({"outlet": "OUTLET"}, ALL),
        # Nonsense is as good as nothing.
        ({"since": "x", "status": "y", "who": "z", "outlet": "99999999999999999999"}, ALL),
        ({"number": "\0", "cashier": "\u202e\0", "before": "9999-99-99~1"}, ALL),
        ({"number": "9" * 20_000}, ALL),
    ],
)
def test_filters(cast: Cast, story: TillStory, anna: Account, query: dict[str, str], found: list[str]) -> None:
    story.now -= dt.timedelta(days=1)
    story.sell(anna, "10", receipt="old")
    story.later(days=1)
    story.void(story.sell(anna, "10", receipt="void"))
    story.give_back(story.sell(anna, "10", "20", receipt="back"), [(1, "1")])
    story.sell(anna, "30", receipt="spent", cashier="Лена")
    story.sell(None, "10", receipt="nobody")
    asked = {name: value.replace("OUTLET", str(cast.zerno.outlet.pk)) for name, value in query.items()}
    assert numbers(get(cast.zerno, cast.zerno.owner, query=asked)) == found


def test_a_number_is_looked_for_in_the_last_months(cast: Cast, story: TillStory, anna: Account) -> None:
    story.publish({**RULES, "points": {"late_days": 365}})
    story.sell(anna, "10", receipt="A-1")
    Sale.objects.update(local_day=dt.date(2026, 8, 20))
    answer = get(cast.zerno, cast.zerno.owner, query={"number": "A-1"})
    assert "Показаны чеки с 21.08.2026" in text(answer)
    assert numbers(answer) == []
    assert numbers(get(cast.zerno, cast.zerno.owner, query={"number": "A-1", "since": "2026-01-01"})) == ["A-1"]
    assert numbers(get(cast.zerno, cast.zerno.owner, query={"number": "A-1", "until": "2026-08-31"})) == ["A-1"]


def test_a_number_is_looked_for_before_there_were_days(cast: Cast, story: TillStory) -> None:
    answer = get(cast.zerno, cast.zerno.owner, query={"number": "1", "until": "0001-01-01"})
    assert "Таких чеков нет" in text(answer)


def test_pages_by_day_and_their_price(
    cast: Cast, story: TillStory, anna: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    story.sell(anna, "10", receipt="r0")
    client = browser(cast.zerno.owner)
    path = f"/m/{cast.zerno.merchant.pk}/receipts/"
    client.get(path)
    with django_assert_num_queries(6):
        client.get(path)
    for n in range(1, SIZE + 10):
        story.sell(anna if n % 2 else None, "10", receipt=f"r{n}")
    with django_assert_num_queries(6):
        answer = client.get(path)
    seen, older = numbers(answer), answer.context["page"].older
    with django_assert_num_queries(6):
        seen += numbers(client.get(path, {"before": older}))
    assert seen == [f"r{n}" for n in reversed(range(SIZE + 10))]


def test_each_sees_his_own(cast: Cast, story: TillStory, anna: Account) -> None:
    """A partner's receipts, another outlet's, another programme's: listed to nobody else, and not there."""
    mine = story.sell(anna, "10", receipt="mine")
    theirs = TillStory(cast.bakery, NOON).sell(anna, "20", receipt="theirs")
    assert numbers(get(cast.zerno, cast.zerno.owner)) == ["mine"]
    assert numbers(get(cast.bakery, cast.bakery.owner)) == ["theirs"]
    assert get(cast.zerno, cast.zerno.owner, theirs).status_code == 404
    assert get(cast.bakery, cast.bakery.owner, theirs).status_code == 200
    elsewhere = Outlet.objects.create(
        program=cast.zerno.program, merchant=cast.zerno.merchant, name="Вторая", code="second"
    )
    Member.objects.get(merchant=cast.zerno.merchant, user=cast.zerno.operator).outlets.set([elsewhere])
    assert numbers(get(cast.zerno, cast.zerno.operator)) == []
    assert get(cast.zerno, cast.zerno.operator, mine).status_code == 404
    assert get(cast.pryanik, cast.pryanik.owner, mine).status_code == 404


def test_names_of_cashiers_are_those_of_his_outlets(cast: Cast, story: TillStory) -> None:
    second = Outlet.objects.create(
        program=cast.zerno.program, merchant=cast.zerno.merchant, name="Вторая", code="second"
    )
    for name, places in (("Всюду", []), ("Лесная", [cast.zerno.outlet]), ("Вторая", [second])):
        cashiers.hire(
            merchant=cast.zerno.merchant, name=name, pin="4821", by=cast.zerno.owner, now=NOON, outlets=places
        )
    assert set(get(cast.zerno, cast.zerno.operator).context["cashiers"]) == {"Всюду", "Вторая", "Лесная"}
    Member.objects.get(merchant=cast.zerno.merchant, user=cast.zerno.operator).outlets.set([second])
    assert sorted(get(cast.zerno, cast.zerno.operator).context["cashiers"]) == ["Всюду", "Вторая"]


# ---------------------------------------------------------------- a receipt


def test_why_it_earned_this(
    cast: Cast, story: TillStory, anna: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people: Any = apps.get_model("clients", "Client")
    people.objects.create(program=cast.zerno.program, account=anna, name="Анна", phone="+79161234567")
    story.give(anna, "100")
    latte, cake = line(price=D(450), quantity=D(2), name="Латте", category="Кофе"), line(price=D(100), name="Медовик")
    sale = story.sell(anna, latte, cake, points="100", receipt="17", cashier="Лена")
    client = browser(cast.zerno.reader)
    path = f"/m/{cast.zerno.merchant.pk}/receipts/{sale.id}/"
    client.get(path)
    with django_assert_num_queries(8):
        said = text(client.get(path))
    for part in (
        "Чек 17",
        "Касса 1, Лена",
        "Анна",
        "версия 1",
        "100 зёрен = 100,00 ₽",
        "5 % по уровню «Новичок»",
        "Оплачено деньгами 900,00 ₽ × 5 % = 45,00",
        "+45 зёрен",
        "Что почти сработало",
        "не хватило 2 100,00 ₽",
        "Латте Кофе",
        "2 × 450,00 ₽",
        "Медовик",
        "Списано −100 зёрен",
    ):
        assert part in said, part
    assert "79161234567" not in said


def test_what_came_back(cast: Cast, story: TillStory, anna: Account) -> None:
    story.give(anna, "5")
    story.give(anna, "5")
    sale = story.sell(anna, "100", "200", points="10", receipt="17")
    story.give_back(sale, [(1, "1")])
    said = text(get(cast.zerno, cast.zerno.owner, sale))
    assert re.search(r"Возвращено 19\d,\d\d ₽", said)
    assert "возвращено: 1" in said
    story.void(sale)
    said = text(get(cast.zerno, cast.zerno.owner, sale))
    assert "отменён" in said
    assert "Чек отменён" in said


def test_a_hold_and_its_end(cast: Cast, story: TillStory, anna: Account) -> None:
    story.give(anna, "50")
    held = story.hold(anna, "100", points="50", minutes=30)
    assert "В резерве до 21.11.2026 12:30" in text(get(cast.zerno, cast.zerno.owner, held))
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        said = text(get(cast.zerno, cast.zerno.owner, held))
    assert "В резерве до" not in said
    assert "резерв истёк" in said


def test_a_receipt_of_nobody_and_one_of_a_person_erased(cast: Cast, story: TillStory, anna: Account) -> None:
    nobody, erased = story.sell(None, "100"), story.sell(anna, "100")
    assert "В чеке нет клиента" in text(get(cast.zerno, cast.zerno.owner, nobody))
    assert "данные удалены" in text(get(cast.zerno, cast.zerno.owner, erased))
    assert "данные удалены" in text(get(cast.zerno, cast.zerno.owner))


def test_flags_are_told(cast: Cast, story: TillStory) -> None:
    request = story.request(None, "100", receipt="late", at=NOON - dt.timedelta(days=60))
    sales.book(caller=story.caller, request=request, key=new_key("", request), now=NOON, render=as_json)
    flagged = get(cast.zerno, cast.zerno.owner, query={"status": "flagged", "since": "2026-01-01"})
    assert numbers(flagged) == ["late"]
    page = browser(cast.zerno.owner).get(f"/m/{cast.zerno.merchant.pk}/receipts/{Sale.objects.get().public_id}/")
    assert "Чек пришёл слишком поздно" in text(page)
