"""What a rule does. An effect is one class; the stage that it derives from says at which step it works."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from loyalty.engine.conditions.base import Sold
from loyalty.engine.faults import Fault
from loyalty.engine.quantities import ZERO
from loyalty.engine.words import Says, Text

if TYPE_CHECKING:
    from loyalty.engine.cart import Client
    from loyalty.engine.rulebook import Rulebook


class Effect(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """`title` heads its fields, `says` begins the rule's sentence; `of_goods`: a rule may name goods for it.

    `says` and `parts` are as those of a condition. `says` may have a place for `goods`; otherwise they follow it.
    """

    name: ClassVar[str]
    """The tag, as explanations keep it."""
    title: ClassVar[str]
    says: ClassVar[Says]
    parts: ClassVar[Mapping[str, Text]] = {}
    of_goods: ClassVar[bool] = True
    on_receipt: ClassVar[bool] = True
    """Whether it works on receipts: joining and actions have none."""

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        """What is wrong with it besides what its fields say of themselves."""
        yield from ()


class Offer(Struct, frozen=True):
    """A sum off some lines (by their place among those offered), at a percent where there is one."""

    lines: Sequence[int]
    base: Decimal
    money: Decimal
    rate: Decimal | None = None


class DiscountEffect(Effect, frozen=True):
    """Takes money off."""

    def offers(self, lines: Sequence[Sold], client: Client | None, day: dt.date, digits: int) -> list[Offer]:
        """What comes off these lines, which cost what the discounts before have left."""
        raise NotImplementedError


class BaseEffect(Effect, frozen=True):
    """Earns in proportion to money; each line takes the highest rate that it may."""

    @property
    def rate(self) -> Decimal:
        """Points for one unit of money."""
        raise NotImplementedError

    @property
    def shown(self) -> Decimal:
        """The figure that the owner typed in."""
        raise NotImplementedError


class BonusEffect(Effect, frozen=True):
    """Earns besides the base points, in proportion to what is bought: returned in the same proportion."""

    @property
    def shown(self) -> tuple[Decimal, Decimal | None]:
        """The figures that the owner typed in: N points, for every M of something."""
        raise NotImplementedError

    def earns(self, lines: Sequence[Sold]) -> Decimal:
        raise NotImplementedError

    def short(self, lines: Sequence[Sold]) -> Decimal | None:
        """How much money would have made the first points, where they earned none."""
        return None


class ProgressEffect(Effect, frozen=True):
    """Gives something each time a measure that grows with purchases passes a step. Returns may bring it back under
    the step: then what was given for it goes back."""

    def steps(self, measure: Decimal) -> int:
        """How many steps lie at or under the measure."""
        raise NotImplementedError

    def next_step(self, measure: Decimal) -> Decimal | None:
        """The nearest step above the measure."""
        raise NotImplementedError


def stepped(every: Decimal, measure: Decimal) -> int:
    return int(max(measure, ZERO) // every)
