"""Which encoding a file of Russian text has: UTF-8, UTF-16, Windows-1251, KOI8-R or DOS.

charset-normalizer was tried: it takes short tables of names for Mac Cyrillic, and reads the whole file several times.
"""

from __future__ import annotations

from itertools import pairwise
from typing import BinaryIO, Final

from loyalty import sheets

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
    """As that of other tables, and where it is a Russian one of eight bits, by the letters at the file's beginning."""
    encoding = sheets.encoding_of(file)
    if encoding != "cp1251":
        return encoding
    start = file.read(_PIECE)
    file.seek(0)
    return max(("cp1251", "koi8-r", "cp866"), key=lambda encoding: _likeness(start, encoding))


def _likeness(start: bytes, encoding: str) -> float:
    """The mean frequency of what is no ASCII; a word of one case counts more than one that mixes them."""
    text = start.decode(encoding, errors="replace")
    foreign = [letter for letter in text if letter > "\x7f"]
    likeness = sum(_OFTEN.get(letter.lower(), -60) for letter in foreign)
    # In KOI8-R the cases stand the other way about: «иВАНОВ».
    strange = sum(1 for one, two in pairwise(text) if one.islower() and two.isupper())
    return (likeness - 40 * strange) / max(len(foreign), 1)
