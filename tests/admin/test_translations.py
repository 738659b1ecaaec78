"""The admin speaks Russian, Unfold's own words included; English is a choice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import unfold
from babel.messages.extract import extract
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.translation.template import templatize

from tests.admin.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
MARKS = {"_": None, "gettext": None, "gettext_lazy": None}
IN_TEMPLATES = re.compile(r"""(?<!n)gettext\(u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\)""", re.DOTALL)
# The same in both languages.
SAME = {"Id", "id", "VIP", "%(class_name)s %(instance)s"}


def test_everything_is_said_in_russian() -> None:
    ours = [*ROOT.glob("config/*.py"), *ROOT.glob("*/admin/*.py"), *ROOT.glob("*/admin.py"), *ROOT.glob("loyalty/*.py")]
    theirs = Path(unfold.__file__).parent
    pages = [*ROOT.glob("templates/admin/**/*.html"), *theirs.rglob("*.html")]
    found = python([*ours, *theirs.rglob("*.py")]) | html(pages)
    assert len(found) > 400
    with translation.override("ru"):
        assert {text for text in found if translation.gettext(text) == text} - SAME == set()


def python(files: Iterable[Path]) -> set[str]:
    found: set[str] = set()
    for file in files:
        with file.open("rb") as source:
            found |= {str(message) for _line, message, *_rest in extract("python", source, MARKS)}
    return found


def html(files: Iterable[Path]) -> set[str]:
    return {
        ast.literal_eval(match[1]) for file in files for match in IN_TEMPLATES.finditer(templatize(file.read_text()))
    }


def test_english_by_choice(olga: Client, stage: Stage) -> None:
    assert "Журнал действий" in olga.get(reverse("admin:index")).content.decode()
    olga.post(reverse("set_language"), {"language": "en", "next": "/admin/"})
    page = olga.get(reverse("admin:index")).content.decode()
    assert "Audit log" in page
    assert "Журнал" not in page
