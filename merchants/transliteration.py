"""Codes out of Russian names: «Кофейня на Лесной» becomes `kofeynya-na-lesnoy`."""

from __future__ import annotations

import re
import unicodedata

_LETTERS = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh sch - y - e yu ya".split(),
        strict=True,
    )
)
_SILENT = str.maketrans("", "", "ъьЪЬ")


def slug_of(name: str, *, length: int = 40) -> str:
    """Latin letters, digits and hyphens, at most `length`; `outlet` for a name without a letter or digit."""
    latin = "".join(_LETTERS.get(letter, letter) for letter in name.translate(_SILENT).lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:length].strip("-") or "outlet"
