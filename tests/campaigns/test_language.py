"""The little language of messages, and how long a text message is."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.messages.language import Given, TextError, missing, parse, written
from campaigns.messages.lengths import length_of
from campaigns.messages.templates import READY, faults
from campaigns.messages.variables import NAMES

ANNA = {"name": Given("Анна"), "points": Given("122", D(122)), "code": Given("")}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Привет, {имя}!", "Привет, Анна!"),
        ("{ Name }", "Анна"),
        ("{баллы|балл|балла|баллов}", "122 балла"),
        ("{если имя}да{иначе}нет{конец}", "да"),
        ("{если код}да{иначе}нет{конец}", "нет"),
        ("{если баллы >= 100}{если баллы > 122}много{иначе}хватит{конец}{конец}.", "хватит."),
        ("{если баллы < 1,5}мало{конец}", ""),
        ("{if points = 122}x{end}", "x"),
        ("", ""),
    ],
)
def test_what_is_written(text: str, said: str) -> None:
    assert written(parse(text, NAMES), ANNA) == said


@pytest.mark.parametrize(
    "text",
    [
        "{имя",
        "имя}",
        "{кто}",
        "{если имя}без конца",
        "{конец}",
        "{иначе}",
        "{баллы|балл}",
        "{если}x{конец}",
        "{}",
        "{{имя}}",
    ],
)
def test_mistakes_are_told(text: str) -> None:
    with pytest.raises(TextError) as caught:
        parse(text, NAMES)
    assert str(caught.value)


def test_a_client_named_like_a_variable_stays_a_name() -> None:
    assert written(parse("{имя}", NAMES), {"name": Given("{баллы}")}) == "{баллы}"


def test_what_has_no_value_is_named_only_where_it_is_written() -> None:
    assert missing(parse("{если код}{код}{конец}{имя}", NAMES), ANNA) == set()
    assert missing(parse("{код}{если код}{иначе}{дата}{конец}", NAMES), ANNA) == {"code", "date"}


@given(st.text(alphabet="{}|аимяеслонцкб >=1", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        nodes = parse(text, NAMES)
    except TextError:
        return
    assert isinstance(written(nodes, ANNA), str)


def test_ready_templates_are_whole() -> None:
    for one in READY:
        assert faults(one) == {}, one.name


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("", 0),
    ],
)
def test_parts_of_a_text_message(text: str, parts: int) -> None:
    assert length_of(text).parts == parts
