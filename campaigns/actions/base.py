"""What a campaign does. An action is one class: its fields, its words, what it costs, and how it is done to a chunk of
clients whose accounts are locked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from msgspec import Struct

from loyalty.engine.rulebook import Rulebook
from loyalty.engine.words import Says, Text
from merchants.models import Merchant

ZERO = Decimal(0)


class Turned(Struct, frozen=True):
    """A client whose turn it is."""

    turn: int
    account: int
    occasion: str


class Chunk(Struct, frozen=True, kw_only=True):
    """Clients, each of them once. `title` is what they read that they were given it for."""

    campaign: int
    merchant: Merchant
    title: str
    step: int
    turns: Sequence[Turned]
    rulebook: Rulebook
    now: dt.datetime

    @property
    def program_id(self) -> int:
        return self.merchant.program_id

    @property
    def actor(self) -> str:
        return f"campaign:{self.campaign}"

    @property
    def accounts(self) -> list[int]:
        return [one.account for one in self.turns]


class NothingToGive(Exception):  # noqa: N818  # it says what happens
    """An action finds that nobody can be given anything by it now; `why` is a key of `campaigns.words.WHY`."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Cost(Struct, frozen=True):
    """For one client: points, and what a certificate is for."""

    points: Decimal = ZERO
    money: Decimal = ZERO


class Action(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    title: ClassVar[str]
    hint: ClassVar[str]
    says: ClassVar[Says]
    parts: ClassVar[Mapping[str, Text]] = {}

    @property
    def cost(self) -> Cost:
        return Cost()

    def give(self, chunk: Chunk) -> None:
        """Do it to all of them, in the transaction of their turns. NothingToGive, and nothing written."""
        raise NotImplementedError

    def late(self, rulebook: Rulebook, now: dt.datetime) -> bool:
        """Whether there would be nothing to give: it would have expired already."""
        return False

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it besides what its fields say of themselves: a field and a sentence to translate."""
        yield from ()
