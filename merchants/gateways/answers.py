"""What a gateway answers, in words that are the same for all of them."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Protocol
from uuid import UUID

from msgspec import Struct


class Handed(Struct, frozen=True):
    """The gateway has taken the message: under which id of its own, and for how much. `gone` are those of several
    addresses at which nobody is any more."""

    id: str = ""
    cost: Decimal | None = None
    gone: tuple[str, ...] = ()


def cost_of(said: object) -> Decimal | None:
    """What a gateway names as the price; None for what is none: the message has been taken all the same."""
    try:
        cost = Decimal(str(said))
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and 0 <= cost < 1_000_000 else None


class Fate(enum.StrEnum):
    """What became of a message that was handed over."""

    ON_THE_WAY = "on the way"
    DELIVERED = "delivered"
    LOST = "not delivered"
    # Nobody will ever be reached there.
    NOBODY = "no such address"


class GatewayError(Exception):
    """It did not work. `why` is a short word for reports, without anything personal; `gone` as in `Handed`."""

    gone: tuple[str, ...] = ()

    def __init__(self, why: str = "gateway") -> None:
        super().__init__(why)
        self.why = why


class Refused(GatewayError):  # noqa: N818
    """Never will: the text or the address is refused."""


class NobodyThere(Refused):
    """There is nobody at the address, and nobody will be: no other message is to be sent there either."""


class NotNow(GatewayError):  # noqa: N818
    """The gateway has not taken it, and may later on. `after` are the seconds that it asks for."""

    def __init__(self, why: str = "busy", after: int = 0) -> None:
        super().__init__(why)
        self.after = after


class Trouble(NotNow):
    """No message gets through: a wrong key, no money, nobody answers. The message itself is not to blame."""


class AnswerLost(GatewayError):  # noqa: N818
    """Nobody knows whether the gateway has taken it. A repeat carries the same id."""

    def __init__(self) -> None:
        super().__init__("no_answer")


class SmsGateway(Protocol):
    """`name` is kept beside each message, to ask the same gateway later what became of it."""

    name: str

    def send(
        self, phone: str, text: str, *, key: UUID | None = None, sender: str = "", again: bool = False
    ) -> Handed | None:
        """Hand the text over within half a minute, or raise GatewayError. `phone` is E.164. `key` is the message's own:
        with `again`, an answer was lost, and a gateway that can tell is asked first whether it has it."""

    def fates(self, asked: Sequence[tuple[str, str]]) -> dict[str, Fate]:
        """What became of messages, by the gateway's id: of (id, phone). Those that it says nothing about are left
        out."""
