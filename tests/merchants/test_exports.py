"""Files that leave the house: what stands in their cells."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from decimal import Decimal as D
from typing import Any

import pytest
from openpyxl import load_workbook

from loyalty.sheets import clean
from merchants import exports

LINE: exports.Line = (
    "Анна; «Кофе»",
    "=HYPERLINK(1)",
    "+79161234567",
    D("1234.50"),
    18,
    dt.date(2026, 11, 22),
    dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC),
    None,
)


def cells(lines: Sequence[exports.Line], kind: exports.Kind) -> list[list[Any]]:
    answer: Any = exports.answer(kind, name="list", titles=[f"t{n}" for n in range(8)], body=iter(lines))
    content = b"".join(answer)
    assert f'filename="list.{kind}"' in answer["Content-Disposition"]
    if kind == "csv":
        assert content.startswith(b"\xef\xbb\xbf")
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    return [list(row) for row in load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True)]


def test_a_csv_as_a_russian_spreadsheet_reads_it() -> None:
    _titles, line = cells([LINE], "csv")
    assert line[2:] == ["+79161234567", "1234,50", "18", "22.11.2026", "22.11.2026 14:05", ""]
    assert line[:2] == ["Анна; «Кофе»", "'=HYPERLINK(1)"]


def test_an_xlsx_keeps_numbers_and_days() -> None:
    _titles, line = cells([LINE], "xlsx")
    assert line[3:5] == [1234.5, 18]
    assert line[5:7] == [dt.datetime(2026, 11, 22), dt.datetime(2026, 11, 22, 14, 5)]  # noqa: DTZ001  # cells have none
    assert (line[1], line[2], line[7]) == ("'=HYPERLINK(1)", "+79161234567", None)


@pytest.mark.parametrize("text", ["=1+1", "+1+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "+7916 123"])
def test_formulas_are_defused(text: str) -> None:
    assert exports.safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Анна", "+79161234567", "5 = 5", "a@b.ru"])
def test_what_is_no_formula_stays(text: str) -> None:
    assert exports.safe(text) == text


def test_control_characters_do_not_break_an_xlsx() -> None:
    assert cells([("a\x00b\x1f", *LINE[1:])], "xlsx")[1][0] == "a b "


def test_an_xlsx_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "MOST_IN_XLSX", 2)
    assert len(cells([LINE] * 2, "xlsx")) == 3
    with pytest.raises(exports.TooManyRowsError):
        cells([LINE] * 3, "xlsx")
    assert len(cells([LINE] * 3, "csv")) == 4


@pytest.mark.parametrize("text", ["=1+1", "-5", "+7 916 123-45-67", "@home", "Анна", "'кавычки'", "O'Neil"])
def test_what_was_defused_comes_back_as_it_was(text: str) -> None:
    assert exports.plain(exports.safe(text)) == text
    assert clean(exports.safe(text)) == text
