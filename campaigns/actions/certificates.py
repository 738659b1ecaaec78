from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta

from campaigns.actions.base import ZERO, Action, Chunk, Cost
from loyalty.certificates import issuing
from loyalty.certificates.rows import good_through
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop

CENT: Final = Decimal("0.01")
MOST_MONEY: Final = 1_000_000
GoodDays = Annotated[int, Meta(ge=1, le=3650)]


class GiveCertificate(Action, frozen=True, kw_only=True, tag="certificate"):
    """A gift certificate for a sum, or for a percent of one receipt, in the client's own name."""

    title = _("Give a certificate")
    hint = _("A sum or a discount that the client sees on his page and uses at the till.")
    says = (
        _("give a certificate for %(amount)s good for %(days)s"),
        _("give a certificate for a discount of %(percent)s good for %(days)s"),
    )
    parts = {"days": ngettext("%(value)s day", "%(value)s days", "days")}

    amount: Annotated[Decimal | None, field("money", _("For a sum"))] = None
    percent: Annotated[Decimal | None, field("percent", _("Or for a discount on one receipt, %"))] = None
    days: Annotated[GoodDays, field("days", _("It is good for so many days"))] = 30

    @property
    def cost(self) -> Cost:
        return Cost(money=self.amount or ZERO)

    def give(self, chunk: Chunk) -> None:
        terms = issuing.Terms(
            kind="sum" if self.amount else "percent",
            amount=self.amount or ZERO,
            percent=self.percent or ZERO,
            expires_at=good_through(chunk.rulebook.calendar, chunk.now, self.days),
            title=chunk.title,
        )
        issuing.issue_to_many(
            merchant=chunk.merchant, terms=terms, holders=chunk.accounts, now=chunk.now, by=chunk.actor
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        if bool(self.amount) == bool(self.percent):
            yield "amount", _("Either a sum, or a percent.")
        for name, value, most in (("amount", self.amount, MOST_MONEY), ("percent", self.percent, 100)):
            if value and (not 0 < value <= most or value % CENT):
                yield name, _("A number is out of its bounds.")
