"""From an uploaded file to goods: CSV or YML, told apart by their first bytes; packed with gzip or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import BinaryIO, Final

from django.utils.translation import gettext as _
from msgspec import Struct, field

from loyalty.goods import cells
from loyalty.goods.problems import Problem
from loyalty.sheets import BadCell, UnreadableError, shown

MOST_GOODS: Final = 50_000
MOST_CATEGORIES: Final = 5_000
MOST_PROBLEMS: Final = 200
# Unpacked.
LARGEST_CSV: Final = 25 * 1024 * 1024
LARGEST_YML: Final = 100 * 1024 * 1024


class Good(Struct, frozen=True, array_like=True):
    """An article of a file. What the file has no column for is empty, and is not taken over."""

    row: int
    sku: str
    name: str
    category: str = ""
    brand: str = ""
    price: Decimal | None = None
    min_price: Decimal | None = None
    earn: bool | None = None
    redeem: bool | None = None
    discount: bool | None = None


class Raw(Struct, frozen=True):
    """A line before it is understood: texts by column."""

    row: int
    cells: Mapping[str, str]


class Contents(Struct):
    """All that a file says. `problems` are the first of them; `refused` counts all lines that can't be taken."""

    columns: list[str]
    unused: list[str] = field(default_factory=list)
    goods: list[Good] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)  # by category; "" has none
    problems: list[Problem] = field(default_factory=list)
    refused: int = 0

    def complain(self, problem: Problem) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)

    def file_under(self, name: str, parent: str, row: int) -> None:
        """A category's place; of two places the first stands."""
        known = self.parents.setdefault(name, parent)
        if parent and not known:
            self.parents[name] = parent
        elif parent and known != parent:
            twice = Problem(row, "category", "two_parents", value=shown(name))
            if twice.value not in {one.value for one in self.problems if one.code == "two_parents"}:
                self.complain(twice)
        if len(self.parents) > MOST_CATEGORIES:
            raise UnreadableError(_("The file has more than %(most)d categories.") % {"most": MOST_CATEGORIES})


def read(file: BinaryIO, *, digits: int) -> Contents:
    """The goods of a file, with what is wrong in it. `digits` are the decimal places of the currency.

    UnreadableError: not one good line can be told from it, or it is too large.
    """
    from loyalty.goods import csv_file, yml_file  # noqa: PLC0415  # they are made of the parts above

    head = file.read(2)
    file.seek(0)
    source = gzip.GzipFile(fileobj=file) if head == b"\x1f\x8b" else file
    try:
        start = source.read(4096)
        source.seek(0)
        is_xml = start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        if not start.strip():
            raise UnreadableError(_("The file is empty."))
        if is_xml:
            return yml_file.read(_limited(source, LARGEST_YML), digits)
        return csv_file.read(b"".join(_limited(source, LARGEST_CSV)), digits)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableError(_("The file is packed, and can't be unpacked.")) from error


def understand(raws: Iterable[Raw], contents: Contents, digits: int) -> Contents:
    """Turn lines into goods; of two lines with one SKU the first stands."""
    seen: dict[str, int] = {}
    for raw in raws:
        good = _good(raw, contents, digits, seen)
        if good is None:
            contents.refused += 1
            continue
        seen[good.sku] = raw.row
        contents.goods.append(good)
        if len(contents.goods) > MOST_GOODS:
            raise UnreadableError(
                _("The file has more than %(most)d goods. Divide it, and load the parts one after the other.")
                % {"most": MOST_GOODS}
            )
    return contents


def _good(raw: Raw, contents: Contents, digits: int, seen: Mapping[str, int]) -> Good | None:
    found: dict[str, object] = {}
    problems: list[Problem] = []
    for column, value in raw.cells.items():
        try:
            found[column] = _cell(column, value, digits)
        except BadCell as bad:
            problems.append(Problem(raw.row, column, bad.code, value=bad.value, limit=bad.limit))
    sku = found.get("sku")
    if isinstance(sku, str) and sku in seen:
        problems.append(Problem(raw.row, "sku", "repeated", value=sku, first=seen[sku]))
    for problem in problems:
        contents.complain(problem)
    if problems:
        return None
    good = Good(raw.row, **found)  # type: ignore[arg-type]  # the columns are its fields
    if good.price is not None and good.min_price is not None and good.min_price > good.price:
        contents.complain(Problem(raw.row, "min_price", "above_price", value=f"{good.min_price:.2f}".replace(".", ",")))
    return good


def _cell(column: str, value: str, digits: int) -> object:
    match column:
        case "sku":
            return cells.sku(value)
        case "name":
            return cells.name(value)
        case "price" | "min_price":
            return cells.price(value, digits)
        case "earn" | "redeem" | "discount":
            return cells.flag(value)
        case _:
            return cells.text(value, column)


def _limited(source: BinaryIO | gzip.GzipFile, limit: int) -> Iterator[bytes]:
    """Pieces of a file; UnreadableError as soon as it is larger than it may be, whatever it was packed to."""
    size = 0
    while piece := source.read(256 * 1024):
        size += len(piece)
        if size > limit:
            raise UnreadableError(
                _("The file is larger than %(limit)d MB. Divide it, and load the parts one after the other.")
                % {"limit": limit // 1024 // 1024}
            )
        yield piece
