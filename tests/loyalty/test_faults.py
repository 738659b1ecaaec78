"""Every fault that validation can find has a sentence, and a place that an owner recognises."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from loyalty import faults
from loyalty.differences import differences
from loyalty.engine.faults import Fault
from loyalty.engine.rulebook import Rulebook, dump, load
from loyalty.engine.validation import faults_of

STEPS = [{"at_least": "5", "percent": "5"}, {"at_least": "5", "percent": "7"}]
OFF = {"kind": "discount", "percent": "10"}
BASE = {"id": "base", "title": "База", "effect": {"kind": "percent", "percent": "5"}}


def test_every_code_has_words() -> None:
    codes = set(codes_in(Path(faults.__file__).parent))
    assert codes >= {"malformed", "differs_from_program", "steps_must_rise", "not_positive", "fixed_by_first_version"}
    assert codes <= set(faults.SENTENCES)


def codes_in(folder: Path) -> Iterator[str]:
    """The second argument wherever a fault is made."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                yield from (
                    part.value
                    for part in ast.walk(node.args[1])
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    "document",
    [
        {"tiers": [{"id": "A", "title": "x"}]},
        {"tiers": [{"id": "a"}]},
        {"tiers": [{"id": "a", "title": ""}]},
        {"tiers": "x"},
        {"tier": []},
        {"points": {"value": "x"}},
        {"points": {"pending_days": -1}},
        {"points": {"pending_days": 99999}},
        {"points": {"expiry": {"kind": "soon"}}},
        {"points": {"expiry": {"kind": "date", "date": "tomorrow"}}},
        {"points": {"rounding": "sideways"}},
        {"rules": [{**BASE, "effect": {"kind": "percent", "percent": "101"}}]},
        {"rules": [BASE, BASE]},
        {"rules": [{**BASE, "when": [{"kind": "tier", "tiers": []}]}]},
        {"rules": [{**BASE, "when": [{"kind": "tier", "tiers": ["gold"]}]}]},
        {"spending": {"step": "0"}},
        {"spending": {"min_points": "10", "per_receipt": "5"}},
        {"program": {"time_zone": "Europe/Moskva"}},
        {"status": {"downgrade": "at_once"}},
        {"status": {"window": {"kind": "days", "days": 3}}},
        {"points": {"caps": {"per_day": "0"}}},
        {"tiers": [{"id": "a", "title": "A"}, {"id": "b", "title": "B"}]},
        {"tiers": [{"id": "a", "title": "A", "referrals": 3}, {"id": "b", "title": "B", "referrals": 3}]},
        {"rules": [{**BASE, "effect": {"kind": "milestone", "points": "5"}}]},
        {"rules": [{**BASE, "effect": {"kind": "coupon", "every": "500"}}]},
        {"rules": [{**BASE, "effect": {"kind": "ladder", "by": "line_amount", "days": 5, "steps": STEPS}}]},
        {"rules": [{**BASE, "when": [{"kind": "visits_within", "visits": 5, "days": 3}]}]},
        {"rules": [{**BASE, "when": [{"kind": "age", "at_least": 30, "at_most": 20}]}]},
        {"rules": [{**BASE, "when": [{"kind": "turnover", "at_least": "30", "below": "20"}]}]},
        {"rules": [{**BASE, "when": [{"kind": "period", "since": "2026-12-01", "until": "2026-11-01"}]}]},
        {"rules": [{**BASE, "group": "g"}, {**BASE, "id": "d", "group": "g", "effect": OFF}]},
    ],
    ids=str,
)
def test_faults_are_sentences(document: dict[str, Any], language: str) -> None:
    with translation.override(language):
        assert faults_of(document)
        for fault in faults_of(document):
            said = faults.sentence(fault)
            assert said.endswith("."), said
            assert "`" not in said
            if language == "ru":
                assert re.search("[а-я]", said), said
                assert re.match("[А-Я]|$", faults.place(fault, document)), faults.place(fault, document)


def test_a_place_is_called_by_its_title() -> None:
    fault = Fault("/rules/0/effect/percent", "percent", "База")
    with translation.override("ru"):
        assert faults.place(fault, {"rules": [BASE]}) == "Правило «База» · Действие · Процент"


def test_a_field_of_the_vocabulary_is_called_as_in_its_form() -> None:
    rule = {**BASE, "when": [{"kind": "identified", "by": []}], "effect": {"kind": "multiply", "by": "1"}}
    with translation.override("ru"):
        assert faults.place(Fault("/rules/0/when/0/by", ""), {"rules": [rule]}).endswith("Условия 1 · Клиент найден")
        assert faults.place(Fault("/rules/0/effect/by", ""), {"rules": [rule]}).endswith("Действие · Во сколько раз")


def test_differences_follow_ids() -> None:
    before = dump(load({"rules": [BASE, {**BASE, "id": "old", "title": "Старое"}]}))
    changed = {**BASE, "effect": {"kind": "percent", "percent": "7"}}
    after = dump(load({"points": {"pending_days": 3}, "rules": [{**BASE, "id": "new", "title": "Новое"}, changed]}))
    with translation.override("ru"):
        found = {change.place: (change.before, change.after) for change in differences(before, after)}
    assert found["Правило «База» · Действие · Процент"] == ("5", "7")
    assert found["Правило «Старое»"][1] == ""
    assert found["Правило «Новое»"][0] == ""
    assert found["Баллы · Дней до возможности списать"] == ("0", "3")
    assert len(found) == 4
    assert differences(dump(Rulebook()), dump(Rulebook())) == []
