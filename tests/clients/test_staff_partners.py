"""Points by hand in a programme of several merchants: each undoes its own, and reasons stay at home."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D

import pytest
import time_machine
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from clients import card_links
from clients.models import Client
from loyalty import accounts
from loyalty.models import Entry
from loyalty.undoing import CannotUndo, undo_adjustment
from merchants.access import tenant
from tests.cast import Cast, Shop
from tests.clients.counter import Desk, enrolled
from tests.loyalty.shop import TillStory

NOON = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with time_machine.travel(NOON, tick=False), tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOON)
        story.publish({})
        yield story


@pytest.fixture
def anna(cast: Cast, story: TillStory) -> Client:
    return enrolled(cast.zerno, "Анна", "+79161234567", NOON)


def give(shop: Shop, client: Client, points: str, reason: str) -> Entry:
    accounts.adjust(
        account=client.account,
        points=D(points),
        reason=reason,
        now=NOON,
        by=shop.owner,
        merchant_id=shop.merchant.pk,
    )
    return Entry.objects.latest("pk")


def page_of(shop: Shop, client: Client) -> str:
    return Desk(shop, shop.owner).text(f"clients/{client.account.public_id}/")


def undo_path(client: Client, entry: Entry) -> str:
    return f"clients/{client.account.public_id}/points/{entry.pk}/undo/"


@pytest.mark.parametrize("points", ["50", "-20"])
def test_a_partners_points_by_hand(cast: Cast, story: TillStory, anna: Client, points: str) -> None:
    give(cast.bakery, anna, "100", "булочки")
    entry = give(cast.zerno, anna, points, "разбили чашку")
    ours, theirs = page_of(cast.zerno, anna), page_of(cast.bakery, anna)
    assert "разбили чашку" in ours
    assert "булочки" not in ours
    assert ours.count("Отменить") == 1
    assert "разбили чашку" not in theirs
    assert cast.zerno.owner.email not in theirs
    assert "В другой компании программы" in theirs
    baker = Desk(cast.bakery, cast.bakery.owner)
    assert baker.get(undo_path(anna, entry)).status_code == 404
    assert baker.post(undo_path(anna, entry), {"reason": "x", "seen": ""}).status_code == 404
    with pytest.raises(CannotUndo, match="not_yours"):
        undo_adjustment(entry=entry, reason="", now=NOON, by="test", merchant_id=cast.bakery.merchant.pk)
    undo_adjustment(entry=entry, reason="ошибка Гали", now=NOON, by="test", merchant_id=cast.zerno.merchant.pk)
    assert "ошибка Гали" in page_of(cast.zerno, anna)
    assert "ошибка Гали" not in page_of(cast.bakery, anna)


def test_whose_points_by_hand_they_were_is_not_known(cast: Cast, story: TillStory, anna: Client) -> None:
    """Of the platform, or of before it was written down: nobody's in a coalition, the shop's where it is alone."""
    accounts.adjust(account=anna.account, points=D(10), reason="платформа", now=NOON, by="test")
    accounts.adjust(account=anna.account, points=D(-5), reason="платформа", now=NOON, by="test")
    for shop in (cast.zerno, cast.bakery):
        text = page_of(shop, anna)
        assert "платформа" not in text
        assert "Отменить" not in text
    with tenant(cast.pryanik.program.pk):
        TillStory(cast.pryanik, NOON).publish({})
        egor = enrolled(cast.pryanik, "Егор", "+79161234568", NOON)
        accounts.adjust(account=egor.account, points=D(10), reason="платформа", now=NOON, by="test")
        accounts.adjust(account=egor.account, points=D(-5), reason="платформа", now=NOON, by="test")
    text = page_of(cast.pryanik, egor)
    assert text.count("платформа") == 2
    assert text.count("Отменить") == 2


def test_the_price_does_not_grow(
    cast: Cast, story: TillStory, anna: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    path = f"clients/{anna.account.public_id}/"
    for _n in range(9):
        undone = give(cast.zerno, anna, "5", "подарок")
        undo_adjustment(entry=undone, reason="", now=NOON, by="test", merchant_id=cast.zerno.merchant.pk)
    desk = Desk(cast.zerno, cast.zerno.owner)
    desk.get(path)
    with django_assert_max_num_queries(20):
        desk.get(path)


def test_the_till_of_a_partner_reads_no_reasons(cast: Cast, story: TillStory, anna: Client, client: Browser) -> None:
    give(cast.zerno, anna, "50", "разбили чашку")
    path = f"/api/v1/clients/{anna.account.public_id}/history"
    assert "разбили чашку" in client.get(path, headers=cast.zerno.auth).content.decode()
    assert "разбили чашку" not in client.get(path, headers=cast.bakery.auth).content.decode()


def test_the_client_reads_what_was_meant_for_him(cast: Cast, story: TillStory, anna: Client, client: Browser) -> None:
    """The form of points by hand says that the client sees the reason; that of an undoing, that it is for the log."""
    entry = give(cast.zerno, anna, "50", "Извинение: долго ждали")
    undo_adjustment(entry=entry, reason="клиент врёт", now=NOON, by="test", merchant_id=cast.zerno.merchant.pk)
    for step in ("", "history/"):
        text = client.get(f"/card/{card_links.token_of(anna)}/{step}").content.decode()
        assert "долго ждали" in text
        assert "Отмена ручной операции" in text
        assert "врёт" not in text
    assert "клиент врёт" in page_of(cast.zerno, anna)
