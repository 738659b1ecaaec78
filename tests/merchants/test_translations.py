from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = [ROOT / "merchants/locale/ru/LC_MESSAGES/django.po", ROOT / "locale/ru/LC_MESSAGES/django.po"]
MARKS = {"_": None, "gettext": None, "gettext_lazy": None}
IN_TEMPLATES = re.compile(r"""gettext\((u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))\)""", re.DOTALL)


def strings() -> set[str]:
    """Everything that this app and the pages around the login say in English."""
    found: set[str] = set()
    for file in (ROOT / "merchants").rglob("*.py"):
        if "migrations" not in file.parts:
            with file.open("rb") as source:
                found |= {str(message) for _line, message, *_rest in extract("python", source, MARKS)}
    for file in [*(ROOT / "templates").glob("*.html"), *(ROOT / "templates/merchants").iterdir()]:
        found |= {ast.literal_eval(match[1]) for match in IN_TEMPLATES.finditer(templatize(file.read_text()))}
    return found


def test_everything_is_said_in_russian() -> None:
    catalog: dict[str, str] = {}
    for path in filter(Path.exists, CATALOGUES):
        with path.open("rb") as file:
            catalog |= {str(message.id): str(message.string) for message in read_po(file) if message.id}
    assert len(catalog) > 100
    missing = sorted(text for text in strings() if not catalog.get(text))
    assert missing == []
    for text, russian in catalog.items():
        assert sorted(re.findall(r"%\(\w+\)s", text)) == sorted(re.findall(r"%\(\w+\)s", russian))


@pytest.mark.parametrize(("text", "russian"), [("Your merchants", "Ваши компании"), ("till key", "ключ кассы")])
def test_the_compiled_catalogue_is_there(text: str, russian: str) -> None:
    with translation.override("ru"):
        assert translation.gettext(text) == russian
