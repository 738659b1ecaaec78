"""Every act that the code records has words, and a kind to be found by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from merchants.acts import ACTS, GROUPS, known, words_of

ROOT = Path(__file__).resolve().parents[2]
APPS = ("merchants", "loyalty", "clients", "insights", "cashier", "config")
CODE = re.compile(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*")
# Functions that pass a code on to `audit.record`.
WRITERS = re.compile(r"_?(record|set_status|apply|log)(_\w+)?")


def codes_of(file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    named = assigned(tree)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            for value in given(call):
                for meant in named.get(getattr(value, "id", ""), [value]):
                    yield from (
                        part.value
                        for part in ast.walk(meant)
                        if isinstance(part, ast.Constant) and CODE.fullmatch(str(part.value))
                    )


def given(call: ast.Call) -> list[ast.expr]:
    """What a call passes as an action."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    named = [keyword.value for keyword in call.keywords if keyword.arg == "action"]
    return named + (call.args if WRITERS.fullmatch(name) else [])


def assigned(tree: ast.Module) -> dict[str, list[ast.expr]]:
    """All that the names of a module stand for."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, []).append(node.value)
    return found


def test_every_act_has_words() -> None:
    found = {
        code: str(file)
        for app in APPS
        for file in (ROOT / app).rglob("*.py")
        if "migrations" not in file.parts
        for code in codes_of(file)
    }
    assert {"account.blocked", "shop.started", "cashier.pin_set", "outlet.closed", "member.joined"} <= found.keys()
    assert {code: file for code, file in found.items() if not known(code)} == {}


def test_acts_stand_in_one_group_each() -> None:
    codes = [code for acts in ACTS.values() for code in acts]
    assert len(codes) == len(set(codes))
    assert ACTS.keys() == GROUPS.keys()


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("account.adjusted", "Баллы начислены или списаны вручную"),
        ("merchant.changed", "Настройки магазина изменены"),
        ("tillkey.changed", "Изменено оператором платформы"),
        ("something.new", "Другое действие"),
    ],
)
def test_words(action: str, words: str) -> None:
    with translation.override("ru"):
        assert str(words_of(action)) == words
