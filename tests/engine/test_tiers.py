"""Which tier a client is in."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest

from loyalty.engine import tiers
from loyalty.engine.cart import Client
from loyalty.engine.rulebook import Amounts
from tests.engine.said import NOON, buys, client, rules

LADDER = rules(
    tiers=[
        {"id": "bronze", "title": "Бронза"},
        {"id": "silver", "title": "Серебро", "spent": "10000", "visits": 10},
        {"id": "gold", "title": "Золото", "spent": "20000"},
        {"id": "club", "title": "Клуб", "visits": 50},
    ]
)


@pytest.mark.parametrize(
    ("spent", "visits", "tier"),
    [
        ("0", 0, "bronze"),
        ("9999.99", 9, "bronze"),
        ("10000", 0, "silver"),
        ("0", 10, "silver"),
        ("20000", 0, "gold"),
        ("0", 49, "silver"),
        ("0", 50, "club"),
        ("20000", 50, "club"),
    ],
)
def test_reached_by_money_or_by_visits(spent: str, visits: int, tier: str) -> None:
    found = tiers.reached(LADDER, Amounts(D(spent), visits))
    assert found is not None
    assert found.id == tier


def test_without_tiers_there_is_none() -> None:
    assert tiers.reached(rules(), Amounts(D(10**6), 99)) is None


@pytest.mark.parametrize(
    ("tier", "spent", "now"),
    [("bronze", "10000", "silver"), ("gold", "0", "gold"), ("", "0", "bronze"), ("forgotten", "10000", "silver")],
)
def test_nothing_is_taken_away_by_buying(tier: str, spent: str, now: str) -> None:
    found = tiers.held(LADDER, Client(tier=tier, spent=D(spent)), NOON).tier
    assert found is not None
    assert found.id == now


@pytest.mark.parametrize(
    ("tier", "manual", "until", "effective"),
    [
        ("bronze", "gold", None, "gold"),
        ("bronze", "gold", NOON + dt.timedelta(seconds=1), "gold"),
        ("bronze", "gold", NOON, "bronze"),
        # A floor, not a ceiling.
        ("club", "silver", None, "club"),
        ("bronze", "forgotten", None, "bronze"),
        ("bronze", "", None, "bronze"),
    ],
)
def test_a_manual_status(tier: str, manual: str, until: dt.datetime | None, effective: str) -> None:
    who = Client(tier=tier, manual_tier=manual, manual_tier_until=until)
    found = tiers.effective(LADDER, who, NOON)
    assert found is not None
    assert found.id == effective


def test_every_tier_that_is_passed_gives_its_gift() -> None:
    bronze, silver, gold, club = LADDER.tiers
    assert tiers.reached_between(LADDER, bronze, gold) == (silver, gold)
    assert tiers.reached_between(LADDER, None, silver) == (bronze, silver)
    assert tiers.reached_between(LADDER, gold, gold) == ()
    assert tiers.reached_between(LADDER, gold, None) == ()
    assert tiers.following(LADDER, gold) == club
    assert tiers.following(LADDER, club) is None


def test_the_receipt_itself_is_computed_with_the_tier_before_it() -> None:
    ladder = rules(
        tiers=[
            {"id": "b", "title": "B", "earn_percent": "1"},
            {"id": "s", "title": "S", "spent": "100", "earn_percent": "10"},
        ]
    )
    assert buys(ladder, client(tier="b"), "100").earned == 1
    assert buys(ladder, client(tier="b", spent=D(100)), "100").earned == 10


@pytest.mark.parametrize(
    ("price", "missing", "visits"), [("100", 9900, 10), ("9999.99", D("0.01"), 10), ("10000", None, None)]
)
def test_what_is_missing_after_this_receipt(price: str, missing: D | None, visits: int | None) -> None:
    facts = [fact for fact in buys(LADDER, client(tier="bronze"), price).facts if fact.effect == "tier"]
    assert [(fact.missing, fact.missing_visits) for fact in facts] == ([] if missing is None else [(missing, visits)])
