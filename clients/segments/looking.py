"""What conditions look at: the moment, the rules in force, and the purchases that the merchant may know of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import EmptyResultSet
from django.db.models import F, QuerySet
from msgspec import Struct

from loyalty.engine.calendar import Calendar, calendar_of
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Sale
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from merchants.models import Merchant

if TYPE_CHECKING:
    from clients.segments.rfm import Scale


class Among(Struct, frozen=True):
    """Accounts, as a statement that selects their keys. Sets are put together by the database, however large."""

    sql: str
    params: tuple[Any, ...] = ()

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Among:
        """Rows of one column, the account."""
        try:
            sql, params = rows.order_by().query.sql_with_params()
        except EmptyResultSet:
            return NOBODY
        return cls(f"({sql})", tuple(params))

    def but(self, other: Among) -> Among:
        return Among(f"({self.sql} EXCEPT {other.sql})", self.params + other.params)

    def also(self, other: Among) -> Among:
        return Among(f"({self.sql} UNION {other.sql})", self.params + other.params)


FIRST_DAY: Final = dt.date(1900, 1, 1)
LAST_DAY: Final = dt.date(2100, 12, 31)
NOBODY = Among("(SELECT NULL::bigint WHERE false)")


class Look(Struct, frozen=True):
    """`own` is the merchant whose purchases count; None where they are all of the programme's, which accounts know by
    themselves. `only` is the one account that is asked about."""

    program_id: int
    merchant_id: int
    now: dt.datetime
    calendar: Calendar
    rulebook: Rulebook
    own: int | None
    scale: Callable[[], Scale]
    only: int | None = None

    @property
    def today(self) -> dt.date:
        return self.calendar.day_of(self.now)

    def start(self, days_ago: int) -> dt.datetime:
        """When the local day so many days before today began."""
        return self.calendar.start_of(self.today - dt.timedelta(days=days_ago))

    def end(self, days_ahead: int) -> dt.datetime:
        return self.calendar.end_of(self.today + dt.timedelta(days=days_ahead))

    def begins(self, day: dt.date) -> dt.datetime:
        """When a day that somebody wrote down begins; of what was never, the nearest day that was."""
        return self.calendar.start_of(min(max(day, FIRST_DAY), LAST_DAY))

    def ends(self, day: dt.date) -> dt.datetime:
        return self.calendar.end_of(min(max(day, FIRST_DAY), LAST_DAY))

    def everybody(self) -> Among:
        sql, params = "SELECT a.id FROM loyalty_account a WHERE a.program_id = %s", (self.program_id,)
        if self.only is not None:
            return Among(f"({sql} AND a.id = %s)", (*params, self.only))
        return Among(f"({sql})", params)

    def sales(self) -> QuerySet[Sale]:
        """What was sold to clients, and did not come back as a whole."""
        sales = Sale.objects.filter(
            program_id=self.program_id, status=Sale.Status.COMMITTED, account__isnull=False
        ).order_by()
        if self.own is not None:
            sales = sales.filter(merchant_id=self.own)
        return sales if self.only is None else sales.filter(account_id=self.only)


def look_of(merchant: Merchant, now: dt.datetime, *, only: int | None = None) -> Look:
    from clients.segments.rfm import scale_of  # noqa: PLC0415  # which looks, too

    program = merchant.program
    try:
        rulebook = rulebook_at(program.pk, now)[1]
    except Refused:
        rulebook = Rulebook()
    shared = Merchant.objects.filter(program_id=program.pk).exclude(pk=merchant.pk).exists()
    look = Look(
        program_id=program.pk,
        merchant_id=merchant.pk,
        now=now,
        calendar=calendar_of(program.time_zone, program.day_starts_at),
        rulebook=rulebook,
        own=merchant.pk if shared else None,
        scale=lambda: scale_of(look),
        only=only,
    )
    return look


BALANCE = F("account__points") - F("account__debt")
