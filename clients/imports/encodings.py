"""Which encoding a file of Russian text has: UTF-8, UTF-16, Windows-1251, KOI8-R or DOS.

charset-normalizer was tried: it takes short tables of names for Mac Cyrillic, and reads the whole file several times.
"""

from __future__ import annotations

import codecs
from itertools import pairwise
from typing import BinaryIO, Final

ENCODINGS: Final = ("utf-8-sig", "utf-16", "cp1251", "koi8-r", "cp866")
# What the pages call them.
NAMES: Final = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1251": "Windows-1251",
    "koi8-r": "KOI8-R",
    "cp866": "DOS (CP866)",
}

_PIECE: Final = 256 * 1024
# How often letters occur in Russian words and names, of a thousand. What is read in a wrong encoding has others.
_OFTEN: Final = {
    letter: often
    for letters, often in (
        ("оаие", 90),
        ("нтрвл", 60),
        ("скмдп", 40),
        ("уыяьгзбчйх", 18),
        ("жшюцщэфъё", 5),
    )
    for letter in letters
}


def encoding_of(file: BinaryIO) -> str:
    """By its marks, by whether all of it is UTF-8, and else by the letters at its beginning."""
    file.seek(0)
    start = file.read(_PIECE)
    file.seek(0)
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    if _is_utf8(file):
        return "utf-8-sig"
    return max(("cp1251", "koi8-r", "cp866"), key=lambda encoding: _likeness(start, encoding))


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return True


def _likeness(start: bytes, encoding: str) -> float:
    """The mean frequency of what is no ASCII; a word of one case counts more than one that mixes them."""
    text = start.decode(encoding, errors="replace")
    foreign = [letter for letter in text if letter > "\x7f"]
    likeness = sum(_OFTEN.get(letter.lower(), -60) for letter in foreign)
    # In KOI8-R the cases stand the other way about: «иВАНОВ».
    strange = sum(1 for one, two in pairwise(text) if one.islower() and two.isupper())
    return (likeness - 40 * strange) / max(len(foreign), 1)
