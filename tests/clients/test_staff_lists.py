"""The list of clients: who is found, what is shown to whom, and what it costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from clients.models import Client
from loyalty import accounts
from loyalty.models import Card
from merchants.access import tenant
from merchants.paging import SIZE
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled, names, said
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
TIERS = [
    {"id": "start", "title": "Новичок", "earn_percent": "1"},
    {"id": "silver", "title": "Серебро", "spent": "1000", "earn_percent": "2"},
    {"id": "gold", "title": "Золото", "spent": "5000", "earn_percent": "5"},
]


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON)
        story.publish({"tiers": TIERS, **ONE_PER_ONE})
        yield story


@pytest.fixture
def desk(cast: Cast, story: TillStory) -> Desk:
    return Desk(cast.zerno, cast.zerno.operator)


@pytest.fixture
def people(cast: Cast, story: TillStory) -> dict[str, Client]:
    known = {
        "Анна Смирнова": "+79161234567",
        "Борис Аннин": "+79261112233",
        "Ёлкина Вера": "+79031234568",
        "O'Brien 100%": "+79990000001",
    }
    return {name: enrolled(cast.zerno, name, phone, NOON) for name, phone in known.items()}


def test_nobody_yet(cast: Cast, desk: Desk) -> None:
    text = desk.text("clients/")
    assert "Пока нет ни одного клиента" in text
    assert f"/m/{cast.zerno.merchant.pk}/poster/" in desk.get("clients/").content.decode()
    reader = Desk(cast.zerno, cast.zerno.reader)
    assert "Добавить клиента" not in reader.text("clients/")


@pytest.mark.parametrize(
    ("part", "found"),
    [
        ("смирн", ["Анна Смирнова"]),
        ("анн", ["Борис Аннин", "Анна Смирнова"]),
        ("ан", ["Борис Аннин", "Анна Смирнова"]),
        ("ё", ["Ёлкина Вера"]),
        ("нна", ["Анна Смирнова"]),
        ("нн", []),  # of two letters, beginnings of words
        ("8 (916) 123-45-67", ["Анна Смирнова"]),
        ("89161234567", ["Анна Смирнова"]),
        ("+7 916 123 45 67", ["Анна Смирнова"]),
        ("916 123", ["Анна Смирнова"]),
        ("8916", ["Анна Смирнова"]),
        ("8 903 123", ["Ёлкина Вера"]),
        ("4568", ["Ёлкина Вера"]),
        ("1234", ["Ёлкина Вера", "Анна Смирнова"]),
        ("100%", ["O'Brien 100%"]),
        ("o'br", ["O'Brien 100%"]),
        ("%", []),
        ("_", []),
        ("никто", []),
    ],
)
def test_search(desk: Desk, people: dict[str, Client], part: str, found: list[str]) -> None:
    Card.objects.filter(kind=Card.Kind.VIRTUAL).delete()  # their digits are random
    assert names(desk.get("clients/", {"q": part})) == found


def test_search_by_a_card(desk: Desk, people: dict[str, Client]) -> None:
    Card.objects.filter(kind=Card.Kind.VIRTUAL).delete()
    anna = people["Анна Смирнова"]
    Card.objects.create(program_id=anna.program_id, account=anna.account, kind=Card.Kind.PLASTIC, number="2900550077")
    for part in ("2900550077", "0055", "290 055"):
        assert names(desk.get("clients/", {"q": part})) == ["Анна Смирнова"]


def test_a_new_phone_is_offered_to_be_added(cast: Cast, desk: Desk, people: dict[str, Client]) -> None:
    answer = desk.get("clients/", {"q": "8 977 000-11-22"})
    assert "Добавить клиента с телефоном +7 977 000-11-22" in said(answer)
    assert "clients/new/?phone=%2B79770001122" in answer.content.decode()
    assert "Добавить клиента с" not in said(Desk(cast.zerno, cast.zerno.reader).get("clients/", {"q": "89770001122"}))
    assert "Никого не нашлось" in desk.text("clients/", {"q": "никто"})


@pytest.mark.parametrize(
    "query",
    [
        {"q": "\0"},
        {"q": "א\u202eШалом"},
        {"q": "9" * 20_000},
        {"q": "' OR 1=1 --", "tier": "x", "show": "y"},
        {"before": "99999999999999999999"},
        {"before": "x~1", "q": "анна"},
        {"before": "9" * 18, "q": "анна"},
    ],
)
def test_harmless(desk: Desk, people: dict[str, Client], query: dict[str, str]) -> None:
    assert desk.get("clients/", query).status_code == 200


def test_htmx_gets_the_results_alone(desk: Desk, people: dict[str, Client]) -> None:
    whole = desk.get("clients/", {"q": "смирн"}).content.decode()
    part = desk.get("clients/", {"q": "смирн"}, HX_Request="true").content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert part.strip() in whole
    back = desk.get("clients/", {"q": "смирн"}, HX_Request="true", HX_History_Restore_Request="true")
    assert "<html" in back.content.decode()


def test_filters(story: TillStory, desk: Desk, people: dict[str, Client]) -> None:
    anna, boris, vera = (people[name].account for name in ("Анна Смирнова", "Борис Аннин", "Ёлкина Вера"))
    story.sell(anna, "1000")
    accounts.set_manual_tier(account=boris, tier="gold", until=None, reason="", now=NOON, by="test")
    before = NOON - dt.timedelta(days=1)
    accounts.set_manual_tier(account=vera, tier="gold", until=before, reason="", now=NOON, by="test")
    accounts.block(account=vera, reason="", now=NOON, by="test")
    story.give(boris, "100")
    sold = story.sell(boris, "10")
    story.sell(boris, "110", points="110")
    story.void(sold)
    Client.objects.filter(account=anna).update(birthday=dt.date(1990, 12, 1))
    Client.objects.filter(account=boris).update(birthday=dt.date(1990, 11, 20))
    for tier, found in {
        "start": ["O'Brien 100%", "Ёлкина Вера"],
        "silver": ["Анна Смирнова"],
        "gold": ["Борис Аннин"],
    }.items():
        answer = desk.get("clients/", {"tier": tier})
        assert names(answer) == found
        assert {row.tier for row, _phone in answer.context["rows"]} == {
            next(t["title"] for t in TIERS if t["id"] == tier)
        }
    assert names(desk.get("clients/", {"show": "debt"})) == ["Борис Аннин"]
    assert names(desk.get("clients/", {"show": "blocked"})) == ["Ёлкина Вера"]
    assert names(desk.get("clients/", {"show": "birthday"})) == ["Анна Смирнова"]
    assert names(desk.get("clients/", {"show": "blocked", "q": "анна"})) == []


def test_what_is_shown_of_points_and_purchases(story: TillStory, desk: Desk, people: dict[str, Client]) -> None:
    anna = people["Анна Смирнова"].account
    story.now = NOON - dt.timedelta(minutes=1)
    story.give(anna, "50", until=NOON)  # expired, and no sweep has run
    story.now = NOON
    sold = story.sell(anna, "300", "200")
    story.give_back(sold, [(1, "1")])
    row = next(row for row, _phone in desk.get("clients/").context["rows"] if row.client.account == anna)
    assert (row.points, row.spent, row.last_purchase_at) == (300, 300, NOON)


def test_readers_see_no_numbers_and_find_none(cast: Cast, people: dict[str, Client]) -> None:
    reader = Desk(cast.zerno, cast.zerno.reader)
    page = reader.get("clients/").content.decode()
    assert "…45-67" in page
    assert "123-45" not in page
    assert "79161234567" not in page
    # Part by part a hidden number could be guessed.
    assert names(reader.get("clients/", {"q": "916123"})) == []
    assert names(reader.get("clients/", {"q": "4567"})) == ["Анна Смирнова"]
    assert names(reader.get("clients/", {"q": "8 916 123-45-67"})) == ["Анна Смирнова"]


def test_pages_of_a_search_and_their_price(
    cast: Cast, desk: Desk, story: TillStory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def look(query: dict[str, str], queries: int) -> list[str]:
        with django_assert_num_queries(queries):
            return names(desk.get("clients/", query))

    enrolled(cast.zerno, "Анна 0", "+79160000000", NOON)
    desk.get("clients/")  # sessions, words and rules are remembered
    plain, searched = 10, 10
    assert look({}, plain) == ["Анна 0"]
    assert look({"q": "анна"}, searched) == ["Анна 0"]
    for n in range(1, SIZE + 10):
        story.sell(enrolled(cast.zerno, f"Анна {n}", f"+791600000{n:02}", NOON).account, "10")
    everybody = [f"Анна {n}" for n in reversed(range(SIZE + 10))]
    for query, price in (({}, plain), ({"q": "анна"}, searched), ({"q": "9160000"}, searched + 1)):
        first = look(query, price)
        assert first == everybody[:SIZE]
        older = desk.get("clients/", query).context["page"].older
        assert look({**query, "before": older}, price) == everybody[SIZE:]


def test_partners_share_clients_and_not_their_sales(cast: Cast, story: TillStory, people: dict[str, Client]) -> None:
    anna = people["Анна Смирнова"].account
    story.sell(anna, "300")
    neighbours = TillStory(cast.bakery, NOON + dt.timedelta(hours=1))
    sold = neighbours.sell(anna, "70", "30")
    neighbours.give_back(sold, [(1, "1")])
    for shop, spent in ((cast.zerno, 300), (cast.bakery, 70)):
        rows = Desk(shop, shop.owner).get("clients/").context["rows"]
        assert [row.spent for row, _phone in rows if row.client.account == anna] == [spent]
        assert len(rows) == len(people)
    stranger = Desk(cast.pryanik, cast.pryanik.owner)
    assert stranger.get("clients/", {"q": "анна"}).context["rows"] == []
