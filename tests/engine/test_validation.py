"""Each fault of a draft, at its place."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty.engine.rulebook import load
from loyalty.engine.validation import faults_of
from tests.engine.test_rulebook import EXAMPLES


def tiers(*given: dict[str, Any]) -> dict[str, Any]:
    return {"tiers": [{"id": f"t{n}", "title": f"T{n}", **tier} for n, tier in enumerate(given)]}


def rule(effect: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"rules": [{"id": "r", "title": "R", "effect": effect, **more}]}


@pytest.mark.parametrize("document", EXAMPLES)
def test_nothing_is_wrong(document: dict[str, Any]) -> None:
    assert faults_of(document) == []


@pytest.mark.parametrize(
    ("document", "pointer", "code"),
    [
        ({"points": {"rounding": "x"}}, "/points/rounding", "malformed"),
        (tiers({}, {"spent": "x"}), "/tiers/1/spent", "malformed"),
        ([], "", "malformed"),
        ({"program": {"time_zone": "Mars/Olympus"}}, "/program/time_zone", "unknown_time_zone"),
        ({"points": {"value": "0"}}, "/points/value", "point_value"),
        ({"points": {"value": "-1"}}, "/points/value", "point_value"),
        ({"points": {"value": "0.00009"}}, "/points/value", "point_value"),
        ({"points": {"value": "10000.01"}}, "/points/value", "point_value"),
        ({"spending": {"max_percent": "100.01"}}, "/spending/max_percent", "percent"),
        ({"spending": {"max_percent": "-1"}}, "/spending/max_percent", "percent"),
        ({"spending": {"per_day": "-1"}}, "/spending/per_day", "negative"),
        ({"spending": {"step": "0"}}, "/spending/step", "negative"),
        ({"spending": {"min_points": "0.5"}}, "/spending/min_points", "precision"),
        ({"spending": {"min_points": "11", "per_receipt": "10"}}, "/spending/min_points", "minimum_above_cap"),
        (tiers({}, {"id": "t0", "spent": "1"}), "/tiers/1/id", "repeated"),
        (tiers({"earn_percent": "101"}), "/tiers/0/earn_percent", "percent"),
        (tiers({"discount_percent": "-1"}), "/tiers/0/discount_percent", "percent"),
        (tiers({"max_percent": "101"}), "/tiers/0/max_percent", "percent"),
        (tiers({"gift": "-1"}), "/tiers/0/gift", "not_positive"),
        (tiers({"gift": "0.5"}), "/tiers/0/gift", "precision"),
        (tiers({}, {}), "/tiers/1", "tier_unreachable"),
        (tiers({}, {"spent": "10"}, {"spent": "10"}), "/tiers/2/spent", "tier_order"),
        (tiers({}, {"visits": 5}, {"visits": 4}), "/tiers/2/visits", "tier_order"),
        (rule({"kind": "percent", "percent": "0"}), "/rules/0/effect/percent", "percent"),
        (rule({"kind": "discount", "percent": "100.5"}), "/rules/0/effect/percent", "percent"),
        (rule({"kind": "per_unit", "points": "0"}), "/rules/0/effect/points", "not_positive"),
        (rule({"kind": "for_every", "points": "0", "amount": "1"}), "/rules/0/effect/points", "not_positive"),
        (rule({"kind": "for_every", "points": "0.1", "amount": "1"}), "/rules/0/effect/points", "precision"),
        (rule({"kind": "for_every", "points": "1", "amount": "0"}), "/rules/0/effect/amount", "not_positive"),
        (rule({"kind": "multiply", "by": "1"}), "/rules/0/effect/by", "multiplier"),
        (rule({"kind": "welcome", "points": "-5"}), "/rules/0/effect/points", "not_positive"),
        (
            rule({"kind": "percent", "percent": "1"}, when=[{"kind": "tier", "tiers": ["gold"]}]),
            "/rules/0/when/0/tiers",
            "unknown_tier",
        ),
        # Numbers that are none.
        ({"points": {"value": "NaN"}}, "/points/value", "malformed"),
        ({"spending": {"per_receipt": "Infinity"}}, "/spending/per_receipt", "malformed"),
        (tiers({}, {"spent": "-Infinity"}), "/tiers/1/spent", "malformed"),
        (rule({"kind": "multiply", "by": "sNaN"}), "/rules/0/effect/by", "malformed"),
        # And numbers that no column of the books can hold.
        (rule({"kind": "welcome", "points": "1e15"}), "/rules/0/effect/points", "malformed"),
        (rule({"kind": "percent", "percent": "0.00000000001"}), "/rules/0/effect/percent", "malformed"),
    ],
)
def test_faults(document: Any, pointer: str, code: str) -> None:
    assert [(fault.pointer, fault.code) for fault in faults_of(document)] == [(pointer, code)]


def test_rules_that_share_an_id() -> None:
    one = {"id": "r", "title": "R", "effect": {"kind": "welcome", "points": "1"}}
    assert [(fault.pointer, fault.code, fault.subject) for fault in faults_of({"rules": [one, one]})] == [
        ("/rules/1/id", "repeated", "R")
    ]


def test_all_faults_are_told_at_once() -> None:
    document = {"points": {"value": "0"}, "spending": {"step": "0", "max_percent": "200"}, **tiers({"gift": "-1"})}
    assert [fault.pointer for fault in faults_of(document)] == [
        "/points/value",
        "/spending/max_percent",
        "/spending/step",
        "/tiers/0/gift",
    ]


def test_whatever_is_published_can_be_loaded() -> None:
    for document in EXAMPLES:
        assert load(document) is not None
