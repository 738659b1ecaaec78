"""When a rule applies. A condition is one class: its fields, its check, and its words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Literal

from msgspec import Struct

from loyalty.engine.cart import Cart, Client, IdentifiedBy, Line, PromoCode
from loyalty.engine.faults import Fault
from loyalty.engine.quantities import ZERO
from loyalty.engine.words import Says, Text, gettext_noop

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop


class Receipt(Struct, frozen=True):
    """What a condition may look at. `cost` is what each line costs after the discounts so far; `client` is None for
    a receipt without one."""

    cart: Cart
    at: dt.datetime
    local: dt.datetime
    day: dt.date
    net: Decimal
    """What the receipt costs after discounts, in money."""
    tier: str = ""
    identified_by: IdentifiedBy | Literal[""] = ""
    client: Client | None = None
    cost: Sequence[Decimal] = ()
    codes: Sequence[PromoCode] = ()
    """Good codes of batches that rules wait for."""


class Miss(Struct, frozen=True):
    """Why a rule did not apply. `missing` is money where a sum of money would have done; `count` is how many visits,
    days or goods were missing."""

    reason: str
    missing: Decimal | None = None
    count: int | None = None


class Condition(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """A condition on the receipt. `title` heads its fields, `says` is its part of the rule's sentence, `missed` says
    why a receipt did not fit. `of_receipt`: a return of goods can end it.

    `says` has places for the fields by name; what is left out, or none (one piece) by default, leaves its place empty.
    `parts` are the fields that are more than their value there. `missed` may have `missing`, `count` and the rule's
    `title`.
    """

    title: ClassVar[str]
    says: ClassVar[Says]
    parts: ClassVar[Mapping[str, Text]] = {}
    missed: ClassVar[Text]
    of_receipt: ClassVar[bool] = False

    def misses(self, receipt: Receipt) -> Miss | None:
        raise NotImplementedError

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        """What is wrong with it besides what its fields say of themselves."""
        yield from ()

    def never(self, rulebook: Rulebook) -> bool:
        """Whether no receipt of this programme can ever fit."""
        return False


class Sold(Struct, frozen=True):
    """A line that a rule is about, and what it costs after discounts."""

    line: Line
    cost: Decimal


class GoodsCondition(Condition, frozen=True):
    """A condition on the lines that the rule is about."""

    of_receipt = True

    def misses(self, receipt: Receipt) -> Miss | None:
        return self.misses_of(tuple(map(Sold, receipt.cart.lines, receipt.cost)))

    def misses_of(self, lines: Sequence[Sold]) -> Miss | None:
        raise NotImplementedError


class Goods(Struct, frozen=True, forbid_unknown_fields=True):
    """Which lines a rule is about: those named, or all, without those excluded."""

    skus: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    brands: tuple[str, ...] = ()
    except_skus: tuple[str, ...] = ()
    except_categories: tuple[str, ...] = ()
    except_brands: tuple[str, ...] = ()

    def takes(self, line: Line) -> bool:
        if line.sku in self.except_skus or line.category in self.except_categories or line.brand in self.except_brands:
            return False
        if not (self.skus or self.categories or self.brands):
            return True
        return line.sku in self.skus or line.category in self.categories or line.brand in self.brands


EVERYTHING = Goods()


def total(lines: Sequence[Sold]) -> Decimal:
    return sum((sold.cost for sold in lines), ZERO)
