"""Stamp cards: every sixth coffee, as a worked story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal as D
from functools import partial
from typing import Any

import pytest

from loyalty.audit import audit
from loyalty.engine.cart import Line, line
from loyalty.explanations import explain
from loyalty.merging import merge
from loyalty.models import Account
from loyalty.stamps import cards_of
from loyalty.wording import words_of
from tests.loyalty.at_once import at_once
from tests.loyalty.shop import TillStory

COFFEE: dict[str, Any] = {
    "id": "coffee",
    "title": "Шестой кофе в подарок",
    "effect": {"kind": "stamps", "points": "200", "needed": 6},
    "goods": {"categories": ["Кофе"]},
}


def coffee(pieces: str = "1") -> Line:
    return line(price=D(200), quantity=D(pieces), name="Капучино", category="Кофе", sku="cappuccino")


def publish(story: TillStory, *rules: dict[str, Any]) -> None:
    story.publish({"rules": list(rules)})


def have(story: TillStory, account: Account) -> list[tuple[int, int]]:
    cards = cards_of(program_id=story.program_id, account_id=account.pk, now=story.now)
    return [(card.have, card.needed) for card in cards]


@pytest.fixture
def shop(db: None, story: TillStory) -> Iterator[TillStory]:
    yield story
    wrong = [str(found) for _check, found in audit(now=story.now) if found]
    assert wrong == []


def said(story: TillStory, receipt: Any) -> list[str]:
    words = words_of(story.program_id)
    return [explain(fact, words).why for fact in receipt.facts if fact.effect == "stamps"]


def test_the_sixth_coffee(shop: TillStory) -> None:
    publish(shop, COFFEE)
    anna = shop.join()
    assert have(shop, anna) == [(0, 6)]
    first = shop.sell(anna, coffee("2"), "500")
    assert (have(shop, anna), said(shop, first)) == ([(2, 6)], ["Ещё 4 штампа до подарка"])
    assert shop.sell(anna, "500").points_earned == 0
    full = shop.sell(anna, coffee("5"))
    assert full.points_earned == 200
    assert said(shop, full) == ["Карта заполнена: 200 зёрен"]
    assert have(shop, anna) == [(1, 6)]


def test_a_returned_coffee_takes_its_stamp_and_the_gift(shop: TillStory) -> None:
    publish(shop, COFFEE)
    anna = shop.join()
    shop.sell(anna, coffee("4"))
    sale = shop.sell(anna, coffee("3"), "100")
    assert (shop.standing(anna).balance, have(shop, anna)) == (200, [(1, 6)])
    shop.give_back(sale, [(0, "1")])
    assert (shop.standing(anna).balance, have(shop, anna)) == (200, [(0, 6)])
    shop.give_back(sale, [(1, "1")])
    assert have(shop, anna) == [(0, 6)]
    shop.give_back(sale, [(0, "1")])
    assert (shop.standing(anna).balance, have(shop, anna)) == (0, [(5, 6)])
    shop.void(sale)
    assert have(shop, anna) == [(4, 6)]
    assert shop.sell(anna, coffee("2")).points_earned == 200


def test_a_gift_that_was_spent_is_owed(shop: TillStory) -> None:
    publish(shop, COFFEE)
    anna = shop.join()
    sale = shop.sell(anna, coffee("6"))
    shop.sell(anna, "500", points="200")
    shop.void(sale)
    assert (shop.standing(anna).balance, have(shop, anna)) == (-200, [(0, 6)])


def test_several_cards_and_what_they_count(shop: TillStory) -> None:
    visits = {"id": "days", "title": "Дни", "effect": {"kind": "stamps", "points": "50", "needed": 2, "of": "visits"}}
    receipts = {
        "id": "receipts",
        "title": "Чеки от 300",
        "effect": {"kind": "stamps", "points": "10", "needed": 3, "of": "receipts"},
        "when": [{"kind": "minimum_receipt", "amount": "300"}],
    }
    two = {**COFFEE, "effect": {**COFFEE["effect"], "per_receipt": 2}}
    publish(shop, two, visits, receipts)
    anna = shop.join()
    shop.sell(anna, coffee("5"))
    assert have(shop, anna) == [(2, 6), (1, 2), (1, 3)]
    second = shop.sell(anna, coffee())
    assert have(shop, anna) == [(3, 6), (1, 2), (1, 3)]
    assert "Штамп этого дня уже стоит" in said(shop, second)
    shop.later(days=1)
    last = shop.sell(anna, "400")
    assert have(shop, anna) == [(3, 6), (0, 2), (2, 3)]
    assert last.points_earned == 50
    shop.void(last)
    assert have(shop, anna) == [(3, 6), (1, 2), (1, 3)]
    assert shop.sell(anna, "10").points_earned == 50
    assert shop.standing(anna).balance == 50


def test_goods_that_earn_nothing_bring_no_stamp_nor_take_one(shop: TillStory) -> None:
    publish(shop, COFFEE)
    anna = shop.join()
    no_earn = line(price=D(100), name="Сигареты", category="Кофе", sku="x", earn=False)
    sale = shop.sell(anna, coffee("2"), no_earn)
    assert have(shop, anna) == [(2, 6)]
    shop.give_back(sale, [(1, "1")])
    assert have(shop, anna) == [(2, 6)]


def test_a_late_receipt_and_a_hold(shop: TillStory) -> None:
    until = {"kind": "period", "since": "2026-11-01", "until": "2026-11-21"}
    publish(shop, {**COFFEE, "when": [until]})
    anna = shop.join()
    hold = shop.hold(anna, coffee("2"))
    assert have(shop, anna) == [(0, 6)]
    shop.commit(hold)
    assert have(shop, anna) == [(2, 6)]
    at = shop.now
    shop.later(days=1)
    assert have(shop, anna) == []
    shop.sell(anna, coffee("1"), at=at)
    shop.sell(anna, coffee("1"))
    assert [(card.have) for card in cards_of(program_id=shop.program_id, account_id=anna.pk, now=at)] == [3]


def test_a_merge_adds_the_cards(shop: TillStory) -> None:
    publish(shop, COFFEE)
    anna, boris = shop.join(), shop.join("+79160000001")
    shop.sell(anna, coffee("4"))
    shop.sell(boris, coffee("1"))
    merge(keep=anna, drop=boris, now=shop.now, by="test")
    assert have(shop, anna) == [(5, 6)]


def test_budget_ends_the_gifts(shop: TillStory) -> None:
    publish(shop, {**COFFEE, "limits": {"budget": "200"}})
    anna, boris = shop.join(), shop.join("+79160000001")
    assert shop.sell(anna, coffee("6")).points_earned == 200
    assert shop.sell(boris, coffee("6")).points_earned == 0


@pytest.mark.django_db(transaction=True)
def test_eight_tills_and_one_card(transactional_db: None, story: TillStory) -> None:
    publish(story, COFFEE)
    anna = story.join()
    requests = [story.request(anna, coffee()) for _n in range(8)]
    at_once(story.program_id, [partial(story.sell_raw, request) for request in requests])
    assert (have(story, anna), story.standing(anna).balance) == ([(2, 6)], 200)
    assert [str(found) for _check, found in audit(now=story.now + dt.timedelta(1)) if found] == []
