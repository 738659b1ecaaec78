"""How codes of promo batches are spelled: an alphabet without look-alikes, and a check character at the end.

The sum of all characters, each by its place, is a multiple of 31. The alphabet of what is drawn by chance has as many
characters as that prime, so that one wrong character, or two neighbours that changed places, never pass: a slip of the
finger is told from a code that there is not, and nobody has to be asked.
"""

from __future__ import annotations

from typing import Final

# Crockford's without the zero: what looks like O, 0, I, L or U is never there.
ALPHABET: Final = "123456789ABCDEFGHJKMNPQRSTVWXYZ"
PRIME: Final = len(ALPHABET)
# A prefix, which the merchant chooses, may have these, too.
_VALUES: Final = {letter: n for n, letter in enumerate(ALPHABET + "0OU")}
# Russian letters on a Russian keyboard, and what people read for a one.
_MEANT: Final = str.maketrans("АВЕКМНОРСТХIL|", "ABEKMHOPCTX111")
SHORTEST: Final = 7
# Beyond that, weights would come again.
LONGEST: Final = 30


def read(text: str) -> str:
    """A drawn code as it is stored, however it was typed: case, hyphens and spaces, Russian letters."""
    return "".join(letter for letter in text.upper().translate(_MEANT) if letter.isalnum())


def weighted(text: str) -> int:
    return sum((n + 1) * _VALUES[letter] for n, letter in enumerate(text))


def check_character(body: str) -> str:
    """What makes the sum a multiple of 31. Of up to 29 characters."""
    inverse = pow(len(body) + 1, -1, PRIME)
    return ALPHABET[-weighted(body) * inverse % PRIME]


def may_be(text: str) -> bool:
    """Whether it could be a drawn code: what somebody who tries codes out would send."""
    code = read(text)
    return SHORTEST <= len(code) <= LONGEST and set(code) <= _VALUES.keys() and not weighted(code) % PRIME


def mistyped(text: str) -> bool:
    """Whether it has the look of a drawn code, and can't be one, nor a personal coupon: these have their own check."""
    code = read(text)
    if not SHORTEST <= len(code) <= LONGEST or not set(code) <= _VALUES.keys():
        return False
    return weighted(code) % PRIME != 0 and not _may_be_coupon("".join(filter(str.isalnum, text.upper())))


# Crockford's: without I, L, O and U, which are read as others or make words.
COUPON_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
COUPON_LENGTH: Final = 9


def coupon_check(body: str) -> str:
    """The last character of a personal coupon's code: the weighted sum of the others modulo 31."""
    total = sum((n + 1) * COUPON_ALPHABET.index(letter) for n, letter in enumerate(body))
    return COUPON_ALPHABET[total % 31]


def _may_be_coupon(code: str) -> bool:
    if len(code) != COUPON_LENGTH + 1 or not set(code) <= set(COUPON_ALPHABET):
        return False
    return coupon_check(code[:-1]) == code[-1]
