"""When a rule applies. A condition is one class: its fields, its check, and what it says was missing.

The class is everything: the rulebook's JSON Schema, the validation of a draft and the explanations are derived
from the union at the end of this file.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty.engine.cart import Cart, IdentifiedBy, Line


class Receipt(Struct, frozen=True):
    """What a condition may look at."""

    cart: Cart
    at: dt.datetime
    local: dt.datetime
    day: dt.date
    net: Decimal
    """What the receipt costs after discounts, in money."""
    tier: str = ""
    identified_by: IdentifiedBy | Literal[""] = ""
    tags: tuple[str, ...] = ()


class Miss(Struct, frozen=True):
    """Why a rule did not apply. `missing` is money, where a sum of money would have done."""

    reason: str
    missing: Decimal | None = None


class Condition(Struct, frozen=True, tag_field="kind", forbid_unknown_fields=True):
    """A condition on the whole receipt."""

    def misses(self, receipt: Receipt) -> Miss | None:
        raise NotImplementedError


class MinimumReceipt(Condition, frozen=True, tag="minimum_receipt"):
    """The receipt costs at least `amount` after discounts."""

    amount: Annotated[Decimal, Meta(description="Money, at least 0.")]

    def misses(self, receipt: Receipt) -> Miss | None:
        if receipt.net >= self.amount:
            return None
        return Miss("minimum_receipt", self.amount - receipt.net)


class InTier(Condition, frozen=True, tag="tier"):
    """The client's tier is one of these."""

    tiers: Annotated[tuple[str, ...], Meta(min_length=1, description="Ids of tiers.")]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.tier in self.tiers else Miss("tier")


class AtOutlet(Condition, frozen=True, tag="outlet"):
    """The sale happens at one of these outlets."""

    outlets: Annotated[tuple[str, ...], Meta(min_length=1, description="Codes of outlets.")]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.cart.outlet in self.outlets else Miss("outlet")


class ByChannel(Condition, frozen=True, tag="channel"):
    """The sale comes from one of these channels."""

    channels: Annotated[tuple[str, ...], Meta(min_length=1, description="For example store, online.")]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.cart.channel in self.channels else Miss("channel")


class Identified(Condition, frozen=True, tag="identified"):
    """The client was found in one of these ways."""

    by: Annotated[tuple[IdentifiedBy, ...], Meta(min_length=1)]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.identified_by in self.by else Miss("identified")


class Between(Condition, frozen=True, tag="period"):
    """From one local day to another, both included; on these weekdays (1 is Monday); within these hours."""

    since: dt.date | None = None
    until: dt.date | None = None
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = ()
    time_from: dt.time | None = None
    time_to: Annotated[dt.time | None, Meta(description="Not included; before time_from means past midnight.")] = None

    def misses(self, receipt: Receipt) -> Miss | None:
        if (self.since and receipt.day < self.since) or (self.until and receipt.day > self.until):
            return Miss("period")
        if self.weekdays and receipt.day.isoweekday() not in self.weekdays:
            return Miss("weekday")
        if not self._covers(receipt.local.time()):
            return Miss("hours")
        return None

    def _covers(self, time: dt.time) -> bool:
        first, last = self.time_from or dt.time.min, self.time_to
        if last is None:
            return time >= first
        if first <= last:
            return first <= time < last
        return time >= first or time < last


AnyCondition = MinimumReceipt | InTier | AtOutlet | ByChannel | Identified | Between


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
