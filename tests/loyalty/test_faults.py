"""Every fault that validation can find has a sentence, and a place that an owner recognises."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from loyalty import engine, faults
from loyalty.differences import differences
from loyalty.engine.rulebook import Rulebook, dump, load
from loyalty.engine.validation import Fault, faults_of

BASE = {"id": "base", "title": "База", "effect": {"kind": "percent", "percent": "5"}}


def test_every_code_has_words() -> None:
    source = Path(engine.__path__[0], "validation.py").read_text()
    codes = set(re.findall(r'Fault\([^)]*?, "(\w+)"', source)) | {"malformed", "differs_from_program"}
    assert len(codes) > 10
    assert codes <= set(faults.SENTENCES)


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
    ],
    ids=str,
)
def test_faults_are_sentences(document: dict[str, Any], language: str) -> None:
    with translation.override(language):
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
