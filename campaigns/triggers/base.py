"""When a campaign acts, and for whom. A trigger is one class: its fields, its words, and who is due in a window.

Whoever is due stands in one statement: accounts, each with its occasion and its moment. An occasion is what a client is
treated for, once: the year of a birthday, the day of a last purchase, a receipt. Windows may overlap: what has been
found before is found again, and the unique key of the turns (`CampaignTurn`) takes it once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Final

from msgspec import Meta, Struct

from clients.segments.looking import Look
from loyalty.engine.words import Says, Text

Days = Annotated[int, Meta(ge=0, le=365)]
OneDay: Final = dt.timedelta(days=1)


class Rows(Struct, frozen=True):
    """A statement of (account, occasion, moment)."""

    sql: str
    params: tuple[Any, ...] = ()

    @classmethod
    def union(cls, parts: list[Rows]) -> Rows:
        if not parts:
            return NOBODY
        return cls(" UNION ALL ".join(f"({one.sql})" for one in parts), sum((one.params for one in parts), ()))


NOBODY: Final = Rows("SELECT NULL::bigint, NULL::text, NULL::timestamptz WHERE false")


class Window(Struct, frozen=True):
    """Moments in (since, until]. `hour` is when campaigns by day act, in the programme's time zone; `begins` is when
    the campaign began: what happened before is nothing of its."""

    since: dt.datetime
    until: dt.datetime
    begins: dt.datetime
    hour: dt.time

    def moment(self, look: Look, day: dt.date) -> dt.datetime:
        """When a day's clients have their turn. An hour that the clocks pass over is the one after it."""
        return at_hour(look, day, self.hour)

    def days(self, look: Look) -> Iterator[dt.date]:
        """The local days whose moment is in the window."""
        day = look.calendar.local(self.since).date() - OneDay
        while (moment := self.moment(look, day)) <= self.until:
            if moment > self.since:
                yield day
            day += OneDay


def at_hour(look: Look, day: dt.date, hour: dt.time) -> dt.datetime:
    zone = look.calendar.local(look.now).tzinfo
    return dt.datetime.combine(day, hour, zone).astimezone(dt.UTC)


class Trigger(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """`title` heads its fields, `hint` says whom it is good for, `says` is its part of the campaign's sentence. What is
    `foreseen` can be said of days to come; of the others a dry run shows the days that were."""

    title: ClassVar[str]
    hint: ClassVar[str]
    says: ClassVar[Says]
    parts: ClassVar[Mapping[str, Text]] = {}
    foreseen: ClassVar[bool] = True
    # Asked at the hour of the campaign, once a day.
    daily: ClassVar[bool] = True
    # Compares with who was there the last time, which the campaign remembers.
    remembers: ClassVar[bool] = False
    by_hand: ClassVar[bool] = False

    def due(self, look: Look, window: Window) -> Rows:
        raise NotImplementedError

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it besides what its fields say of themselves: a field and a sentence to translate."""
        yield from ()


class ByDay(Trigger, frozen=True, kw_only=True):
    """Acts at the campaign's hour for those who are due on that day."""

    def due(self, look: Look, window: Window) -> Rows:
        return Rows.union([self.on(look, day, window.moment(look, day)) for day in window.days(look)])

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        raise NotImplementedError


class ByEvent(Trigger, frozen=True, kw_only=True):
    """Acts as soon as something has happened. What is written late (a receipt that a hold had kept) is looked for
    again for some hours."""

    foreseen: ClassVar[bool] = False
    daily: ClassVar[bool] = False
    looks_back: ClassVar[dt.timedelta] = dt.timedelta(hours=3)

    def due(self, look: Look, window: Window) -> Rows:
        return self.happened(look, max(window.since - self.looks_back, window.begins), window.until, window.begins)

    def happened(self, look: Look, since: dt.datetime, until: dt.datetime, begins: dt.datetime) -> Rows:
        raise NotImplementedError


class ByEntering(Trigger, frozen=True, kw_only=True):
    """Acts for those who were not there the last time. The first look remembers, and nobody is treated."""

    foreseen: ClassVar[bool] = False
    daily: ClassVar[bool] = False
    remembers: ClassVar[bool] = True

    def inside(self, look: Look) -> Rows:
        """A statement of one column, the accounts that are there now."""
        raise NotImplementedError


def sales_sql(look: Look) -> tuple[str, tuple[Any, ...]]:
    """Whose receipts count: see `Look.own`."""
    own, params = "s.program_id = %s AND s.status = 'committed' AND s.account_id IS NOT NULL", (look.program_id,)
    return (own, params) if look.own is None else (f"{own} AND s.merchant_id = %s", (*params, look.own))
