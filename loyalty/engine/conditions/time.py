"""Conditions on the day and the hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from loyalty.engine.conditions.base import Condition, Miss, Receipt
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop


class Between(Condition, frozen=True, tag="period"):
    """From one local day to another, both included; on these weekdays (1 is Monday); within these hours."""

    title = _("Days and hours")
    says = ("%(since)s %(until)s, %(weekdays)s, %(time_from)s %(time_to)s", _("at any time"))
    parts = {
        "since": _("since %(value)s"),
        "until": _("through %(value)s"),
        "time_from": _("from %(value)s o’clock"),
        "time_to": _("until %(value)s o’clock"),
    }
    missed = _("Not on these dates")

    since: Annotated[dt.date | None, field("date", _("From a day"))] = None
    until: Annotated[dt.date | None, field("date", _("Through a day"), _("This day included."))] = None
    weekdays: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], field("weekdays", _("Days of the week"))] = ()
    time_from: Annotated[dt.time | None, field("time", _("From an hour"))] = None
    time_to: Annotated[
        dt.time | None,
        field("time", _("Until an hour"), _("Not included; earlier than the first one means past midnight.")),
    ] = None

    def misses(self, receipt: Receipt) -> Miss | None:
        if (self.since and receipt.day < self.since) or (self.until and receipt.day > self.until):
            return Miss("period")
        if self.weekdays and receipt.day.isoweekday() not in self.weekdays:
            return Miss("weekday")
        if not self._covers(receipt.local.time()):
            return Miss("hours")
        return None

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        if self.since and self.until and self.until < self.since:
            yield Fault(f"{at}/until", "ends_before_it_begins")

    def _covers(self, time: dt.time) -> bool:
        first, last = self.time_from or dt.time.min, self.time_to
        if last is None:
            return time >= first
        if first <= last:
            return first <= time < last
        return time >= first or time < last
