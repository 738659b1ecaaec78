"""CSV as shops have it: from Excel, 1C or a till's back office, in any of the usual encodings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from loyalty.goods import cells
from loyalty.goods.problems import UnreadableError
from loyalty.goods.reading import Contents, Raw, understand

SEPARATORS: Final = ";\t,"
MOST_COLUMNS: Final = 200
# «Продукты > Чай»: the last one is the category.
PATH: Final = ">"

# The first of the names that a file has is the one meant: exports often have both «Артикул» and «Код».
HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "sku": ("sku", "артикул", "код товара", "код", "article", "code", "id"),
    "name": ("name", "название", "наименование", "товар", "номенклатура", "title", "product"),
    "category": ("category", "категория", "группа", "раздел", "группа товаров", "group"),
    "brand": ("brand", "бренд", "производитель", "торговая марка", "марка", "vendor"),
    "price": ("price", "цена", "розничная цена", "цена продажи"),
    "min_price": ("min_price", "min price", "мин. цена", "мин цена", "минимальная цена"),
    "earn": ("earn", "начислять", "начислять баллы", "начисление", "начисление баллов"),
    "redeem": ("redeem", "списывать", "списывать баллы", "списание", "оплата баллами", "списание баллов"),
    "discount": ("discount", "скидка", "скидки", "давать скидку"),
}


def read(content: bytes, digits: int) -> Contents:
    """UnreadableError: no header that names SKU and name, or text that is no table."""
    text = _decoded(content)
    if "\0" in text:
        raise UnreadableError(_("This is no text file. Save the table as “CSV UTF-8”, or send a YML file."))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    try:
        header = next((line for line in lines if any(cell.strip() for cell in line)), [])
        places = _places(header)
        unused = [cells.shown(title) for n, title in enumerate(header) if title.strip() and n not in places.values()]
        contents = Contents([name for name in HEADERS if name in places], unused)
        return understand(_raws(lines, places, contents), contents, digits)
    except csv.Error as error:
        raise UnreadableError(
            _("Line %(line)d can't be read: a quotation mark is probably never closed.") % {"line": lines.line_num}
        ) from error


def _decoded(content: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, or Windows-1251: nothing else comes from a Russian shop."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", errors="replace")


def _separator(text: str) -> str:
    """Whichever the header has most of, outside of quotes."""
    header = next((line for line in text[:100_000].splitlines() if line.strip()), "")
    bare = "".join(header.split('"')[::2])
    return max(SEPARATORS, key=bare.count)


def _places(header: Sequence[str]) -> dict[str, int]:
    if len(header) > MOST_COLUMNS:
        raise UnreadableError(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    titles = [cells.clean(title).lower().replace("ё", "е") for title in header]
    places: dict[str, int] = {}
    for column, names in HEADERS.items():
        found = next((titles.index(name) for name in names if name in titles), None)
        if found is not None:
            places[column] = found
    lacking = [str(title) for column, title in (("sku", _("SKU")), ("name", _("Name"))) if column not in places]
    if lacking:
        raise UnreadableError(
            _("The first line has to name the columns, and there is none for: %(lacking)s. It has: %(found)s.")
            % {
                "lacking": ", ".join(lacking),
                "found": ", ".join(cells.shown(title) for title in header[:12] if title.strip()) or "—",
            }
        )
    return places


def _raws(lines: Iterator[list[str]], places: Mapping[str, int], contents: Contents) -> Iterator[Raw]:
    row = 1
    for line in lines:
        row += 1
        if not any(cell.strip() for cell in line):
            continue
        found = {column: line[place] if place < len(line) else "" for column, place in places.items()}
        if PATH in found.get("category", ""):
            found["category"] = _filed(found["category"], contents, row)
        yield Raw(row, found)


def _filed(path: str, contents: Contents, row: int) -> str:
    steps = [step for step in map(cells.clean, path.split(PATH)) if step]
    if all(len(step) <= cells.LENGTHS["category"] for step in steps):
        for parent, name in zip(["", *steps], steps, strict=False):
            contents.file_under(name, parent, row)
    return steps[-1] if steps else ""
