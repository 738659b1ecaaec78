"""Each condition at its borders, and which goods a rule is about."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from loyalty.engine.conditions import Goods
from tests.engine.said import ONE_PER_ONE, D, buys, client, goods, rules, why


def earned(
    when: dict[str, Any], *lines: str, at: str = "2026-11-21 12:00", tier: str = "", **more: Any
) -> tuple[int, str]:
    """Points of a rule with this condition, and the reason if there are none. `at` is Moscow's time."""
    rulebook = rules(
        {"effect": ONE_PER_ONE, "when": [when]},
        tiers=[{"id": "b", "title": "B"}, {"id": "s", "title": "S", "spent": "9"}],
    )
    moment = dt.datetime.fromisoformat(at).replace(tzinfo=dt.timezone(dt.timedelta(hours=3)))
    who = client(tier=tier, identified_by=more.pop("by", "card"))
    quoted = buys(rulebook, who, *(lines or ("100",)), at=moment, **more)
    return int(quoted.earned), why(quoted, "rule-0")


RECEIPT = {"kind": "minimum_receipt", "amount": "300"}
HOURS = {"kind": "period", "time_from": "09:00:00", "time_to": "12:00:00"}
NIGHT = {"kind": "period", "time_from": "22:00:00", "time_to": "06:00:00"}
DATES = {"kind": "period", "since": "2026-11-20", "until": "2026-11-21"}
WEEKEND = {"kind": "period", "weekdays": [6, 7]}


@pytest.mark.parametrize(
    ("when", "how", "reason"),
    [
        (RECEIPT, {"lines": ["299.99"]}, "minimum_receipt"),
        (RECEIPT, {"lines": ["300"]}, ""),
        (RECEIPT, {"lines": ["200", "100"]}, ""),
        ({"kind": "minimum_receipt", "amount": "0"}, {}, ""),
        ({"kind": "tier", "tiers": ["s"]}, {"tier": "b"}, "tier"),
        ({"kind": "tier", "tiers": ["s", "b"]}, {"tier": "b"}, ""),
        ({"kind": "outlet", "outlets": ["north"]}, {"outlet": "south"}, "outlet"),
        ({"kind": "outlet", "outlets": ["north"]}, {"outlet": "north"}, ""),
        ({"kind": "channel", "channels": ["online"]}, {}, "channel"),
        ({"kind": "channel", "channels": ["online"]}, {"channel": "online"}, ""),
        ({"kind": "identified", "by": ["code", "card"]}, {"by": "phone"}, "identified"),
        ({"kind": "identified", "by": ["code", "card"]}, {"by": "code"}, ""),
        (DATES, {"at": "2026-11-19 23:59:59"}, "period"),
        (DATES, {"at": "2026-11-20 00:00"}, ""),
        (DATES, {"at": "2026-11-21 23:59:59"}, ""),
        (DATES, {"at": "2026-11-22 00:00"}, "period"),
        ({"kind": "period", "since": "2026-11-21"}, {}, ""),
        ({"kind": "period", "until": "2026-11-20"}, {}, "period"),
        (WEEKEND, {"at": "2026-11-21 00:00"}, ""),
        (WEEKEND, {"at": "2026-11-22 23:59"}, ""),
        (WEEKEND, {"at": "2026-11-23 00:00"}, "weekday"),
        (HOURS, {"at": "2026-11-21 08:59:59"}, "hours"),
        (HOURS, {"at": "2026-11-21 09:00"}, ""),
        (HOURS, {"at": "2026-11-21 11:59:59"}, ""),
        (HOURS, {"at": "2026-11-21 12:00"}, "hours"),
        (NIGHT, {"at": "2026-11-21 21:59"}, "hours"),
        (NIGHT, {"at": "2026-11-21 22:00"}, ""),
        (NIGHT, {"at": "2026-11-21 05:59"}, ""),
        (NIGHT, {"at": "2026-11-21 06:00"}, "hours"),
        ({"kind": "period", "time_from": "18:00:00"}, {"at": "2026-11-21 18:00"}, ""),
        ({"kind": "period", "time_to": "18:00:00"}, {"at": "2026-11-21 18:00"}, "hours"),
        ({"kind": "period"}, {}, ""),
    ],
)
def test_conditions(when: dict[str, Any], how: dict[str, Any], reason: str) -> None:
    points, missed = earned(when, *how.pop("lines", ()), **how)
    assert (missed, points > 0) == (reason, reason == "")


def test_all_conditions_must_hold_and_the_first_that_does_not_is_named() -> None:
    rulebook = rules({"effect": ONE_PER_ONE, "when": [RECEIPT, {"kind": "channel", "channels": ["online"]}]})
    assert why(buys(rulebook, client(), "299"), "rule-0") == "minimum_receipt"
    assert why(buys(rulebook, client(), "300"), "rule-0") == "channel"
    assert buys(rulebook, client(), "300", channel="online").earned == 300


def test_what_is_missing_is_told() -> None:
    rulebook = rules({"effect": ONE_PER_ONE, "when": [RECEIPT]})
    (fact,) = buys(rulebook, client(), "280.50").facts
    assert (fact.applied, fact.missing) == (False, D("19.50"))


def test_the_receipt_counts_after_discounts() -> None:
    rulebook = rules({"kind": "discount", "percent": "10"}, {"effect": ONE_PER_ONE, "when": [RECEIPT]})
    assert buys(rulebook, client(), "333.33").earned == 300
    assert buys(rulebook, client(), "333.32").earned == 0


MILK, BREAD = (
    goods("50", sku="milk", category="dairy", brand="Луг"),
    goods("30", sku="bread", category="bakery", brand="Печь"),
)


@pytest.mark.parametrize(
    ("about", "points"),
    [
        ({}, 80),
        ({"skus": ["milk"]}, 50),
        ({"categories": ["bakery"]}, 30),
        ({"brands": ["Луг"]}, 50),
        ({"skus": ["milk"], "categories": ["bakery"]}, 80),
        ({"except_skus": ["milk"]}, 30),
        ({"except_categories": ["dairy"], "except_brands": ["Печь"]}, 0),
        ({"skus": ["milk"], "except_brands": ["Луг"]}, 0),
        ({"skus": ["tea"]}, 0),
    ],
)
def test_goods(about: dict[str, list[str]], points: int) -> None:
    rulebook = rules({"effect": ONE_PER_ONE, "goods": about})
    quoted = buys(rulebook, client(), MILK, BREAD)
    assert quoted.earned == points
    assert why(quoted, "rule-0") == ("" if points else "no_goods")


def test_a_line_without_a_category_is_in_none() -> None:
    assert not Goods(categories=("",)).takes(goods("1", category="x"))
    assert Goods(except_categories=("dairy",)).takes(goods("1"))
