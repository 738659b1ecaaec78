"""Goods as CSV: from Excel, 1C or a till's back office."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from django.utils.translation import gettext as _

from loyalty import sheets
from loyalty.goods import cells
from loyalty.goods.reading import Contents, Raw, understand
from loyalty.sheets import UnreadableError, clean

# «Продукты > Чай»: the last one is the category.
PATH: Final = ">"

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
    text = content.decode(sheets.encoding_of(io.BytesIO(content)), errors="replace")
    if "\0" in text:
        raise UnreadableError(_("This is no text file. Save the table as “CSV UTF-8”, or send a YML file."))
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=sheets.separator_of(text))
    try:
        header = next((line for line in lines if any(cell.strip() for cell in line)), [])
        places = sheets.places_of(header, HEADERS)
        lacking = [str(title) for column, title in (("sku", _("SKU")), ("name", _("Name"))) if column not in places]
        if lacking:
            raise sheets.lacks(lacking, header)
        contents = Contents([name for name in HEADERS if name in places], sheets.unread_of(header, places))
        return understand(_raws(lines, places, contents), contents, digits)
    except csv.Error as error:
        raise sheets.unclosed(lines.line_num) from error


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
    steps = [step for step in map(clean, path.split(PATH)) if step]
    if all(len(step) <= cells.LENGTHS["category"] for step in steps):
        for parent, name in zip(["", *steps], steps, strict=False):
            contents.file_under(name, parent, row)
    return steps[-1] if steps else ""
