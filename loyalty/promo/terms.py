"""What a new batch is: its codes, what they give, whom they are for."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final, Literal

from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from loyalty.engine import codes
from loyalty.engine.conditions.receipt import spelled

MOST: Final = 1_000_000
SHORTEST, LONGEST = 6, 16
# Whoever tries codes hits one of them in a million attempts, at the best.
_ATTEMPTS: Final = 1_000_000

Gives = Literal["percent", "sum", "product", "points", "rule"]


class Terms(Struct, frozen=True):
    """As `PromoBatch` keeps them."""

    name: str
    kind: Literal["shared", "unique"]
    gives: Gives
    word: str = ""
    prefix: str = ""
    length: int = 0
    size: int = 1
    percent: Decimal | None = None
    amount: Decimal | None = None
    points: Decimal | None = None
    sku: str = ""
    category: str = ""
    minimum: Decimal = Decimal(0)
    total_limit: int | None = None
    per_client: int | None = None
    first_purchase: bool = False
    audience: int | None = None
    stacks: bool = False
    starts_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None


class TermsError(Exception):
    """A field, and what is wrong with it."""

    def __init__(self, field: str, said: object) -> None:
        super().__init__(field)
        self.field, self.said = field, str(said)


def length_for(size: int) -> int:
    """So many characters by chance that nobody guesses one of so many codes."""
    length = SHORTEST
    while len(codes.ALPHABET) ** length < size * _ATTEMPTS:
        length += 1
    return length


def check(terms: Terms) -> None:
    """TermsError."""
    if terms.kind == "shared":
        if not 2 <= len(spelled(terms.word)) <= 40 or not spelled(terms.word).isalnum():
            raise TermsError("word", _("Letters and digits: from 2 to 40."))
        return
    if not 1 <= terms.size <= MOST:
        raise TermsError("size", _("From 1 to 1,000,000 codes."))
    if not terms.prefix.isascii() or not (terms.prefix.isalnum() or not terms.prefix):
        raise TermsError("prefix", _("Latin letters and digits."))
    if not length_for(terms.size) <= terms.length <= LONGEST:
        said = _("So many codes need from %(least)d to %(most)d characters: a shorter code could be guessed.")
        raise TermsError("length", said % {"least": length_for(terms.size), "most": LONGEST})
