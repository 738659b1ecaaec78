"""By the calendar: birthdays, anniversaries, dates."""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal

from msgspec import Meta

from campaigns.triggers.base import NOBODY, ByDay, Rows, Trigger, Window, at_hour
from clients.segments.looking import Look
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop

# Whoever changes his birthday waits so long for a gift of it.
AFTER_CHANGE: Final = dt.timedelta(days=30)
# As anniversaries go back.
OLDEST: Final = 60


class Birthday(ByDay, frozen=True, kw_only=True, tag="birthday"):
    """The client's birthday, or so many days before or after it; once a year. Who was born on 29 February celebrates on
    28 February in other years. Of a birthday only its day and month count. Nobody gets anything within 30 days of a
    change of the date."""

    title = _("Birthday")
    hint = _("A gift for the day that everybody remembers.")
    says = (_("%(before)s the birthday"), _("%(after)s the birthday"), _("on the birthday"))
    parts = {
        "before": ngettext("%(value)s day ahead of", "%(value)s days ahead of", "before"),
        "after": ngettext("%(value)s day past", "%(value)s days past", "after"),
    }

    before: Annotated[
        Annotated[int, Meta(ge=0, le=60)], field("days", _("Days before"), _("0: on the day itself."))
    ] = 0
    after: Annotated[Annotated[int, Meta(ge=0, le=60)], field("days", _("Or days after"))] = 0

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        born = day + dt.timedelta(days=self.before - self.after)
        keys = [born.month * 100 + born.day]
        if keys == [228] and not calendar.isleap(born.year):
            keys.append(229)
        return Rows(
            "SELECT a.id, %s::text, %s::timestamptz FROM loyalty_account a"
            " WHERE a.program_id = %s AND a.birthday IS NOT NULL"
            " AND ((EXTRACT(MONTH FROM a.birthday) * 100) + EXTRACT(DAY FROM a.birthday)) = ANY (%s::numeric[])"
            " AND (a.birthday_set_at IS NULL OR a.birthday_set_at <= %s)",
            (str(born.year), moment, look.program_id, keys, moment - AFTER_CHANGE),
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.before and self.after:
            yield "after", _("Either before, or after.")


class Anniversary(ByDay, frozen=True, kw_only=True, tag="anniversary"):
    """A year, two, three since the client joined. Who joined on 29 February has it on 28 February in other years."""

    title = _("Anniversary of joining")
    hint = _("Thank those who stay.")
    says = _("on the anniversary of joining")

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        wanted = [(day.month, day.day)]
        if wanted == [(2, 28)] and not calendar.isleap(day.year):
            wanted.append((2, 29))
        spans = [
            (look.begins(begun), look.ends(begun))
            for years in range(1, OLDEST)
            for month, number in wanted
            if (begun := _real(day.year - years, month, number))
        ]
        lows, highs = [low for low, _high in spans], [high for _low, high in spans]
        return Rows(
            "SELECT a.id, %s::text, %s::timestamptz"
            " FROM unnest(%s::timestamptz[], %s::timestamptz[]) AS y (low, high)"
            " JOIN loyalty_account a ON a.program_id = %s AND a.created_at >= y.low AND a.created_at < y.high",
            (str(day.year), moment, lows, highs, look.program_id),
        )


class OnDate(Trigger, frozen=True, kw_only=True, tag="date"):
    """A day and an hour, once: a holiday, the birthday of the shop."""

    title = _("Date and time")
    hint = _("Once, for everybody whom the audience holds: a holiday, the shop’s birthday.")
    says = _("on %(day)s at %(time)s")

    day: Annotated[dt.date, field("date", _("Day"))]
    time: Annotated[dt.time, field("time", _("Time"))] = dt.time(10)

    def due(self, look: Look, window: Window) -> Rows:
        moment = at_hour(look, self.day, self.time)
        return everybody(look, "once", moment) if window.since < moment <= window.until else NOBODY


class Recurring(ByDay, frozen=True, kw_only=True, tag="recurring"):
    """Every week on some days, or every month on a day, at the campaign's hour. The 31st is the last day of shorter
    months."""

    title = _("Again and again")
    hint = _("Every Friday, or on the first of each month: set a limit, or the audience gets it each time.")
    says = ("%(weekdays)s", _("every month on day %(month_day)s"), _("again and again"))

    every: Annotated[
        Literal["week", "month"],
        field("choice", _("How often"), choices=(("week", _("every week")), ("month", _("every month")))),
    ] = "week"
    weekdays: Annotated[tuple[int, ...], field("weekdays", _("Of a week: on which days"))] = ()
    month_day: Annotated[
        Annotated[int, Meta(ge=1, le=31)] | None, field("count", _("Of a month: on which day of it"))
    ] = None

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        if self.every == "week":
            is_due = day.isoweekday() in self.weekdays
        else:
            is_due = day.day == min(self.month_day or 1, calendar.monthrange(day.year, day.month)[1])
        return everybody(look, day.isoformat(), moment) if is_due else NOBODY

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.every == "week" and not self.weekdays:
            yield "weekdays", _("Choose at least one day.")
        if self.every == "month" and self.month_day is None:
            yield "month_day", _("On which day of the month?")


class ByHand(Trigger, frozen=True, kw_only=True, tag="by_hand"):
    """When somebody presses the button; each press is an occasion."""

    title = _("By hand")
    hint = _("You press the button: for everybody whom the audience holds at that moment.")
    says = _("when the button is pressed")
    foreseen: ClassVar[bool] = False
    daily: ClassVar[bool] = False
    by_hand: ClassVar[bool] = True

    def due(self, look: Look, window: Window) -> Rows:
        return NOBODY


def everybody(look: Look, occasion: str, moment: dt.datetime) -> Rows:
    return Rows(
        "SELECT a.id, %s::text, %s::timestamptz FROM loyalty_account a WHERE a.program_id = %s",
        (occasion, moment, look.program_id),
    )


def _real(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None
