"""A base comes along whole: clients, balances, tiers, cards, referrers; twice changes nothing; and it can be undone."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.utils import timezone

from clients.imports import counting
from clients.imports.choices import Choices, Existing, Expiry
from clients.models import Client, ClientImport, Consent
from loyalty import accounts
from loyalty.models import Account, BroughtAlong, Card, Entry, Lot
from loyalty.sales.request import Who
from loyalty.standing import standing
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.imports.files import (
    as_csv,
    as_xlsx,
    books_are_sound,
    checked,
    confirmed,
    line,
    loaded,
    taken_back,
    uploaded,
    whys,
)
from tests.loyalty.shop import TillStory

RULES = {
    "tiers": [
        {"id": "base", "title": "Гость", "earn_percent": "5"},
        {"id": "gold", "title": "Золото", "earn_percent": "10", "spent": "50000"},
    ],
    "spending": {"confirm": []},
}
HEADER = (
    *("ФИО", "Телефон", "E-mail", "Дата рождения", "Баллы", "Баллы сгорят", "Уровень", "Сумма покупок"),
    *("Количество покупок", "Номер карты", "Кто пригласил", "Метки", "Согласие на рассылку", "Примечание"),
    "Дата регистрации",
)
ANNA = (
    *("Анна Ким", "8 (916) 123-45-67", "anna@example.org", "31.12.1990", "1 234", "31.12.2030", "Золото", "12 500,50"),
    *("7", "550001", "", "vip, кофе", "да", "без сахара", "01.02.2020"),
)
BORIS = ("Борис", 79161234568, "", 33238, "0", "", "", "60 000", "3", "", "550001", "", "нет", "", "")
VERA = ("Вера", "'+7 916 123 45 69", "", "", "10", "", "", "", "", "550003; 550004", "8 916 123-45-68", "", "", "", "")


@pytest.fixture
def story(cast: Cast) -> TillStory:
    story = TillStory(cast.zerno, timezone.now() - dt.timedelta(days=20))
    with tenant(story.program_id):
        story.publish(RULES)
    return story


def named(name: str) -> Client:
    return Client.objects.select_related("account__referrer__client").get(name=name)


def test_everything_comes_along(cast: Cast, story: TillStory) -> None:
    one = checked(cast.zerno, as_csv([HEADER, ANNA, BORIS, VERA]))
    assert (one.state, one.columns.count("")) == ("checked", 0)
    found = counting.told(one).found
    assert (found.fresh, found.refused, found.remarks) == (3, 0, 0)
    assert (found.fresh_points, found.fresh_lots) == (D(1244), 2)
    with tenant(story.program_id):
        assert not Client.objects.exists()
    one = confirmed(one)
    assert (one.state, one.why) == ("done", "")
    with tenant(story.program_id):
        anna, boris, vera = named("Анна Ким"), named("Борис"), named("Вера")
        assert (str(anna.phone), anna.email, anna.note) == ("+79161234567", "anna@example.org", "без сахара")
        assert anna.birthday == anna.account.birthday == boris.birthday == dt.date(1990, 12, 31)
        assert anna.account.tags == ["vip", "кофе"]
        assert (anna.account.tier, anna.account.manual_tier, boris.account.tier) == ("base", "gold", "gold")
        assert (anna.account.spent, anna.account.visits, anna.account.purchases) == (D("12500.50"), 7, 7)
        assert timezone.localtime(anna.created_at).date() == dt.date(2020, 2, 1)
        lot = Lot.objects.get(account=anna.account)
        assert lot.expires_at is not None
        assert (lot.rest, timezone.localtime(lot.expires_at).date()) == (D(1234), dt.date(2031, 1, 1))
        assert standing(program_id=story.program_id, account_id=anna.account_id, now=timezone.now()).available == D(
            1234
        )
        assert boris.account.referrer == anna.account
        assert vera.account.referrer == boris.account
        kinds = Card.objects.filter(account=vera.account).order_by("number").values_list("kind", "number")
        assert next(iter(kinds))[0] == "phone"
        assert {("plastic", "550003"), ("plastic", "550004")} < set(kinds)
        assert [kind for kind, _number in kinds].count("virtual") == 1
        assert dict(Consent.objects.filter(client=anna).values_list("kind", "given")) == {"advertising": True}
        who = Who(by="card", value="550003")
        assert accounts.find(program_id=story.program_id, who=who, now=timezone.now()) == vera.account
        story.now = timezone.now()
        story.sell(boris.account, "100")
    books_are_sound(story.program_id)


def test_the_same_from_a_spreadsheet(cast: Cast, story: TillStory) -> None:
    boris = list(BORIS)
    boris[1], boris[3] = 79161234568.0, dt.date(1990, 12, 31)
    title = ["Наша база клиентов, 2026 год"]
    one = loaded(cast.zerno, as_xlsx([title, [], HEADER, ANNA, boris, [], VERA]), name="база.xlsx")
    assert (one.state, one.layout["header"]) == ("done", 3)
    with tenant(story.program_id):
        assert Client.objects.count() == 3
        assert str(named("Борис").phone) == "+79161234568"
        assert named("Борис").birthday == dt.date(1990, 12, 31)
    books_are_sound(story.program_id)


@pytest.mark.parametrize("existing", list(Existing))
def test_a_second_run_changes_nothing(cast: Cast, story: TillStory, existing: Existing) -> None:
    choices = Choices(existing=existing, add_balances=True, expiry=Expiry.DAYS, expires_days=90)
    file = as_csv([HEADER, ANNA, BORIS, VERA])
    loaded(cast.zerno, file, choices)
    with tenant(story.program_id):
        before = picture()
    file.seek(0)
    again = loaded(cast.zerno, file, choices)
    found = counting.told(again).found
    assert (found.fresh, found.changed, found.same, found.refused, found.remarks) == (0, 0, 3, 0, 0)
    with tenant(story.program_id):
        assert picture() == before
    books_are_sound(story.program_id)


def picture() -> list[object]:
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Client, Account, Card, Lot, Entry, Consent, BroughtAlong)
    ]


def test_known_clients_as_the_owner_says(cast: Cast, story: TillStory) -> None:
    with tenant(story.program_id):
        story.later(days=1)
        first = story.join("+79161234567")
        Client.objects.create(program_id=story.program_id, account=first, phone="+79161234567", name="Аня", email="")
        story.give(first, "100")
    file = as_csv([HEADER, ANNA])

    left = loaded(cast.zerno, file)
    assert counting.told(left).found.same == 1
    assert "остаток остаётся" in whys(left)[2] or whys(left)[2]

    file.seek(0)
    filled = checked(cast.zerno, file, Choices(existing=Existing.FILL))
    assert set(line(filled, 2).changes) == {"email", "birthday", "note", "tags", "card", "consents"}
    confirmed(filled)
    with tenant(story.program_id):
        client = Client.objects.get(account=first)
        assert (client.name, client.email, client.note) == ("Аня", "anna@example.org", "без сахара")
        assert client.account.points == D(100)

    file.seek(0)
    over = loaded(cast.zerno, file, Choices(existing=Existing.OVERWRITE, add_balances=True))
    assert set(line(over, 2).changes) == {"name", "points"}
    assert line(over, 2).changes["points"] == [100, 1234]
    with tenant(story.program_id):
        client = Client.objects.get(account=first)
        assert (client.name, client.account.points) == ("Анна Ким", D(1334))
        assert list(Entry.objects.filter(account=first).order_by("pk").values_list("kind", flat=True)) == [
            "adjust",
            "opening",
        ]
    books_are_sound(story.program_id)
    over = taken_back(over)
    assert counting.told(over).undone == 1
    with tenant(story.program_id):
        client = Client.objects.get(account=first)
        assert (client.name, client.account.points, client.email) == ("Аня", D(100), "anna@example.org")
    filled = taken_back(filled)
    with tenant(story.program_id):
        client = Client.objects.select_related("account").get(account=first)
        assert (client.email, client.birthday, client.account.tags, client.account.birthday) == ("", None, [], None)
        assert Card.objects.filter(account=first).exclude(kind="virtual").count() == 1
    books_are_sound(story.program_id)


def test_birthdays_without_their_year(cast: Cast, story: TillStory) -> None:
    """A year that is known is not forgotten, one that comes later is learnt, and all of it is taken back."""
    header = ["Имя", "Телефон", "Дата рождения"]

    def born(name: str) -> tuple[object, ...]:
        with tenant(story.program_id):
            one = named(name)
            assert (one.birthday, one.birthday_year_known) == (one.account.birthday, one.account.birthday_year_known)
            return one.birthday, one.birthday_year_known

    day, year = (dt.date(2000, 2, 29), False), (dt.date(1996, 2, 29), True)
    rows = [["Анна", "+79161234567", "29 февраля"], ["Борис", "+79161234568", "29.02.1996"]]
    first = loaded(cast.zerno, as_csv([header, *rows]))
    assert (born("Анна"), born("Борис")) == (day, year)
    rows[0][2], rows[1][2] = "29.02.1996", "29.02"
    over = loaded(cast.zerno, as_csv([header, *rows]), Choices(existing=Existing.OVERWRITE))
    assert (line(over, 2).changes, line(over, 3).changes) == ({"birthday": ["29.02", "1996-02-29"]}, None)
    assert (born("Анна"), born("Борис")) == (year, year)
    rows[0][2] = "01.03"
    again = loaded(cast.zerno, as_csv([header, *rows]), Choices(existing=Existing.OVERWRITE))
    assert born("Анна") == (dt.date(2000, 3, 1), False)
    taken_back(again)
    assert born("Анна") == year
    taken_back(over)
    assert born("Анна") == day
    assert counting.told(taken_back(first)).undone == 2


def test_an_import_is_taken_back_while_untouched(cast: Cast, story: TillStory) -> None:
    one = loaded(cast.zerno, as_csv([HEADER, ANNA, BORIS, VERA]))
    with tenant(story.program_id):
        story.now = timezone.now()
        story.sell(named("Вера").account, "100")
    one = taken_back(one)
    counts = counting.told(one)
    assert (one.state, counts.undone, counts.left, counts.undone_points) == ("undone", 2, 1, D(1234))
    assert line(one, 4).left == "moved"
    with tenant(story.program_id):
        assert [client.name for client in Client.objects.all()] == ["Вера"]
        assert Account.objects.filter(status="removed").count() == 2
        assert named("Вера").account.referrer is None
        assert not Card.objects.filter(number__in=["+79161234567", "550001"]).exists()
    books_are_sound(story.program_id)
    again = loaded(cast.zerno, as_csv([HEADER, ANNA, BORIS, VERA]))
    found = counting.told(again).found
    assert (found.fresh, found.same) == (2, 1)
    with tenant(story.program_id):
        assert named("Анна Ким").account.points == D(1234)
    books_are_sound(story.program_id)


def test_a_phone_that_came_meanwhile(cast: Cast, story: TillStory) -> None:
    one = checked(cast.zerno, as_csv([HEADER, ANNA, BORIS, VERA]))
    with tenant(story.program_id):
        story.now = timezone.now()
        account = story.join("+79161234568")
        Client.objects.create(program_id=story.program_id, account=account, phone="+79161234568", name="Борька")
    one = confirmed(one)
    found = counting.told(one).found
    assert (one.state, found.fresh, found.same) == ("done", 2, 1)
    with tenant(story.program_id):
        assert Client.objects.count() == 3
        assert named("Борька").account.points == 0
    books_are_sound(story.program_id)


def test_nothing_is_loaded_without_a_word(cast: Cast) -> None:
    one = uploaded(cast.zerno, as_csv([HEADER, ANNA]))
    assert one.state == "new"
    with tenant(one.program_id):
        assert ClientImport.objects.count() == 1
        assert not Account.objects.exists()
