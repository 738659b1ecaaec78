"""Two clients who are one person: found, made one, and two again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries

from clients import consents, duplicates, merging
from clients.models import Client, ClientMerge, Consent
from loyalty.audit import audit
from loyalty.models import Account, Card
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.counter import Desk, enrolled, said
from tests.loyalty.shop import ONE_PER_ONE, TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
BORN = dt.date(1990, 5, 1)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story
        assert [str(found) for _check, found in audit(now=story.now) if found] == []


@pytest.fixture
def two(story: TillStory, cast: Cast) -> tuple[Client, Client]:
    """Anna with a bought coffee, and Anna again with points and another phone."""
    anna = enrolled(cast.zerno, "Анна Смирнова", "+79160000001", NOON, birthday=BORN)
    again = enrolled(cast.zerno, "анна смирнова", "+79160000002", NOON, birthday=BORN, email="anna@example.org")
    story.sell(anna.account, "100")
    story.give(again.account, "30")
    return anna, again


def alike(story: TillStory, **more: Any) -> list[tuple[str, str, bool, bool]]:
    page = duplicates.page_of(program_id=story.program_id, **more)
    return [(pair.newer.name, pair.older.name, pair.by_email, pair.by_name) for pair in page.rows]


def test_who_is_alike(story: TillStory, cast: Cast) -> None:
    for n, (name, email, birthday) in enumerate(
        [
            ("Анна", "one@example.org", BORN),
            ("анна", "", BORN),
            ("Борис", "ONE@example.org", None),
            ("Анна", "", None),
            ("Вера", "", BORN),
            ("", "", BORN),
            ("", "", BORN),
        ]
    ):
        enrolled(cast.zerno, name, f"+7916000000{n}", NOON, email=email, birthday=birthday)
    with tenant(cast.pryanik.program.pk):
        enrolled(cast.pryanik, "Анна", "+79160000001", NOON, email="one@example.org", birthday=BORN)
    assert alike(story) == [("Борис", "Анна", True, False), ("анна", "Анна", False, True)]
    first = duplicates.page_of(program_id=story.program_id, size=1)
    assert alike(story, size=1, cursor=first.older) == [("анна", "Анна", False, True)]
    assert alike(story, cursor="nonsense") == alike(story)


def test_the_list_costs_the_same_for_many(
    story: TillStory, cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    desk = Desk(cast.zerno, cast.zerno.manager)
    for n in range(24):
        enrolled(cast.zerno, "Анна", f"+791600000{n:02}", NOON, birthday=BORN)
    desk.get("clients/similar/")
    with django_assert_max_num_queries(20):
        page = desk.get("clients/similar/")
    assert len(page.context["pairs"]) == 20
    assert "?before=" in page.content.decode()


def test_a_merge_with_its_numbers(two: tuple[Client, Client], story: TillStory, cast: Cast) -> None:
    anna, again = two
    desk = Desk(cast.zerno, cast.zerno.manager)
    assert "Одинаковые имя и день рождения" in desk.text("clients/similar/")
    path = f"clients/{anna.account.public_id}/merge/{again.account.public_id}/"
    asked = desk.get(path)
    for words in ("100 зёрен", "30 зёрен", "130 зёрен", "+7 916 000-00-02"):
        assert words in said(asked).replace("\xa0", " "), words
    # The bakery sells in this programme, too: what is bought there is not told.
    assert "чек" not in said(asked).partition("перейдут")[2]
    done = desk.post(path, {"seen": asked.context["form"].initial["seen"]})
    assert "Карты объединены" in said(done)
    assert "объединён клиент" in said(done)
    assert "+7 916 000-00-02" in said(done).replace("\xa0", " ")
    anna.refresh_from_db()
    # The one who stays keeps what is his, and gets what he has not.
    assert (anna.name, str(anna.phone), anna.email) == ("Анна Смирнова", "+79160000001", "anna@example.org")
    assert Client.objects.filter(pk=again.pk).count() == 0
    assert story.standing(anna.account).balance == 130
    assert "Похожих клиентов нет" in desk.text("clients/similar/")
    assert "Анна Смирнова" in desk.text("clients/", {"q": "Анна"})


def test_numbers_that_have_changed_are_shown_again(two: tuple[Client, Client], story: TillStory, cast: Cast) -> None:
    anna, again = two
    desk = Desk(cast.zerno, cast.zerno.owner)
    path = f"clients/{anna.account.public_id}/merge/{again.account.public_id}/"
    seen = desk.get(path).context["form"].initial["seen"]
    story.sell(again.account, "10")
    answer = desk.post(path, {"seen": seen})
    assert "цифры изменились" in said(answer)
    assert ClientMerge.objects.count() == 0


def test_it_is_undone_from_the_page_of_the_client(two: tuple[Client, Client], story: TillStory, cast: Cast) -> None:
    anna, again = two
    said_yes = {Consent.Kind.ADVERTISING: True}
    consents.say(client=again, said=said_yes, texts={}, source="poster:1", now=NOON)
    Client.objects.filter(pk=again.pk).update(note="без сахара")
    again.refresh_from_db()
    before = [Client.objects.filter(pk=pk).values().get() for pk in (anna.pk, again.pk)]
    row = merging.merge(keep=anna, drop=again, now=NOON, by=cast.zerno.owner)
    anna.refresh_from_db()
    assert (anna.note, consents.held(anna)) == ("без сахара", {})
    story.sell(anna.account, "100", points="25")
    desk = Desk(cast.zerno, cast.zerno.owner)
    page = desk.text(f"clients/{anna.account.public_id}/")
    assert "Отменить объединение по 20.12.2026 включительно" in page
    path = f"clients/{anna.account.public_id}/merges/{row.pk}/undo/"
    asked = desk.get(path)
    assert "Баллов перешло тогда 30 зёрен" in said(asked).replace("\xa0", " ")
    done = desk.post(path, {"seen": asked.context["form"].initial["seen"]})
    assert "снова своя карта" in said(done)
    assert [Client.objects.filter(pk=pk).values().get() for pk in (anna.pk, again.pk)] == before
    back = Client.objects.get(pk=again.pk)
    assert consents.held(back) == said_yes
    assert Card.objects.get(kind="phone", account=back.account).number == "+79160000002"
    total = story.standing(anna.account).balance + story.standing(back.account).balance
    assert total == 100 + 30 + 75 - 25
    assert "Отменить объединение" not in desk.text(f"clients/{anna.account.public_id}/")


def test_what_was_corrected_since_stays(two: tuple[Client, Client], story: TillStory) -> None:
    anna, again = two
    row = merging.merge(keep=anna, drop=again, now=NOON, by="test")
    Client.objects.filter(pk=anna.pk).update(email="new@example.org")
    other, _done = merging.unmerge(merge=row, now=NOON, by="test")
    anna.refresh_from_db()
    assert (anna.email, other.email) == ("new@example.org", "anna@example.org")


@pytest.mark.parametrize("why", ["blocked", "hold", "invited"])
def test_refusals_are_told_in_words(two: tuple[Client, Client], story: TillStory, cast: Cast, why: str) -> None:
    anna, again = two
    match why:
        case "blocked":
            Account.objects.filter(pk=again.account_id).update(status="blocked")
        case "hold":
            story.hold(again.account, "10")
        case "invited":
            Account.objects.filter(pk=again.account_id).update(referrer=anna.account)
    desk = Desk(cast.zerno, cast.zerno.owner)
    answer = desk.browser.get(
        desk.path(f"clients/{anna.account.public_id}/merge/{again.account.public_id}/"), follow=True
    )
    words = {"blocked": "заблокирован", "hold": "оплачивается", "invited": "пригласил"}
    assert words[why] in answer.content.decode()


def test_after_a_month_nothing_is_kept_of_the_other(two: tuple[Client, Client], story: TillStory) -> None:
    anna, again = two
    merging.merge(keep=anna, drop=again, now=NOON, by="test")
    assert merging.forget(now=NOON + dt.timedelta(days=29)) == 0
    assert merging.forget(now=NOON + dt.timedelta(days=30)) == 1
    assert merging.undoable(anna, NOON) == []


def test_a_client_who_is_deleted_takes_the_other_along(two: tuple[Client, Client], story: TillStory) -> None:
    anna, again = two
    merging.merge(keep=anna, drop=again, now=NOON, by="test")
    Client.objects.get(pk=anna.pk).delete()
    assert ClientMerge.objects.count() == 0
