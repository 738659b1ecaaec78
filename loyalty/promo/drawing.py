"""Codes by chance: none says anything about another."""

from __future__ import annotations

import os
from typing import Final

from loyalty.engine import codes

# Bytes below 248 are evenly spread over 31 characters; the others are thrown away.
_EVEN: Final = 248
_LETTERS: Final = bytes(ord(codes.ALPHABET[n % codes.PRIME]) for n in range(256))
_THROWN: Final = bytes(range(_EVEN, 256))


def at_random(count: int, *, prefix: str, length: int) -> set[str]:
    """So many different codes, as they are stored: the beginning, characters by chance, the check character."""
    found: set[str] = set()
    while len(found) < count:
        found |= set(_drawn(count - len(found), prefix, length))
    return found


def _drawn(count: int, prefix: str, length: int) -> list[str]:
    """Place by place: a million codes take a second."""
    letters = _letters(count * length)
    columns = [letters[n * count : (n + 1) * count] for n in range(length)]
    before = codes.weighted(prefix)
    sums = [before] * count
    for n, column in enumerate(columns):
        weights = _weights(len(prefix) + n + 1)
        sums = list(map(int.__add__, sums, column.translate(weights)))
    inverse = pow(len(prefix) + length + 1, -1, codes.PRIME)
    checks = [codes.ALPHABET[-total * inverse % codes.PRIME] for total in range(codes.PRIME)]
    text = [column.decode() for column in columns]
    return [prefix + "".join(body) + checks[total % codes.PRIME] for total, *body in zip(sums, *text, strict=True)]


def _letters(number: int) -> bytes:
    found = b""
    while len(found) < number:
        missing = number - len(found)
        found += os.urandom(missing + missing // 16 + 16).translate(_LETTERS, _THROWN)
    return found[:number]


def _weights(place: int) -> bytes:
    """What each letter counts at this place, in one byte."""
    return bytes(
        place * codes.ALPHABET.index(chr(n)) % codes.PRIME if chr(n) in codes.ALPHABET else 0 for n in range(256)
    )
