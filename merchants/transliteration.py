"""Codes out of Russian names: «Кофейня на Лесной» becomes `kofeynya-na-lesnoy`."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = dict(zip("абвгдеёзийклмнопрстуфыэ", "abvgdeeziyklmnoprstufye", strict=True)) | {
    "ж": "zh",
    "х": "kh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ю": "yu",
    "я": "ya",
}
_SILENT = str.maketrans("", "", "ъьЪЬ")


def slug_of(name: str, *, length: int = 40) -> str:
    """Latin letters, digits and hyphens, at most `length`; `outlet` for a name without a letter or digit."""
    latin = "".join(_LETTERS.get(letter, letter) for letter in name.translate(_SILENT).lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:length].strip("-") or "outlet"
