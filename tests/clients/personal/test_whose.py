"""Who may decide on a client for good: whoever works at all outlets, of the merchant whose client it is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import time_machine

from clients.models import Client
from clients.personal import requests
from loyalty.models import PersonalCoupon, Sale
from merchants.access import tenant
from merchants.models import Member
from tests.cast import Cast, Shop
from tests.clients.counter import Desk, enrolled, said
from tests.clients.personal.test_erasing import NOON, PHONE, SECOND, lived
from tests.loyalty.shop import ONE_PER_ONE, TillStory


@pytest.fixture
def story(cast: Cast) -> Iterator[TillStory]:
    with tenant(cast.zerno.program.pk), time_machine.travel(NOON, tick=False):
        story = TillStory(cast.zerno, NOON)
        story.publish(ONE_PER_ONE)
        yield story


def limited(cast: Cast) -> Desk:
    """The manager's, who works at one outlet."""
    Member.objects.get(user=cast.zerno.manager).outlets.set([cast.zerno.outlet])
    return Desk(cast.zerno, cast.zerno.manager)


def test_a_manager_of_one_outlet_neither_erases_nor_merges(cast: Cast, story: TillStory) -> None:
    anna, other = enrolled(cast.zerno, "Анна", PHONE, NOON), enrolled(cast.zerno, "Анна", SECOND, NOON)
    request = requests.ask(client=anna, source="test", now=NOON)
    one, two = (f"clients/{client.account.public_id}/" for client in (anna, other))
    pages = (
        f"{one}erase/",
        "clients/erasures/",
        f"clients/erasures/{request.pk}/stay/",
        "clients/similar/",
        f"{one}merge/{other.account.public_id}/",
    )
    assert [Desk(cast.zerno, cast.zerno.manager).get(page).status_code for page in pages[:4]] == [200] * 4
    desk = limited(cast)
    assert [desk.get(page).status_code for page in pages] == [403] * 5
    assert "Удалить навсегда" not in desk.text(two)


def test_a_partner_decides_on_those_who_have_bought_there(cast: Cast, story: TillStory) -> None:
    anna, other = enrolled(cast.zerno, "Анна", PHONE, NOON), enrolled(cast.zerno, "Анна", SECOND, NOON)
    request = requests.ask(client=other, source="test", now=NOON)
    desk = Desk(cast.bakery, cast.bakery.owner)
    one = f"clients/{anna.account.public_id}/"
    pages = (
        f"{one}erase/",
        f"clients/erasures/{request.pk}/stay/",
        f"{one}merge/{other.account.public_id}/",
    )
    assert [desk.get(page).status_code for page in pages] == [403] * 3
    assert "вступил в другой компании" in said(desk.get(pages[0]))
    desk.post(pages[0], {"seen": "0/0/0/0"})
    assert Client.objects.filter(pk=anna.pk).exists()
    listed = desk.text("clients/erasures/")
    assert "Решает Зерно" in listed
    assert "Остаётся…" not in listed
    TillStory(cast.bakery, NOON).sell(anna.account, "100")
    assert desk.get(pages[0]).status_code == 200


def test_a_clients_data_are_for_those_who_work_everywhere(cast: Cast, story: TillStory) -> None:
    anna = enrolled(cast.zerno, "Анна", PHONE, NOON)
    one = f"clients/{anna.account.public_id}/"
    assert "Все данные" in Desk(cast.zerno, cast.zerno.manager).text(one)
    desk = limited(cast)
    assert [desk.get(f"{one}data.{kind}").status_code for kind in ("json", "zip")] == [403, 403]
    assert "Все данные" not in desk.text(one)


def test_a_partner_hands_out_what_is_his(cast: Cast, story: TillStory) -> None:
    kleo = lived(cast, story)
    coupon = {"percent": 10, "expires_at": NOON, "account_id": kleo.account_id, "program": cast.zerno.program}
    sale = Sale.objects.filter(merchant=cast.zerno.merchant).earliest("pk")
    PersonalCoupon.objects.create(title="Чай", code="1000000000", earned_by=sale, **coupon)

    def given(shop: Shop) -> list[int]:
        answer = Desk(shop, shop.owner).get(f"clients/{kleo.account.public_id}/data.json")
        found = json.loads(b"".join(answer.streaming_content))
        return [len(found[section]) for section in ("receipts", "coupons", "actions", "imports")]

    assert given(cast.zerno) == [2, 1, 1, 1]
    assert given(cast.bakery) == [0, 0, 0, 0]
