"""Codes of certificates: nobody guesses them, and a slip of the finger is told from a stranger's code.

Eleven characters by chance and a check character: the sum of all twelve, each by its place, is a multiple of 31. The
alphabet has as many characters as that prime, so that one wrong character, or two that changed places, never pass.
"""

from __future__ import annotations

import secrets
from typing import Final

# Crockford's without the zero: what looks like O, 0, I, L or U is never there.
ALPHABET: Final = "123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
_GROUP: Final = 4
# Russian letters on a Russian keyboard, and what people read for a one.
_MEANT: Final = str.maketrans("АВЕКМНРСТХIL|", "ABEKMHPCTX111")


def new_code() -> str:
    body = "".join(secrets.choice(ALPHABET) for _n in range(LENGTH - 1))
    return body + check_character(body)


def check_character(body: str) -> str:
    # The last place counts LENGTH times: the value is what makes the whole sum a multiple of 31.
    inverse = pow(LENGTH, -1, len(ALPHABET))
    return ALPHABET[-_sum(body) * inverse % len(ALPHABET)]


def spelled(text: str) -> str:
    """The code as it is stored, however it was typed: case, hyphens and spaces, Russian letters."""
    return "".join(letter for letter in text.upper().translate(_MEANT) if letter.isalnum())


def may_be(code: str) -> bool:
    """Whether a spelled text could be a code at all."""
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        return False
    return _sum(code) % len(ALPHABET) == 0


def shown(code: str) -> str:
    """`7K2MQX4T9PBA` as `7K2M-QX4T-9PBA`."""
    return "-".join(code[n : n + _GROUP] for n in range(0, len(code), _GROUP))


def _sum(text: str) -> int:
    return sum((n + 1) * ALPHABET.index(letter) for n, letter in enumerate(text))
