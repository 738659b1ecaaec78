"""The numbers of plastic cards: what may be one, and those of an order."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from clients.imports.widgets import card_number
from loyalty.cards import PLASTIC, card_with, with_check_digit
from loyalty.certificates import codes
from loyalty.keyed_in import is_card, read
from loyalty.sheets import BadCell

MOST: Final = 100_000
LONGEST_PREFIX: Final = 12
LONGEST_NUMBER: Final = 12
_PREFIX: Final = re.compile(r"[A-Za-z0-9-]{0,12}")


class Order(Struct, frozen=True, kw_only=True):
    """What was asked for. `check` makes EAN-13 of a range; the numbers of a file are in the file."""

    source: Literal["range", "random", "file"]
    prefix: str = ""
    first: int = 0
    last: int = 0
    check: bool = True
    count: int = 0

    @property
    def size(self) -> int:
        return self.last - self.first + 1 if self.source == "range" else self.count

    def as_json(self) -> Any:
        return msgspec.to_builtins(self)


Why = Literal["prefix", "digits", "backwards", "too_many", "virtual", "misread"]


class BadOrder(Exception):  # noqa: N818  # it reads: `raise BadOrder("backwards")`
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


def check(order: Order) -> None:
    """BadOrder."""
    if order.size < 1:
        raise BadOrder("backwards")
    if order.size > MOST:
        raise BadOrder("too_many")
    if order.source == "range":
        _check_range(order)


def _check_range(order: Order) -> None:
    if not _PREFIX.fullmatch(order.prefix) or (order.check and not re.fullmatch(r"[0-9]*", order.prefix)):
        raise BadOrder("prefix")
    if len(str(order.last)) > (12 - len(order.prefix) if order.check else LONGEST_NUMBER):
        raise BadOrder("digits")
    first, last = number_at(order, 0), number_at(order, order.size - 1)
    if order.check and first[:2] <= "29" <= last[:2]:
        # Virtual cards draw theirs from there.
        raise BadOrder("virtual")
    for number in (first, last):
        try:
            checked(number)
        except BadCell:
            raise BadOrder("misread") from None
    if first.isdigit() and len(first) in (10, 11):
        # Some of them may be phones, though neither end is.
        raise BadOrder("misread")
    if not first.isdigit() and len(codes.spelled(first)) == codes.LENGTH and not all(map(is_card, of_range(order))):
        # As with certificates.
        raise BadOrder("misread")


def number_at(order: Order, place: int) -> str:
    """Of a range. All are of one length."""
    number = order.first + place
    if order.check:
        return with_check_digit(f"{order.prefix}{number:0{12 - len(order.prefix)}}")
    return f"{order.prefix}{number:0{len(str(order.last))}}"


def of_range(order: Order) -> Iterator[str]:
    return (number_at(order, place) for place in range(order.size))


def at_random(count: int) -> set[str]:
    """So many different numbers that nobody guesses."""
    found: set[str] = set()
    while len(found) < count:
        found.add(card_with(secrets.randbelow(10**10), PLASTIC))
    return found


def checked(text: str) -> str:
    """A number of a card that exists already. BadCell: what it is not, or what a till would take it for."""
    number = card_number(text)
    if not number:
        raise BadCell("empty")
    if not is_card(number):
        raise BadCell("read_as_phone" if read(number)[0] == "phone" else "read_as_code", number)
    return number
