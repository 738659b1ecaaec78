"""Tables as shops have them: CSV from Excel, 1C or a till's back office, in any of the usual encodings.

What files of goods and files of receipts share. A bad cell raises `BadCell`, a bad file `UnreadableError`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import BinaryIO, Final

from django.utils.translation import gettext as _

from merchants.exports import plain

SEPARATORS: Final = ";\t,"
MOST_COLUMNS: Final = 200
SHOWN: Final = 60

_PIECE: Final = 256 * 1024
_NUMBER: Final = re.compile(r"(-?)(\d+)(?:\.(\d+))?")
_CURRENCY: Final = re.compile(r"(₽|р\.?|руб\.?|rub|rur)$", re.IGNORECASE)
_CONTROL: Final = dict.fromkeys([*range(32), 0x7F, 0xFEFF, 0x200B], " ")
_ROOMS: Final = re.compile(r"[\s\u00a0\u202f']")


class UnreadableError(Exception):
    """The file as a whole can't be taken: the message says why, to people."""


class BadCell(Exception):  # noqa: N818  # it reads: `raise BadCell("negative")`
    """`code` names what is wrong; `value` is the beginning of what stood there."""

    def __init__(self, code: str, value: str = "", limit: int = 0) -> None:
        super().__init__(code)
        self.code, self.value, self.limit = code, shown(value), limit


def shown(value: str) -> str:
    text = clean(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def clean(value: str) -> str:
    """Without control characters and what keeps a spreadsheet from calculating, and with single spaces."""
    value = plain(value)
    if value.isprintable() and "  " not in value:  # nearly always, and a tenth of the work
        return value.strip(" ")
    return " ".join(value.translate(_CONTROL).split())


def number(value: str, *, digits: int, largest: int, code: str) -> Decimal | None:
    """`1 234,50 ₽`, `1234.5`, `1,234.50`; nothing for an empty cell. Up to so many decimal places, and digits before
    them; `code` where it is none."""
    bare = _CURRENCY.sub("", _ROOMS.sub("", clean(value)))
    if not bare:
        return None
    if "," in bare and "." in bare:  # the last one is the decimal point
        thousands = "," if bare.rindex(".") > bare.rindex(",") else "."
        bare = bare.replace(thousands, "")
    found = _NUMBER.fullmatch(bare.replace(",", "."))
    if found is None or not bare.isascii():
        raise BadCell(code, value)
    minus, whole, places = found[1], found[2].lstrip("0"), (found[3] or "").rstrip("0")
    if len(places) > digits:
        raise BadCell("too_fine", value)
    if len(whole) > largest:
        raise BadCell("too_large", value)
    amount = Decimal(f"{whole or '0'}.{places or '0'}")
    if minus and amount:
        raise BadCell("negative", value)
    return amount


def encoding_of(file: BinaryIO) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, or Windows-1251: nothing else comes from a Russian shop."""
    file.seek(0)
    if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        file.seek(0)
        return "utf-16"
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1251"
    finally:
        file.seek(0)
    return "utf-8-sig"


def separator_of(text: str) -> str:
    """Whichever the header has most of, outside of quotes. `text` is the file or its beginning."""
    header = next((line for line in text[:100_000].splitlines() if line.strip()), "")
    bare = "".join(header.split('"')[::2])
    return max(SEPARATORS, key=bare.count)


def places_of(header: Sequence[str], headers: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Where each column stands that the header names. `headers` has the names of each, in small letters and without ё;
    the first of them that the file has is the one meant: exports often have both «Артикул» and «Код»."""
    if len(header) > MOST_COLUMNS:
        raise UnreadableError(_("The file has more than %(most)d columns.") % {"most": MOST_COLUMNS})
    titles = [clean(title).lower().replace("ё", "е") for title in header]
    places: dict[str, int] = {}
    for column, names in headers.items():
        found = next((titles.index(name) for name in names if name in titles), None)
        if found is not None:
            places[column] = found
    return places


def lacks(columns: Sequence[str], header: Sequence[str]) -> UnreadableError:
    """The header has no column for these, which have to be there."""
    return UnreadableError(
        _("The first line has to name the columns, and there is none for: %(lacking)s. It has: %(found)s.")
        % {
            "lacking": ", ".join(columns),
            "found": ", ".join(shown(title) for title in header[:12] if title.strip()) or "—",
        }
    )


def unread_of(header: Sequence[str], places: Mapping[str, int]) -> list[str]:
    """The titles of columns that nobody needs."""
    return [shown(title) for n, title in enumerate(header) if title.strip() and n not in places.values()]


def unclosed(line: int) -> UnreadableError:
    return UnreadableError(
        _("Line %(line)d can't be read: a quotation mark is probably never closed.") % {"line": line}
    )
