"""Conditions on what is bought."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from loyalty.engine.conditions.base import Condition, GoodsCondition, Miss, Receipt, Sold, total
from loyalty.engine.fields import field
from loyalty.engine.quantities import ZERO
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop


class MinimumReceipt(Condition, frozen=True, tag="minimum_receipt"):
    """The receipt costs at least `amount` after discounts."""

    title = _("Receipt from a sum")
    says = _("on receipts from %(amount)s")
    missed = _("%(missing)s short of “%(title)s”")
    of_receipt = True

    amount: Annotated[Decimal, field("money", _("From a sum"), _("After discounts."))]

    def misses(self, receipt: Receipt) -> Miss | None:
        if receipt.net >= self.amount:
            return None
        return Miss("minimum_receipt", self.amount - receipt.net)


class MinimumGoods(GoodsCondition, frozen=True, tag="minimum_goods"):
    """The goods that the rule is about cost at least `amount` together, after discounts."""

    title = _("These goods from a sum")
    says = _("when these goods cost %(amount)s or more")
    missed = _("%(missing)s of these goods short of “%(title)s”")

    amount: Annotated[Decimal, field("money", _("These goods from a sum"), _("After discounts."))]

    def misses_of(self, lines: Sequence[Sold]) -> Miss | None:
        bought = total(lines)
        return None if bought >= self.amount else Miss("minimum_goods", self.amount - bought)


class MinimumLine(GoodsCondition, frozen=True, tag="minimum_line"):
    """At least one line of the goods costs `amount` after discounts."""

    title = _("A line from a sum")
    says = _("when one line costs %(amount)s or more")
    missed = _("%(missing)s short on one line of the receipt")

    amount: Annotated[Decimal, field("money", _("One line from a sum"), _("After discounts."))]

    def misses_of(self, lines: Sequence[Sold]) -> Miss | None:
        dearest = max((sold.cost for sold in lines), default=ZERO)
        return None if dearest >= self.amount else Miss("minimum_line", self.amount - dearest)


class Quantity(GoodsCondition, frozen=True, tag="quantity"):
    """At least so many pieces (or kilograms) of the goods are bought together."""

    title = _("Quantity of goods")
    says = _("when there are %(at_least)s pieces of these goods or more")
    missed = _("Too few of these goods")

    at_least: Annotated[Decimal, field("quantity", _("Pieces, at least"), positive=True)]

    def misses_of(self, lines: Sequence[Sold]) -> Miss | None:
        bought = sum((sold.line.quantity for sold in lines), ZERO)
        return None if bought >= self.at_least else Miss("quantity")


class Lines(GoodsCondition, frozen=True, tag="lines"):
    """At least so many different lines of the goods stand on the receipt."""

    title = _("Lines on the receipt")
    says = ngettext(
        "when there is %(at_least)s line of these goods or more",
        "when there are %(at_least)s lines of these goods or more",
        "at_least",
    )
    missed = ngettext("%(count)s more product is needed", "%(count)s more products are needed", "count")

    at_least: Annotated[int, field("count", _("Lines, at least"), ge=1, le=1000)]

    def misses_of(self, lines: Sequence[Sold]) -> Miss | None:
        return None if len(lines) >= self.at_least else Miss("lines", count=self.at_least - len(lines))


class WithCode(Condition, frozen=True, tag="promo_code"):
    """The client names this promo code. Capitals, spaces and hyphens make no difference."""

    title = _("Promo code")
    says = _("with the promo code “%(code)s”")
    missed = _("Only with a promo code")

    code: Annotated[
        str, field("text", _("Promo code"), _("Letters and digits, as clients type it."), min_length=2, max_length=40)
    ]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if spelled(self.code) in map(spelled, receipt.cart.promo_codes) else Miss("promo_code")


class WithCodeOf(Condition, frozen=True, tag="promo_batch"):
    """The client names a code of this batch of promo codes."""

    title = _("Code of a batch")
    says = _("with a promo code of the batch “%(batch)s”")
    missed = _("Only with a promo code")

    batch: Annotated[
        str,
        field(
            "text",
            _("Batch of promo codes"),
            _("The name of the batch, as the page of promo codes has it."),
            min_length=2,
            max_length=80,
        ),
    ]

    def misses(self, receipt: Receipt) -> Miss | None:
        named = next((one for one in receipt.codes if one.name == self.batch), None)
        if named is None:
            return Miss("promo_batch")
        short = named.minimum - receipt.net
        return Miss("minimum_receipt", short) if short > 0 else None


def spelled(code: str) -> str:
    """A code as it is compared."""
    return "".join(code.split()).replace("-", "").upper()
