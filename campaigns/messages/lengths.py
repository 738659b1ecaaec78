"""How long a text message is: phones take it in parts, and each part is paid for."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import Struct

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each of these takes two places.
_GSM_TWICE: Final = frozenset("^{}\\[~]|€\f")


class Length(Struct, frozen=True):
    """`places` of the text, of `fit` that a part of it takes; `is_latin` where it is written in the phones' own
    alphabet, which takes more than twice as many."""

    places: int
    parts: int
    fit: int
    is_latin: bool

    def cost(self, price: Decimal) -> Decimal:
        return price * self.parts


def length_of(text: str) -> Length:
    is_latin = all(letter in _GSM or letter in _GSM_TWICE for letter in text)
    if is_latin:
        places = sum(2 if letter in _GSM_TWICE else 1 for letter in text)
        one, many = 160, 153
    else:
        places = len(text.encode("utf-16-le")) // 2
        one, many = 70, 67
    if places <= one:
        return Length(places, 1 if places else 0, one, is_latin)
    return Length(places, -(-places // many), many, is_latin)
