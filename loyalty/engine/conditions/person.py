"""Conditions on who the client is."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from loyalty.engine.conditions.base import Condition, Miss, Receipt
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop

Years = Annotated[int, Meta(ge=0, le=120)]


class Birthday(Condition, frozen=True, tag="birthday"):
    """The receipt falls into the days around the client's birthday. Who was born on 29 February celebrates on
    28 February in other years."""

    title = _("Birthday")
    says = (
        _("on the birthday (%(before)s and %(after)s)"),
        _("on the birthday (%(before)s)"),
        _("on the birthday (%(after)s)"),
        _("on the birthday"),
    )
    parts = {
        "before": ngettext("%(value)s day before", "%(value)s days before", "before"),
        "after": ngettext("%(value)s day after", "%(value)s days after", "after"),
    }
    missed = _("Only around the birthday")

    before: Annotated[int, field("days", _("Days before"), ge=0, le=60)] = 0
    after: Annotated[int, field("days", _("Days after"), ge=0, le=60)] = 0

    def misses(self, receipt: Receipt) -> Miss | None:
        born = receipt.client.birthday if receipt.client else None
        if born is None:
            return Miss("birthday_unknown")
        for year in (receipt.day.year - 1, receipt.day.year, receipt.day.year + 1):
            away = (receipt.day - celebrated(born, year)).days
            if -self.before <= away <= self.after:
                return None
        return Miss("birthday")


class Age(Condition, frozen=True, tag="age"):
    """The client is at least, or at most, so many years old on the day of the receipt. Whose year of birth is not known
    has no age."""

    title = _("Age")
    says = (_("for clients aged %(at_least)s %(at_most)s"), _("for clients whose birthday is known"))
    parts = {
        "at_least": ngettext("from %(value)s year", "from %(value)s years", "at_least"),
        "at_most": ngettext("to %(value)s year", "to %(value)s years", "at_most"),
    }
    missed = _("Only for another age")

    at_least: Annotated[Years | None, field("count", _("From, years"))] = None
    at_most: Annotated[Years | None, field("count", _("To, years"), _("This age included."))] = None

    def misses(self, receipt: Receipt) -> Miss | None:
        client = receipt.client
        born = client.birthday if client and client.birthday_year_known else None
        if born is None:
            return Miss("birthday_unknown")
        years = age(born, receipt.day)
        young = self.at_least is not None and years < self.at_least
        old = self.at_most is not None and years > self.at_most
        return Miss("age") if young or old else None

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if self.at_least is not None and self.at_most is not None and self.at_most < self.at_least:
            yield Fault(f"{at}/at_most", "ends_before_it_begins")


class Tagged(Condition, frozen=True, tag="tags"):
    """The client has one of these tags, and none of those."""

    title = _("Tags of the client")
    says = (
        _("for clients %(any)s, %(none)s"),
        _("for clients %(any)s"),
        _("for clients %(none)s"),
        _("for all clients"),
    )
    parts = {
        "any": ngettext("with the tag %(value)s", "with one of the tags %(value)s", "any"),
        "none": ngettext("without the tag %(value)s", "without the tags %(value)s", "none"),
    }
    missed = _("Only for another group of clients")

    any: Annotated[tuple[str, ...], field("tags", _("With one of the tags"))] = ()
    none: Annotated[tuple[str, ...], field("tags", _("Without the tags"))] = ()

    def misses(self, receipt: Receipt) -> Miss | None:
        tags = set(receipt.client.tags) if receipt.client else set()
        fits = (not self.any or tags & set(self.any)) and not tags & set(self.none)
        return None if fits else Miss("tags")


class Invited(Condition, frozen=True, tag="invited"):
    """Another client has invited this one."""

    title = _("Invited by a client")
    says = _("for those whom a client invited")
    missed = _("Only for those whom a client invited")

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.client and receipt.client.invited else Miss("invited")


class MemberFor(Condition, frozen=True, tag="member_for"):
    """The client joined at least so many days before the receipt."""

    title = _("In the programme for some time")
    says = ngettext(
        "for those who joined %(days)s day ago or earlier", "for those who joined %(days)s days ago or earlier", "days"
    )
    missed = ngettext(
        "%(count)s day in the programme is still needed", "%(count)s days in the programme are still needed", "count"
    )

    days: Annotated[int, field("days", _("Days since joining, at least"), ge=1, le=20000)]

    def misses(self, receipt: Receipt) -> Miss | None:
        joined = receipt.client.joined_on if receipt.client else None
        passed = (receipt.day - joined).days if joined else 0
        return None if joined and passed >= self.days else Miss("member_for", count=self.days - passed)


def celebrated(born: dt.date, year: int) -> dt.date:
    """The day of a birthday in a year."""
    if (born.month, born.day) == (2, 29) and not calendar.isleap(year):
        return dt.date(year, 2, 28)
    return born.replace(year=year)


def age(born: dt.date, day: dt.date) -> int:
    """Full years."""
    return day.year - born.year - (day < celebrated(born, day.year))
