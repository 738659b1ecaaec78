"""Cells as people and spreadsheets write them: the same thing in many spellings, or a sentence."""

from __future__ import annotations

import datetime as dt
import random
import re
from decimal import Decimal as D

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clients.birthdays import Born
from clients.imports import widgets
from clients.imports.columns import guessed
from clients.imports.problems import Problem
from loyalty.sheets import BadCell

TODAY = dt.date(2026, 11, 22)
PHONE = widgets.PhoneWidget()
BIRTHDAY = widgets.BirthdayWidget(TODAY)
EXPIRES = widgets.expires_widget(TODAY)
MONEY = widgets.AmountWidget(2)
POINTS = widgets.AmountWidget(0)
SPACES = st.text(" \u00a0\u202f", max_size=2)

digits = st.from_regex(r"9[0-9]{9}", fullmatch=True)


@given(digits, st.sampled_from(["+7", "8", "7", "", "+7 ", "8 ", "8-", "'+7", "+8"]), st.integers(0, 10**6))
def test_a_phone_in_any_spelling(number: str, prefix: str, seed: int) -> None:
    chosen = random.Random(seed)
    signs = ["", " ", "-", " - ", "\u00a0", ".", ") ", " (", "–"]
    spelling = prefix + "".join(digit + (chosen.choice(signs) if chosen.random() < 0.3 else "") for digit in number)
    # As a spreadsheet writes a whole number.
    assume(not re.fullmatch(r"\D*\d+\.0\D*", spelling))
    assert PHONE.clean(f" {spelling} ") == f"+7{number}"


def test_a_phone_whose_end_looks_like_a_decimal() -> None:
    assert PHONE.clean("8 959 474 1-74.0") == "+79594741740"


@pytest.mark.parametrize(
    "spelling",
    ["79161234567.0", "79161234567,00", '="79161234567"', "'79161234567", "8(916)123-45-67", "9161234567", 79161234567],
)
def test_what_spreadsheets_make_of_a_phone(spelling: object) -> None:
    assert PHONE.clean(spelling) == "+79161234567"


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("8.91612E+10", "excel_number"),
        ("7,91612E+10", "excel_number"),
        ("7,9Е+10", "excel_number"),
        ("8916123456", "not_a_phone"),
        ("89161234567, 89161234568", "several_phones"),
        ("нет", "not_a_phone"),
        ("+7 916 123-45-67 доб. 5", "not_a_phone"),
        ("000", "not_a_phone"),
    ],
)
def test_what_is_no_phone(spelling: str, code: str) -> None:
    with pytest.raises(BadCell) as caught:
        PHONE.clean(spelling)
    assert caught.value.code == code
    assert spelling[:5] in Problem("phone", code, value=caught.value.value).why


def test_a_foreign_phone() -> None:
    assert PHONE.clean("+375 29 123-45-67") == "+375291234567"


@given(st.dates(dt.date(1930, 1, 1), TODAY))
def test_a_day_in_any_spelling(day: dt.date) -> None:
    serial = (day - dt.date(1899, 12, 30)).days
    spellings = [
        f"{day:%d.%m.%Y}",
        f"{day.day}.{day.month}.{day.year}",
        f"{day:%d/%m/%Y}",
        f"{day:%d-%m-%Y}",
        f"{day:%d.%m.%Y} 0:00:00",
        f"{day:%d.%m.%Y}г.",
        day.isoformat(),
        f"{day}T00:00:00+03:00",
        f"{day} 00:00:00",
        str(serial),
        f"{serial}.0",
    ]
    assert {BIRTHDAY.clean(spelling) for spelling in spellings} == {Born(day)}


def test_two_digits_of_a_year() -> None:
    assert BIRTHDAY.clean("31.12.90") == Born(dt.date(1990, 12, 31))
    assert BIRTHDAY.clean("01.02.20") == Born(dt.date(2020, 2, 1))
    assert EXPIRES.clean("31.12.30") == dt.date(2030, 12, 31)


@pytest.mark.parametrize("text", ["29.02", "29 февраля", "--02-29", " 29.2. "])
def test_a_birthday_without_its_year(text: str) -> None:
    assert BIRTHDAY.clean(text) == Born(dt.date(2000, 2, 29), year_known=False)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("31.02.1990", "not_a_date"),
        ("1990", "not_a_date"),
        ("31.02", "not_a_date"),
        ("31.13", "not_a_date"),
        ("вчера", "not_a_date"),
        ("01.01.1850", "long_ago"),
        ("01.01.2030", "not_born"),
    ],
)
def test_what_is_no_birthday(text: str, code: str) -> None:
    with pytest.raises(BadCell) as caught:
        BIRTHDAY.clean(text)
    assert caught.value.code == code
    with pytest.raises(BadCell, match="expired"):
        EXPIRES.clean("21.11.2026")


@given(st.integers(0, 10**8), SPACES, st.sampled_from([",", "."]), st.sampled_from(["", " ₽", "р.", " руб."]))
def test_a_number_in_any_spelling(kopecks: int, space: str, point: str, currency: str) -> None:
    amount = D(kopecks) / 100
    spelling = f"{amount:,.2f}".replace(",", space).replace(".", point) + currency
    assert MONEY.clean(spelling) == amount


def test_numbers() -> None:
    assert MONEY.clean("1\u00a0234,50") == D("1234.50")
    assert MONEY.clean("") is None
    assert POINTS.clean("1 234,00") == D(1234)
    assert widgets.AmountWidget(0, whole=True).clean("12,99") == D(12)
    for text, code in (("12,5", "too_fine"), ("-3", "negative"), ("1,2E+06", "excel_amount"), ("семь", "not_a_number")):
        with pytest.raises(BadCell, match=code):
            POINTS.clean(text)


def test_cards_and_lists() -> None:
    cards = widgets.CardsWidget()
    assert cards.clean("2200 0001; 2200-0002,") == ("22000001", "2200-0002")
    assert cards.clean("5500001.0") == ("5500001",)
    for text, code in (("1", "not_a_card"), ("4,60705E+12", "excel_number"), ("4.60705E+12", "excel_number")):
        with pytest.raises(BadCell, match=code):
            cards.clean(text)
    tags = widgets.ListWidget(most=3, limit=10)
    assert tags.clean("кофе, vip ;кофе") == ("кофе", "vip")
    with pytest.raises(BadCell, match="too_many"):
        tags.clean("1,2,3,4")


def test_columns_are_known_by_their_names() -> None:
    titles = ["№", "Ф.И.О.", "Контактный телефон", "Телефон*", "E-Mail", "ДР", "Бонусный баланс", "Кол-во покупок"]
    assert guessed(titles) == ["", "name", "", "phone", "email", "birthday", "points", "visits"]
    assert guessed(["Client", "Mobile phone", "Expires"]) == ["name", "phone", "expires"]
    assert guessed(["Чудо", "Телефон"], {"чудо": "note", "телефон": ""}) == ["note", ""]
