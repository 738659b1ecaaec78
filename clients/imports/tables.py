"""A file as rows of texts, whatever program wrote it: CSV in any encoding, XLSX.

Everything is read piece by piece. An XLSX is read by openpyxl, row by row; tablib, which import-export would use, holds
the whole sheet in memory.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, Final, Literal

from django.utils.translation import gettext as _
from msgspec import Struct
from openpyxl import load_workbook

from clients.imports import encodings
from clients.imports.columns import CLIENTS, Vocabulary
from loyalty import sheets
from loyalty.sheets import MOST_COLUMNS, UnreadableError

LARGEST_CSV: Final = 200 * 1024 * 1024
LARGEST_XLSX: Final = 60 * 1024 * 1024
# Unpacked: a small archive may hold a whole disk of zeros.
LARGEST_UNPACKED: Final = 1200 * 1024 * 1024
LARGEST_WORDS: Final = 200 * 1024 * 1024
MOST_ROWS: Final = 1_000_000
# The names of the columns stand in one of the first lines.
LOOKED_THROUGH: Final = 20
SAMPLED: Final = 6

_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


class Layout(Struct, frozen=True):
    """How a file is to be read. `header` is the line with the columns' names, 0 where there is none."""

    kind: Literal["csv", "xlsx"]
    encoding: str = ""
    separator: str = ";"
    header: int = 1


class Head(Struct, frozen=True):
    """The columns' names, and the first rows below them."""

    titles: list[str]
    rows: list[list[str]]

    @property
    def examples(self) -> list[list[str]]:
        """Some of what stands in each column."""
        found = [[row[place] for row in self.rows if row[place].strip()] for place in range(len(self.titles))]
        return [[sheets.shown(text) for text in column[:3]] for column in found]


def look_at(file: BinaryIO, words: Vocabulary = CLIENTS) -> Layout:
    """How a file of such columns is to be read. UnreadableError: too large, empty, or no table."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    start = file.read(4096)
    file.seek(0)
    if not start.strip():
        raise UnreadableError(_("The file is empty."))
    if start.startswith(_OLD_EXCEL):
        raise UnreadableError(_("This is an old Excel file (XLS). Save it as XLSX or as CSV."))
    if start.startswith(_ZIP):
        _check_size(size, LARGEST_XLSX)
        _check_archive(file)
        layout = Layout("xlsx")
    else:
        _check_size(size, LARGEST_CSV)
        encoding = encodings.encoding_of(file)
        layout = Layout("csv", encoding, _separator(file, encoding, words))
    first = list(islice(rows(file, layout), LOOKED_THROUGH))
    file.seek(0)
    if max(map(len, first), default=0) > MOST_COLUMNS:
        raise UnreadableError(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    return Layout(layout.kind, layout.encoding, layout.separator, _header(first, words))


def head_of(file: BinaryIO, layout: Layout) -> Head:
    """The names of the columns, or of none the letters that a spreadsheet gives them; and some rows to look at."""
    first = list(islice(rows(file, layout), LOOKED_THROUGH + 40))
    below = [row for row in first[layout.header :] if any(cell.strip() for cell in row)][:SAMPLED]
    titles = [sheets.shown(title) for title in first[layout.header - 1]] if 0 < layout.header <= len(first) else []
    width = min(max(map(len, [titles, *below]), default=0), MOST_COLUMNS)
    while width and not any(row[width - 1 : width] not in ([], [""]) for row in (titles, *below)):
        width -= 1
    named = [titles[n] if n < len(titles) and titles[n] else letters(n) for n in range(width)]
    return Head(named, [[row[n] if n < len(row) else "" for n in range(width)] for row in below])


def letters(place: int) -> str:
    """A, B, … Z, AA, as spreadsheets name their columns."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def rows(file: BinaryIO, layout: Layout) -> Iterator[list[str]]:
    """Every row from the first on, empty ones included: their places are what a spreadsheet shows. UnreadableError."""
    file.seek(0)
    return _xlsx(file) if layout.kind == "xlsx" else _csv(file, layout)


def _csv(file: BinaryIO, layout: Layout) -> Iterator[list[str]]:
    text = io.TextIOWrapper(file, encoding=layout.encoding, errors="replace", newline="")
    try:
        lines = csv.reader(text, delimiter=layout.separator)
        try:
            yield from lines
        except csv.Error as error:
            raise sheets.unclosed(lines.line_num) from error
    finally:
        text.detach()


def _separator(file: BinaryIO, encoding: str, words: Vocabulary) -> str:
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    start = text.read(100_000)
    text.detach()
    file.seek(0)
    if "\0" in start:
        raise UnreadableError(_("This is no table. Save it as XLSX or as CSV."))
    # Above the names there may be lines of words, with a comma here and there.
    lines = [line for line in start.splitlines() if line.strip()][:LOOKED_THROUGH]
    return max(
        sheets.SEPARATORS, key=lambda separator: max((_known(line, separator, words) for line in lines), default=(0, 0))
    )


def _known(line: str, separator: str, words: Vocabulary) -> tuple[int, int]:
    """How many names of columns a line has if it is divided so, and how many cells."""
    cells = next(csv.reader([line], delimiter=separator), [])
    return sum(1 for cell in cells if words.column_of(cell)), len(cells)


def _header(first: Sequence[Sequence[str]], words: Vocabulary) -> int:
    known = [len({column for cell in row if (column := words.column_of(cell))}) for row in first]
    if any(known):
        return known.index(max(known)) + 1
    filled = [sum(1 for cell in row if cell.strip()) for row in first]
    return filled.index(max(filled)) + 1 if any(filled) else 1


def _xlsx(file: BinaryIO) -> Iterator[list[str]]:
    try:
        with warnings.catch_warnings():
            # Of styles and formats that it does not know; we read values.
            warnings.simplefilter("ignore")
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        raise UnreadableError(_("This XLSX can't be read. Save it anew, or as CSV.")) from error
    try:
        for sheet in book.worksheets[:1]:
            sheet.reset_dimensions()  # what programs write there is often wrong
            for row in sheet.iter_rows(values_only=True):
                yield [_text(cell) for cell in row[: MOST_COLUMNS + 1]]
    except UnreadableError:
        raise
    except Exception as error:  # whatever a broken archive or sheet raises in there
        raise UnreadableError(_("This XLSX can't be read. Save it anew, or as CSV.")) from error
    finally:
        book.close()


def _text(value: Any) -> str:
    """A cell's value as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        # Fifteen digits are what a spreadsheet keeps: what stands behind them is noise.
        return format(value, ".15g") if abs(value) < 1e15 else str(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    return str(value)


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        raise UnreadableError(
            _("The file is larger than %(limit)d MB. Divide it, and load the parts one after the other.")
            % {"limit": limit // 1024 // 1024}
        )


def _check_archive(file: BinaryIO) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            sizes = {one.filename: one.file_size for one in archive.infolist()}
    except zipfile.BadZipFile as error:
        raise UnreadableError(_("This XLSX can't be read. Save it anew, or as CSV.")) from error
    finally:
        file.seek(0)
    if "xl/workbook.xml" not in sizes:
        raise UnreadableError(_("This is no table. Save it as XLSX or as CSV."))
    _check_size(sum(sizes.values()), LARGEST_UNPACKED)
    # The words of all cells are held in memory at once.
    _check_size(sizes.get("xl/sharedStrings.xml", 0), LARGEST_WORDS)
