"""Every sentence of the product has its Russian: what a page or an answer says in English by mistake fails here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
APPS = ("config", "cashier", "insights", "campaigns", "clients", "loyalty", "merchants")
MARKS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "npgettext": ((1, "c"), 2, 3),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
STRING = r"""u?('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
IN_TEMPLATES = re.compile(rf"(?<![np])gettext\({STRING}\)", re.DOTALL)
PLURAL_IN_TEMPLATES = re.compile(rf"ngettext\({STRING}, {STRING},", re.DOTALL)
PLACES = re.compile(r"%\(\w+\)s")
# The same in both languages.
SAME = {"SMS", "id", "VIP", "Id", "SKU", "%(class_name)s %(instance)s", "YAML", "e-mail"}


def python(file: Path) -> Iterator[str]:
    with file.open("rb") as source:
        for _line, message, *_rest in extract("python", source, MARKS):
            yield str(message[0] if isinstance(message, tuple) else message)


def template(file: Path) -> Iterator[str]:
    text = templatize(file.read_text())
    for match in IN_TEMPLATES.finditer(text):
        yield ast.literal_eval(match[1])
    for match in PLURAL_IN_TEMPLATES.finditer(text):
        yield ast.literal_eval(match[1])


@pytest.mark.parametrize("place", [*APPS, "templates"])
def test_everything_is_said_in_russian(place: str) -> None:
    found: set[str] = set()
    for file in (ROOT / place).rglob("*"):
        if file.suffix == ".py" and "migrations" not in file.parts:
            found |= set(python(file))
        elif file.suffix in {".html", ".txt"}:
            found |= set(template(file))
    with translation.override("ru"):
        missing = {text for text in found if text and in_russian(text) == text}
    assert missing - SAME == set()


def in_russian(text: str) -> str:
    said = translation.gettext(text)
    # A sentence with plurals stands in the catalogue under its singular, and is found by count only.
    return said if said != text else translation.ngettext(text, text, 5)


@pytest.mark.parametrize(
    "file", sorted(ROOT.glob("*/ru/LC_MESSAGES/django.po")) + sorted(ROOT.glob("*/locale/ru/*/*.po"))
)
def test_russian_keeps_what_is_put_in(file: Path) -> None:
    with file.open("rb") as source:
        for message in read_po(source):
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            asked = set(PLACES.findall(str(message.id[-1] if isinstance(message.id, tuple) else message.id)))
            for text in texts:
                assert set(PLACES.findall(text)) <= asked or not message.id, f"{message.id} → {text}"
                assert set(PLACES.findall(text)) == asked or isinstance(message.id, tuple) or not message.id, message.id
