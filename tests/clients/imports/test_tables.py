"""Files: four encodings, separators, names of columns anywhere; what is no table is said to be none."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from django.utils.translation import override

from clients.imports import tables
from clients.imports.columns import TITLES, column_of
from clients.imports.encodings import encoding_of
from clients.imports.tables import Layout, head_of, look_at, rows
from loyalty.sheets import UnreadableError
from tests.clients.imports.files import as_csv, as_xlsx

PEOPLE = [
    ["Имя", "Телефон", "Город"],
    ["Иванова Мария Сергеевна", "8 916 123-45-67", "Москва"],
    ["ПЕТРОВ АЛЕКСЕЙ", "+79161234568", "САНКТ-ПЕТЕРБУРГ"],
]


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251", "koi8-r", "cp866"])
def test_encodings_and_separators(encoding: str, separator: str) -> None:
    file = as_csv(PEOPLE, encoding=encoding, separator=separator)
    layout = look_at(file)
    assert layout.separator == separator
    assert list(rows(file, layout)) == PEOPLE


def test_capital_letters_don_t_confuse_encodings() -> None:
    names = ["СИДОРОВА ЕЛЕНА", "КУЗНЕЦОВ ДМИТРИЙ", "ПОПОВА АННА", "СМИРНОВ СЕРГЕЙ", "ВАСИЛЬЕВА ОЛЬГА"]
    for encoding in ("cp1251", "koi8-r", "cp866"):
        text = ";".join(["ФИО", "ТЕЛЕФОН"]) + "\n" + "\n".join(f"{name};89161234567" for name in names)
        assert encoding_of(io.BytesIO(text.encode(encoding))) == encoding
        assert encoding_of(io.BytesIO(text.title().encode(encoding))) == encoding


def test_names_of_columns_anywhere_in_the_first_lines() -> None:
    chosen = random.Random(5)
    for _n in range(10):
        above = [["Отчёт о клиентах, на 22.11.2026"], [], ["Организация: ООО «Зерно»", ""]]
        above = [chosen.choice(above) for _line in range(chosen.randrange(19))]
        for file in (as_csv([*above, *PEOPLE]), as_xlsx([*above, *PEOPLE])):
            layout = look_at(file)
            assert layout.header == len(above) + 1
            head = head_of(file, layout)
            assert head.titles == PEOPLE[0]
            assert head.rows == PEOPLE[1:]


def test_without_names_columns_are_letters() -> None:
    file = as_csv([["Анна", "89161234567"]])
    assert head_of(file, Layout("csv", "utf-8", ";", 0)).titles == ["A", "B"]
    assert tables.letters(27) == "AB"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "пуст"),
        (b"\xd0\xcf\x11\xe0rest", "XLS"),
        (b"PK\x03\x04rest", "XLSX"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", "не таблица"),
    ],
)
def test_what_is_no_table(content: bytes, said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        look_at(io.BytesIO(content))


def test_an_archive_that_is_no_workbook_or_a_bomb() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("photo.jpg", b"1")
    with pytest.raises(UnreadableError, match="не таблица"):
        look_at(file)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"<workbook/>")
        archive.writestr("xl/sharedStrings.xml", b"0" * (tables.LARGEST_WORDS + 1))
    with pytest.raises(UnreadableError, match="больше"):
        look_at(file)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_our_own_names_of_columns_are_known(language: str) -> None:
    with override(language):
        assert {column: column_of(str(title)) for column, title in TITLES.items()} == dict(
            zip(TITLES, TITLES, strict=True)
        )
