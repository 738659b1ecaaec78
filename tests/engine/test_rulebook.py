"""The format of the rules: loaded, dumped, hashed, described by a JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import loyalty
from loyalty.engine import rulebook as engine
from loyalty.engine.rulebook import Rulebook, digest, dump, load

FILE = Path(loyalty.__file__).parent / "program.schema.json"
# As JSON has it: what the engine gives are tuples.
SCHEMA = json.loads(json.dumps(engine.json_schema()))

COFFEE: dict[str, Any] = {
    "format": 1,
    "program": {"currency": "RUB", "precision": 2, "time_zone": "Asia/Omsk", "day_starts_at": "05:00:00"},
    "points": {
        "value": "0.05",
        "rounding": "half_up",
        "earn_on": "total",
        "earn_when_redeeming": False,
        "pending_days": 14,
        "expiry": {"kind": "days", "days": 180},
        "debt": "clamp",
    },
    "spending": {
        "max_percent": "50",
        "per_receipt": "1000",
        "per_day": "2000",
        "min_points": "10",
        "step": "10",
        "confirm": ["phone"],
    },
    "tiers": [
        {"id": "bronze", "title": "Бронза", "earn_percent": "3"},
        {"id": "silver", "title": "Серебро", "spent": "10000", "visits": 20, "earn_percent": "5", "gift": "100"},
    ],
    "rules": [
        {"id": "welcome", "title": "За знакомство", "effect": {"kind": "welcome", "points": "100"}},
        {
            "id": "evening",
            "title": "Вечером ×2",
            "effect": {"kind": "multiply", "by": "2"},
            "goods": {"categories": ["coffee"], "except_skus": ["decaf"]},
            "when": [
                {
                    "kind": "period",
                    "since": "2026-11-01",
                    "weekdays": [1, 2],
                    "time_from": "18:00:00",
                    "time_to": "20:00:00",
                },
                {"kind": "tier", "tiers": ["silver"]},
                {"kind": "identified", "by": ["card", "code"]},
            ],
        },
        {"id": "off", "title": "−5 %", "effect": {"kind": "discount", "percent": "5"}},
        {"id": "every", "title": "10 за 300", "effect": {"kind": "for_every", "points": "10", "amount": "300"}},
    ],
}
EXAMPLES = [
    {},
    COFFEE,
    {"points": {"expiry": {"kind": "date", "date": "2026-12-31"}}},
    {"points": {"expiry": {"kind": "never"}}},
]


@pytest.mark.parametrize("document", EXAMPLES)
def test_there_and_back(document: dict[str, Any]) -> None:
    rulebook = load(document)
    complete = dump(rulebook)
    assert load(complete) == rulebook
    assert dump(load(complete)) == complete
    assert digest(complete) == digest(json.loads(json.dumps(complete)))


def test_every_default_is_spelled_out() -> None:
    complete = dump(load({}))
    assert set(complete) == set(Rulebook.__struct_fields__)
    assert set(complete["spending"]["confirm"]) == {"phone", "id"}


def test_the_digest_knows_the_rules_and_not_their_spelling() -> None:
    shuffled = dict(reversed(COFFEE.items()))
    assert digest(dump(load(shuffled))) == digest(dump(load(COFFEE)))
    assert digest(dump(load({**COFFEE, "points": {}}))) != digest(dump(load(COFFEE)))


@pytest.mark.parametrize("document", EXAMPLES)
def test_the_schema_accepts_what_the_engine_accepts(document: dict[str, Any]) -> None:
    jsonschema.validate(document, SCHEMA)
    jsonschema.validate(json.loads(json.dumps(dump(load(document)))), SCHEMA)


@pytest.mark.parametrize(
    "document",
    [
        {"format": 2},
        {"strange": 1},
        {"program": {"precision": 1}},
        {"program": {"currency": "rub"}},
        {"points": {"rounding": "bankers"}},
        {"points": {"expiry": {"kind": "days", "days": 0}}},
        {"tiers": [{"id": "Бронза", "title": "x"}]},
        {"tiers": [{"id": "b"}]},
        {"rules": [{"id": "r", "title": "", "effect": {"kind": "welcome", "points": "1"}}]},
        {"rules": [{"id": "r", "title": "r", "effect": {"kind": "magic"}}]},
        {"rules": [{"id": "r", "title": "r", "effect": {"kind": "welcome"}}]},
        {
            "rules": [
                {
                    "id": "r",
                    "title": "r",
                    "effect": {"kind": "welcome", "points": "1"},
                    "when": [{"kind": "tier", "tiers": []}],
                }
            ]
        },
    ],
)
def test_the_schema_refuses_what_the_engine_refuses(document: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        load(document)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, SCHEMA)


def test_the_schema_in_the_repository_is_up_to_date() -> None:
    """`manage.py program schema > loyalty/program.schema.json` writes it anew."""
    assert json.loads(FILE.read_text()) == SCHEMA
