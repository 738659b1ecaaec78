"""A file of numbers of cards that are printed already: a column of a table, or a number in every line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from django.utils.translation import gettext as _

from clients.imports import tables
from clients.imports.columns import column_of
from clients.imports.tables import Layout
from clients.plastic.numbers import MOST, checked
from clients.plastic.problems import Problem
from loyalty.sheets import BadCell, UnreadableError, shown

LARGEST: Final = 10 * 1024 * 1024
_NAMES: Final = ("card", "virtual")
_NUMBERS: Final = ("номер", "number", "№ карты", "штрихкод", "код")


def numbers_in(file: BinaryIO) -> tuple[list[tuple[int, str]], list[Problem]]:
    """Row and number of each, and what is wrong with the other rows. UnreadableError."""
    layout = tables.look_at(file)
    good: list[tuple[int, str]] = []
    bad: list[Problem] = []
    seen: dict[str, int] = {}
    for row, text in _cells(file, layout):
        if len(good) + len(bad) >= MOST:
            raise UnreadableError(_("More than %(most)s rows: divide the file.") % {"most": MOST})
        try:
            number = checked(text)
        except BadCell as wrong:
            bad.append(Problem(row, wrong.code, shown(text)))
            continue
        if number in seen:
            bad.append(Problem(row, "repeated", number, str(seen[number])))
        else:
            seen[number] = row
            good.append((row, number))
    return good, bad


def _cells(file: BinaryIO, layout: Layout) -> Iterator[tuple[int, str]]:
    """The column of the numbers, without rows that are empty altogether."""
    place, begins = 0, 1
    for row, cells in enumerate(tables.rows(file, layout), start=1):
        if row == 1:
            titled = _titled(cells)
            if titled is not None:
                place, begins = titled, 2
            elif not any(character.isdigit() for cell in cells for character in cell):
                begins = 2
        if row < begins or not any(cell.strip() for cell in cells):
            continue
        yield row, cells[place] if place < len(cells) else ""


def _titled(cells: Sequence[str]) -> int | None:
    """Where the first row names the column of the numbers."""
    for place, cell in enumerate(cells):
        if column_of(cell) in _NAMES or cell.strip().lower() in _NUMBERS:
            return place
    return None
