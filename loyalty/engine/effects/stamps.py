"""A card of stamps: one for each piece, receipt or day, and a gift when it is full."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Final, Literal

from loyalty.engine.conditions.base import Sold
from loyalty.engine.effects.base import ProgressEffect, stepped
from loyalty.engine.fields import field
from loyalty.engine.quantities import ONE, ZERO
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop

Of = Literal["items", "receipts", "visits"]
OF: Final = (
    ("items", _("for every piece")),
    ("receipts", _("for every receipt")),
    ("visits", _("for every day with a purchase")),
)


class Stamps(ProgressEffect, frozen=True, tag="stamps"):
    """Give points each time the client has so many stamps: what is above counts for the next card. The goods of the
    rule are those that bring stamps, its conditions say on which receipts."""

    name = "stamps"
    title = _("Stamp card")
    says = _("%(points)s for a card of %(needed)s: one %(of)s %(goods)s, %(per_receipt)s")
    parts = {
        "needed": ngettext("%(value)s stamp", "%(value)s stamps", "needed"),
        "per_receipt": ngettext(
            "no more than %(value)s a receipt", "no more than %(value)s for a receipt", "per_receipt"
        ),
    }

    points: Annotated[Decimal, field("points", _("Points for a full card"), positive=True)]
    needed: Annotated[int, field("count", _("Stamps on a card"), ge=2, le=50)]
    of: Annotated[Of, field("choice", _("A stamp"), choices=OF)] = "items"
    per_receipt: Annotated[
        int, field("count", _("At most for a receipt"), _("Counts for pieces; 0: no limit."), ge=0, le=50)
    ] = 0

    def stamps(self, lines: Sequence[Sold]) -> Decimal:
        """How many these lines bring: whole ones."""
        if not lines:
            return ZERO
        if self.of != "items":
            return ONE
        pieces = sum((sold.line.quantity for sold in lines), ZERO) // 1
        return min(pieces, Decimal(self.per_receipt)) if self.per_receipt else pieces

    def steps(self, measure: Decimal) -> int:
        return stepped(Decimal(self.needed), measure)

    def next_step(self, measure: Decimal) -> Decimal | None:
        return Decimal((self.steps(measure) + 1) * self.needed)
