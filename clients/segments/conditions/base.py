"""What a segment may ask of a client. A condition is one class: its fields, its words, and whom it finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Annotated, Any, ClassVar

from django.db.models import Q, QuerySet
from msgspec import Meta, Struct

from clients.segments.looking import FIRST_DAY, LAST_DAY, Among, Look
from loyalty.engine.fields import field
from loyalty.engine.words import Says, Text, gettext_noop, ngettext
from loyalty.models import Sale

_ = gettext_noop

Days = Annotated[int, Meta(ge=1, le=3660)]
Whole = Annotated[int, Meta(ge=0, le=1_000_000)]
MOST_LISTED = 200


class Condition(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """`title` heads its fields, `says` is its part of the segment's sentence, with a place for each field (as in the
    vocabulary of rules: `loyalty.engine.conditions.base`)."""

    title: ClassVar[str]
    says: ClassVar[Says]
    parts: ClassVar[Mapping[str, Text]] = {}

    def finds(self, look: Look) -> Q | Among:
        """A condition on the columns of a client and his account, or a set of accounts."""
        raise NotImplementedError

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it besides what its fields say of themselves: a field and a sentence to translate."""
        yield from ()


class Between(Condition, frozen=True, kw_only=True):
    """Has `at_least` and `at_most`, one of which must be said."""

    needs_bound: ClassVar[bool] = True

    def faults(self) -> Iterator[tuple[str, str]]:
        low, high = getattr(self, "at_least"), getattr(self, "at_most")  # noqa: B009  # of those below
        if low is None and high is None and self.needs_bound:
            yield "at_least", _("Say from how many, or up to how many.")
        if low is not None and high is not None and high < low:
            yield "at_most", _("This is less than the beginning.")


class InPeriod(Condition, frozen=True, kw_only=True):
    """Of purchases in the last days, or between two days; all of them where nothing is said."""

    period_parts: ClassVar[Mapping[str, Text]] = {
        "days": ngettext("in the last %(value)s day", "in the last %(value)s days", "days"),
        "since": _("since %(value)s"),
        "until": _("through %(value)s"),
    }

    days: Annotated[Days | None, field("days", _("In the last days"), _("Today is the last of them. Empty: ever."))] = (
        None
    )
    since: Annotated[dt.date | None, field("date", _("From"))] = None
    until: Annotated[dt.date | None, field("date", _("Through"))] = None

    @property
    def is_ever(self) -> bool:
        return self.days is None and self.since is None and self.until is None

    def span(self, look: Look) -> tuple[dt.date | None, dt.date | None]:
        if self.days is not None:
            return look.today - dt.timedelta(days=self.days - 1), None
        return self.since, self.until

    def sales(self, look: Look) -> QuerySet[Sale]:
        first, last = self.span(look)
        sales = look.sales()
        if first is not None:
            sales = sales.filter(local_day__gte=first)
        return sales if last is None else sales.filter(local_day__lte=last)

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.days is not None and (self.since or self.until):
            yield "days", _("Either the last days, or two dates.")
        yield from dated(self.since, self.until)


def dated(since: dt.date | None, until: dt.date | None) -> Iterator[tuple[str, str]]:
    for name, day in (("since", since), ("until", until)):
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            yield name, _("Only days from 1900 to 2100.")
            return
    if since and until and until < since:
        yield "until", _("This is before the first day.")


def between(low: Any, high: Any, column: str) -> Q:
    found = Q()
    if low is not None:
        found &= Q(**{f"{column}__gte": low})
    return found if high is None else found & Q(**{f"{column}__lte": high})


def grouped(grouping: QuerySet[Any, Any], low: Decimal | int | None, high: Decimal | int | None, look: Look) -> Among:
    """Accounts of rows that are grouped by account and have a `measure`. Whoever has no rows measures nothing."""
    if low is not None and low > 0:
        return Among.of(grouping.filter(between(low, high, "measure")).values("account"))
    if high is None:
        return look.everybody()
    return look.everybody().but(Among.of(grouping.filter(measure__gt=high).values("account")))


def listed(values: tuple[str, ...], name: str) -> Iterator[tuple[str, str]]:
    if not values:
        yield name, _("Choose at least one.")
    elif len(values) > MOST_LISTED:
        yield name, _("That is too many at once.")
