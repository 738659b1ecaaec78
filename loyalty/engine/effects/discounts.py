"""Discounts: they follow one another, each on what the last one left."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Struct

from loyalty.engine.cart import Client
from loyalty.engine.conditions.base import Sold, total
from loyalty.engine.conditions.history import DaysBack, turnover
from loyalty.engine.effects.base import DiscountEffect, Offer
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.quantities import HUNDRED, ZERO, half_up
from loyalty.engine.words import gettext_noop, ngettext

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop


class Discount(DiscountEffect, frozen=True, tag="discount"):
    """Take a percent off, computed on the sum of the goods and spread over them."""

    name = "discount"
    title = _("Discount in percent")
    says = _("discount of %(percent)s %(at_most)s")
    parts = {"at_most": _("(at most %(value)s)")}

    percent: Annotated[Decimal, field("percent", _("Discount, %"), positive=True)]
    at_most: Annotated[Decimal | None, field("money", _("At most, money"), positive=True)] = None

    def offers(self, lines: Sequence[Sold], client: Client | None, day: dt.date, digits: int) -> list[Offer]:
        base = total(lines)
        money = half_up(base * self.percent / HUNDRED, digits)
        return [
            Offer(range(len(lines)), base, money if self.at_most is None else min(money, self.at_most), self.percent)
        ]


class DiscountSum(DiscountEffect, frozen=True, tag="discount_sum"):
    """Take a sum of money off, once for the receipt."""

    name = "discount_sum"
    title = _("Discount of a sum")
    says = _("discount of %(amount)s")

    amount: Annotated[Decimal, field("money", _("Discount, money"), positive=True)]

    def offers(self, lines: Sequence[Sold], client: Client | None, day: dt.date, digits: int) -> list[Offer]:
        base = total(lines)
        return [Offer(range(len(lines)), base, min(self.amount, base))]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """From this much (money or pieces) on, this percent."""

    at_least: Decimal
    percent: Decimal


Measure = Literal["line_quantity", "line_amount", "receipt_quantity", "receipt_amount", "turnover"]
MEASURES = (
    ("turnover", _("with the client’s purchases so far")),
    ("receipt_amount", _("with the sum of these goods on the receipt")),
    ("receipt_quantity", _("with the pieces of these goods on the receipt")),
    ("line_amount", _("with the sum of each line")),
    ("line_quantity", _("with the pieces of each line")),
)


class Ladder(DiscountEffect, frozen=True, tag="ladder"):
    """A percent that grows with what is bought: the accumulating discount (`turnover`, with the purchases before this
    receipt) and the wholesale ladders by line or receipt."""

    name = "ladder"
    title = _("Discount by thresholds")
    says = _("discount %(goods)s that grows %(by)s %(days)s: %(steps)s")
    parts = {"days": ngettext("in the last %(value)s day", "in the last %(value)s days", "days")}

    by: Annotated[Measure, field("choice", _("It grows"), choices=MEASURES)]
    steps: Annotated[
        tuple[Step, ...],
        field(
            "steps",
            _("Thresholds"),
            _("One to a line: from how much, and how many percent."),
            min_length=1,
            max_length=20,
        ),
    ]
    days: Annotated[
        DaysBack | None,
        field("days", _("Purchases of the last days"), _("Empty: altogether. For purchases so far only.")),
    ] = None

    def offers(self, lines: Sequence[Sold], client: Client | None, day: dt.date, digits: int) -> list[Offer]:
        if self.by in ("line_quantity", "line_amount"):
            found = (
                self._offer([n], lines, self._measure([sold], client, day), digits) for n, sold in enumerate(lines)
            )
            return [offer for offer in found if offer is not None]
        offer = self._offer(range(len(lines)), lines, self._measure(lines, client, day), digits)
        return [] if offer is None else [offer]

    def percent_at(self, measure: Decimal) -> Decimal:
        return max((step.percent for step in self.steps if measure >= step.at_least), default=ZERO)

    def _offer(self, chosen: Sequence[int], lines: Sequence[Sold], measure: Decimal, digits: int) -> Offer | None:
        percent = self.percent_at(measure)
        base = total([lines[n] for n in chosen])
        if not percent:
            return None
        return Offer(chosen, base, half_up(base * percent / HUNDRED, digits), percent)

    def _measure(self, lines: Sequence[Sold], client: Client | None, day: dt.date) -> Decimal:
        if self.by == "turnover":
            return turnover(client, day, self.days) if client else ZERO
        if self.by.endswith("quantity"):
            return sum((sold.line.quantity for sold in lines), ZERO)
        return total(lines)

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        for n, step in enumerate(self.steps):
            if not ZERO < step.percent <= HUNDRED:
                yield Fault(f"{at}/steps/{n}/percent", "percent")
            if step.at_least < 0:
                yield Fault(f"{at}/steps/{n}/at_least", "negative")
            if n and (step.at_least <= self.steps[n - 1].at_least or step.percent <= self.steps[n - 1].percent):
                yield Fault(f"{at}/steps", "steps_must_rise")
        if self.days is not None and self.by != "turnover":
            yield Fault(f"{at}/days", "days_of_purchases_only")
