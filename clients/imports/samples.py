"""Files to begin with: what a shop downloads, fills in and sends back."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Final

from openpyxl import Workbook

HEADER: Final = (
    *("Имя", "Телефон", "E-mail", "День рождения", "Баллы", "Баллы сгорят", "Уровень", "Сумма покупок"),
    *("Количество покупок", "Номер карты", "Кто пригласил", "Метки", "Согласие на обработку"),
    *("Согласие на рассылку", "Примечание", "Дата регистрации"),
)
# «Уровень» is empty: tiers are called as the shop calls them.
ROWS: Final[Sequence[Sequence[str]]] = (
    (
        *("Анна Ким", "+7 916 123-45-67", "anna@example.ru", "31.12.1990", "1 234,00", "31.12.2030", "", "25 400,50"),
        *("18", "5500001", "", "постоянный", "да", "да", "капучино без сахара", "01.02.2024"),
    ),
    (
        *("Борис", "8 916 765-43-21", "", "05.07.1985", "50", "", "", "", "1", "", "+7 916 123-45-67", "", "да"),
        *("нет", "", "15.10.2026"),
    ),
)


def as_csv(header: Sequence[str] = HEADER, rows: Sequence[Sequence[str]] = ROWS) -> bytes:
    """With its mark, because Excel takes UTF-8 for Windows-1251 without one."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";").writerows((header, *rows))
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(header: Sequence[str] = HEADER, rows: Sequence[Sequence[str]] = ROWS, *, title: str = "Клиенты") -> bytes:
    """Every cell as text: phones and cards stay what they are."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in (header, *rows):
        sheet.append(list(row))
    for cells in sheet.iter_rows(min_row=1, max_row=500, max_col=len(header)):
        for cell in cells:
            cell.number_format = "@"
    sheet.freeze_panes = "A2"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
