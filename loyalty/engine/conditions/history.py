"""Conditions on what the client bought before. The receipt itself counts as a visit and a purchase."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from loyalty.engine.cart import Client
from loyalty.engine.conditions.base import Condition, Miss, Receipt
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.quantities import ZERO
from loyalty.engine.words import gettext_noop, ngettext

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop
LONGEST = 1100
DaysBack = Annotated[int, Meta(ge=1, le=LONGEST)]


class FirstPurchase(Condition, frozen=True, tag="first_purchase"):
    """The client has bought nothing before."""

    title = _("First purchase")
    says = _("on the first purchase")
    missed = _("Only on the first purchase")

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.client and receipt.client.purchases == 0 else Miss("first_purchase")


class NthVisit(Condition, frozen=True, tag="nth_visit"):
    """This is the client's visit number `number`, or every one of so many with `again`. A visit is a day with
    purchases: a second receipt of the day is no visit."""

    title = _("Visit by number")
    says = _("on %(again)s visit number %(number)s")
    parts = {"again": _("every")}
    missed = ngettext("%(count)s visit is left", "%(count)s visits are left", "count")

    number: Annotated[int, field("count", _("Number of the visit"), ge=1, le=10000)]
    again: Annotated[bool, field("yes", _("And then every so many visits"))] = True

    def misses(self, receipt: Receipt) -> Miss | None:
        client = receipt.client
        if client is None:
            return Miss("no_client")
        visit = client.visits + 1
        if client.visited_today:
            return Miss("visited_today")
        if visit == self.number or (self.again and visit % self.number == 0):
            return None
        left = -visit % self.number if self.again else self.number - visit
        return Miss("nth_visit", count=left) if left > 0 else Miss("passed")


class VisitsWithin(Condition, frozen=True, tag="visits_within"):
    """The client comes for at least the `visits`-th time within `days` local days, this one included."""

    title = _("Visits in some days")
    says = _("with %(visits)s or more within %(days)s")
    parts = {
        "visits": ngettext("%(value)s visit", "%(value)s visits", "visits"),
        "days": ngettext("%(value)s day", "%(value)s days", "days"),
    }
    missed = ngettext("%(count)s visit is left", "%(count)s visits are left", "count")

    visits: Annotated[int, field("count", _("Visits, at least"), ge=1, le=1000)]
    days: Annotated[int, field("days", _("Within days"), ge=1, le=LONGEST)]

    def misses(self, receipt: Receipt) -> Miss | None:
        if receipt.client is None:
            return Miss("no_client")
        first = receipt.day - dt.timedelta(days=self.days - 1)
        days = {day.day for day in receipt.client.days if first <= day.day <= receipt.day and day.visit}
        came = len(days | {receipt.day})
        return None if came >= self.visits else Miss("visits_within", count=self.visits - came)

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if self.visits > self.days:
            yield Fault(f"{at}/visits", "more_visits_than_days")

    def never(self, rulebook: Rulebook) -> bool:
        return self.visits > self.days


class Turnover(Condition, frozen=True, tag="turnover"):
    """What the client paid before this receipt, altogether or in the last `days`, lies between two sums."""

    title = _("Sum of purchases")
    says = (_("with purchases %(at_least)s %(below)s %(days)s"), _("with any sum of purchases"))
    parts = {
        "at_least": _("from %(value)s"),
        "below": _("below %(value)s"),
        "days": ngettext("in the last %(value)s day", "in the last %(value)s days", "days"),
    }
    missed = _("Purchases of %(missing)s more are needed")

    at_least: Annotated[Decimal | None, field("money", _("Purchases from"))] = None
    below: Annotated[Decimal | None, field("money", _("Purchases below"), _("This sum not included."))] = None
    days: Annotated[DaysBack | None, field("days", _("In the last days"), _("Empty: altogether."))] = None

    def misses(self, receipt: Receipt) -> Miss | None:
        if receipt.client is None:
            return Miss("no_client")
        spent = turnover(receipt.client, receipt.day, self.days)
        if self.at_least is not None and spent < self.at_least:
            return Miss("turnover", self.at_least - spent)
        return Miss("passed") if self.below is not None and spent >= self.below else None

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if self.at_least is not None and self.below is not None and self.below <= self.at_least:
            yield Fault(f"{at}/below", "ends_before_it_begins")


class ComesBack(Condition, frozen=True, tag="comes_back"):
    """The last purchase was at least `days` local days before."""

    title = _("Back after a pause")
    says = ngettext(
        "after %(days)s day or more without purchases", "after %(days)s days or more without purchases", "days"
    )
    missed = _("Only after a long pause in purchases")

    days: Annotated[int, field("days", _("Days without purchases, at least"), ge=1, le=3660)]

    def misses(self, receipt: Receipt) -> Miss | None:
        last = receipt.client.last_purchase_on if receipt.client else None
        return None if last and (receipt.day - last).days >= self.days else Miss("comes_back")


def turnover(client: Client, day: dt.date, days: int | None) -> Decimal:
    """Money paid in the local days up to `day`, `days` of them; without `days` ever."""
    if days is None:
        return client.spent
    first = day - dt.timedelta(days=days - 1)
    return sum((one.spent for one in client.days if first <= one.day <= day), ZERO)
