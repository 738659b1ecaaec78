"""A new condition is one class in one file: everything else is made from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEW = '''
"""Conditions on the moon."""

from typing import Annotated

from loyalty.engine.conditions.base import Condition, Miss, Receipt
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop as _
from loyalty.engine.words import ngettext


class OnFullMoon(Condition, frozen=True, tag="full_moon"):
    """The receipt falls on a night of full moon, or some nights around it."""

    title = _("Full moon")
    says = (_("at full moon, %(around)s"), _("at full moon"))
    parts = {"around": ngettext("%(value)s night around it", "%(value)s nights around it", "around")}
    missed = _("Only at full moon")

    around: Annotated[int, field("days", _("Nights around it"), _("None: that night only."), ge=0, le=14)] = 0

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if abs(receipt.day.day - 15) <= self.around else Miss("full_moon")
'''
ASK = """
import datetime as dt, importlib.util, json, sys
from decimal import Decimal

# The folder stands beside the package's own before anything is imported from it.
package = importlib.util.find_spec("loyalty.engine.conditions")
package.submodule_search_locations.append(sys.argv[1])
sys.modules[package.name] = importlib.util.module_from_spec(package)
package.loader.exec_module(sys.modules[package.name])

import django
django.setup()

from loyalty.engine.cart import Cart, Client, line
from loyalty.engine.conditions import CONDITIONS
from loyalty.engine.quote import quote
from loyalty.engine.rulebook import Rulebook, json_schema, load
from loyalty.engine.validation import faults_of
from loyalty.explanations import explain
from loyalty.pages.rules.vocabulary import Setting, form_over
from loyalty.rule_sentences import rule_sentence
from loyalty.vocabulary import reference
from loyalty.wording import Words
from django.utils import translation

translation.activate("en")
words = Words(language="en")

def document(**fields):
    effect = {"kind": "give", "points": "5"}
    return {"rules": [{"id": "moon", "title": "Moon", "effect": effect, "when": [{"kind": "full_moon", **fields}]}]}

def fact(day):
    at = dt.datetime(2026, 11, day, 12, tzinfo=dt.UTC)
    (told,) = quote(load(document()), Client(), Cart((line(amount=Decimal(100)),)), at).facts
    return told

(new,) = [cls for cls in CONDITIONS if cls.__name__ == "OnFullMoon"]
print(json.dumps({
    "schema": json_schema()["$defs"]["OnFullMoon"],
    "faults": [fault.pointer for fault in faults_of(document(around=15))],
    "fine": faults_of(document(around=3)),
    "form": str(form_over(new, None, {"moon-around": "3"}, "moon", Setting(Rulebook())).made()),
    "reference": reference(),
    "applied": fact(15).applied,
    "reason": fact(1).reason,
    "why": explain(fact(1), words).why,
    "sentences": [
        rule_sentence(load(document(**fields)).rules[0], words) for fields in ({}, {"around": 1}, {"around": 3})
    ],
}))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("more")
    (folder / "moon.py").write_text(NEW)
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(folder)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "KOPILKA_LOCAL": "1"},
    )
    assert asked.returncode == 0, asked.stderr
    found: dict[str, Any] = json.loads(asked.stdout)
    return found


def test_the_format_knows_it(answers: dict[str, Any]) -> None:
    around = answers["schema"]["properties"]["around"]
    assert (around["title"], around["maximum"], around["default"]) == ("Nights around it", 14, 0)
    assert answers["faults"] == ["/rules/0/when/0/around"]
    assert answers["fine"] == []


def test_a_receipt_is_computed_with_it(answers: dict[str, Any]) -> None:
    assert answers["applied"]
    assert answers["reason"] == "full_moon"


def test_its_form_is_made(answers: dict[str, Any]) -> None:
    assert answers["form"] == "OnFullMoon(around=3)"


def test_it_is_said(answers: dict[str, Any]) -> None:
    assert answers["sentences"] == [
        "Moon: 5 points for the receipt on everything, at full moon.",
        "Moon: 5 points for the receipt on everything, at full moon, 1 night around it.",
        "Moon: 5 points for the receipt on everything, at full moon, 3 nights around it.",
    ]
    assert answers["why"] == "Only at full moon"


def test_it_is_documented(answers: dict[str, Any]) -> None:
    section = answers["reference"].partition("### `full_moon`")[2]
    assert section.startswith(": Full moon\n\nThe receipt falls on a night of full moon, or some nights around it.\n")
    assert "| `around` | days | 0 to 14 | `0` | Nights around it. None: that night only. |" in section
