"""Sums on pages hold together at the end of a line; programs and letters get ordinary spaces."""

from __future__ import annotations

from decimal import Decimal as D

from loyalty.engine.explanation import Fact
from loyalty.explanations import explain
from loyalty.templatetags.kopilka import foldable
from loyalty.wording import NO_BREAK, Words, words_of, words_on_page
from merchants.access import tenant
from tests.cast import Cast


def test_page_words_have_no_place_to_break() -> None:
    words = Words(space=NO_BREAK)
    said = (
        words.money(D("1234.5")),
        words.round_money(D(12000)),
        words.points(D(12000)),
        words.rate(D("0.05")),
        words.percent(D("7.5")),
        words.per_unit(),
        words.worth(D("0.005")),
    )
    assert [one.replace(NO_BREAK, "_") for one in said] == [
        "1_234,50_₽",
        "12_000_₽",
        "12_000_баллов",
        "0,05_балла",
        "7,5_%",
        "1_₽",
        "0,005_₽",
    ]
    assert not [one for one in said if " " in one]


def test_a_narrow_card_takes_the_name_of_points_to_a_line_of_its_own() -> None:
    words = Words(space=NO_BREAK)
    assert foldable(words.points(D(148416))) == f"148{NO_BREAK}416 баллов"
    assert foldable(words.money(D(1234))) == f"1{NO_BREAK}234,00{NO_BREAK}₽"
    assert foldable("78,6") == "78,6"


def test_an_explanation_breaks_between_words_only() -> None:
    fact = Fact("base", "earn", "percent", "5 %", base=D("12000.50"), rate=D(5), exact=D("600.03"), points=D(600))
    why = explain(fact, Words(space=NO_BREAK)).why
    assert f"12{NO_BREAK}000,50{NO_BREAK}₽" in why
    assert f"5{NO_BREAK}%" in why
    assert " " in why
    assert NO_BREAK not in explain(fact, Words()).why


def test_pages_and_programs_ask_for_different_spaces(cast: Cast) -> None:
    program_id = cast.zerno.program.pk
    with tenant(program_id):
        assert words_of(program_id).points(D(5)) == "5 зёрен"
        assert words_on_page(program_id).points(D(5)) == f"5{NO_BREAK}зёрен"
        assert words_of(program_id).points(D(5)) == "5 зёрен"
