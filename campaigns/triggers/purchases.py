"""By what clients buy, or don't."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from campaigns.triggers.base import ByDay, ByEvent, Rows, sales_sql
from clients.segments.looking import Look
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop

SomeDays = Annotated[int, Meta(ge=1, le=730)]


class JoinedWithoutPurchase(ByDay, frozen=True, kw_only=True, tag="joined_idle"):
    """So many days after joining, the client has bought nothing yet; once."""

    title = _("Joined, and has bought nothing")
    hint = _("They took the card and have not come: give them a reason.")
    says = ngettext(
        "%(days)s day after joining, if nothing was bought",
        "%(days)s days after joining, if nothing was bought",
        "days",
    )

    days: Annotated[SomeDays, field("days", _("Days after joining"))] = 7

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        joined = day - dt.timedelta(days=self.days)
        return Rows(
            "SELECT a.id, 'joined'::text, %s::timestamptz FROM loyalty_account a WHERE a.program_id = %s"
            " AND a.created_at >= %s AND a.created_at < %s AND a.purchases = 0 AND a.first_purchase_at IS NULL",
            (moment, look.program_id, look.begins(joined), look.ends(joined)),
        )


class Absent(ByDay, frozen=True, kw_only=True, tag="absent"):
    """So many days have passed since the last purchase; once for each such absence."""

    title = _("Has not come for long")
    hint = _("They used to buy, and stay away: call them back.")
    says = ngettext("%(days)s day after the last purchase", "%(days)s days after the last purchase", "days")

    days: Annotated[SomeDays, field("days", _("Days since the last purchase"))] = 60

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        # The receipts of that day, and of their clients those who have none since: the account’s own column has no
        # index, which each sale would have to write.
        last = day - dt.timedelta(days=self.days)
        own, params = sales_sql(look)
        later, later_params = self._later(look, last)
        # Of a client's receipts of a day one is the visit; in a shared programme it may be the other merchant's.
        each, visit = ("", " AND s.is_visit") if look.own is None else ("DISTINCT ", "")
        return Rows(
            f"SELECT {each}s.account_id, %s::text, %s::timestamptz FROM loyalty_sale s"  # noqa: S608  # of ours
            f" JOIN loyalty_account a ON a.program_id = s.program_id AND a.id = s.account_id"
            f" WHERE {own}{visit} AND s.local_day = %s AND {later}",
            (last.isoformat(), moment, *params, last, *later_params),
        )

    def _later(self, look: Look, last: dt.date) -> tuple[str, tuple[Any, ...]]:
        if look.own is None:
            return "a.last_purchase_at < %s", (look.ends(last),)
        newer = (
            "SELECT FROM loyalty_sale n WHERE n.program_id = s.program_id AND n.account_id = s.account_id"
            " AND n.merchant_id = s.merchant_id AND n.status = 'committed' AND n.local_day > %s"
        )
        return f"NOT EXISTS ({newer})", (last,)


class FirstPurchase(ByEvent, frozen=True, kw_only=True, tag="first_purchase"):
    """The client's first purchase has been made; once."""

    title = _("First purchase made")
    hint = _("The second visit decides whether they stay.")
    says = _("after the first purchase")

    def happened(self, look: Look, since: dt.datetime, until: dt.datetime, begins: dt.datetime) -> Rows:
        own, params = sales_sql(look)
        # A second one may follow before anybody looks; what was brought along from elsewhere is earlier.
        first = "a.first_purchase_at = s.occurred_at"
        if look.own is not None:
            first = (
                "NOT EXISTS (SELECT FROM loyalty_sale n WHERE n.program_id = s.program_id"
                " AND n.account_id = s.account_id AND n.merchant_id = s.merchant_id AND n.status = 'committed'"
                " AND n.id < s.id)"
            )
        return Rows(
            f"SELECT s.account_id, 'first'::text, s.created_at FROM loyalty_sale s"  # noqa: S608  # of ours
            f" JOIN loyalty_account a ON a.program_id = s.program_id AND a.id = s.account_id"
            f" WHERE {own} AND s.created_at > %s AND s.created_at <= %s AND {first}",
            (*params, since, until),
        )


class ReceiptAbove(ByEvent, frozen=True, kw_only=True, tag="receipt"):
    """A receipt of this sum or more; once for each receipt."""

    title = _("Large receipt")
    hint = _("A thank-you for a purchase above the usual.")
    says = _("for a receipt of %(at_least)s or more")

    at_least: Annotated[Decimal, field("money", _("Sum of the receipt from"), positive=True)] = Decimal(5000)

    def happened(self, look: Look, since: dt.datetime, until: dt.datetime, begins: dt.datetime) -> Rows:
        own, params = sales_sql(look)
        return Rows(
            f"SELECT s.account_id, s.id::text, s.created_at FROM loyalty_sale s"  # noqa: S608  # of ours
            f" WHERE {own} AND s.created_at > %s AND s.created_at <= %s AND s.total - s.discount >= %s",
            (*params, since, until, self.at_least),
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from _positive("at_least", self.at_least)


class Milestone(ByEvent, frozen=True, kw_only=True, tag="milestone"):
    """Purchases have come to this sum altogether since joining, by a receipt that was made since the campaign began;
    once, or again at each further such sum."""

    title = _("Milestone of purchases")
    hint = _("A gift when purchases come to a sum.")
    says = (
        _("when purchases come to %(at)s, and at each further such sum%(again)s"),
        _("when purchases come to %(at)s"),
    )
    parts = {"again": ""}

    at: Annotated[Decimal, field("money", _("Sum of purchases"), positive=True)] = Decimal(10000)
    again: Annotated[bool, field("yes", _("And at each further such sum"))] = False

    def happened(self, look: Look, since: dt.datetime, until: dt.datetime, begins: dt.datetime) -> Rows:
        own, params = sales_sql(look)
        steps = "floor(f.spent / %s)" if self.again else "least(floor(f.spent / %s), 1)"
        before = "floor(f.before / %s)" if self.again else "least(floor(f.before / %s), 1)"
        if look.own is None:
            spent, spent_params = "max(a.spent)", tuple[Any, ...]()
        else:
            spent = (
                "(SELECT sum(n.to_pay + n.turnover_off) FROM loyalty_sale n WHERE n.program_id = %s"
                " AND n.account_id = s.account_id AND n.merchant_id = %s AND n.status = 'committed')"
            )
            spent_params = (look.program_id, look.own)
        return Rows(
            f"SELECT f.account, ({steps})::bigint::text, f.at FROM ("  # noqa: S608  # of ours
            f" SELECT s.account_id AS account, max(s.created_at) AS at, {spent} AS spent,"
            f" {spent} - sum(s.to_pay + s.turnover_off) AS before"
            f" FROM loyalty_sale s JOIN loyalty_account a ON a.program_id = s.program_id AND a.id = s.account_id"
            f" WHERE {own} AND s.created_at > %s AND s.created_at <= %s GROUP BY s.account_id) f"
            f" WHERE {steps} > {before}",
            (self.at, *spent_params, *spent_params, *params, since, until, self.at, self.at),
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        yield from _positive("at", self.at)


class CustomEvent(ByEvent, frozen=True, kw_only=True, tag="event"):
    """Something that another program has reported: a review, a survey, anything by its name; once for each."""

    title = _("Event from another program")
    hint = _("A site or an app reports what clients do: reviews, surveys, anything else.")
    says = _("after the event “%(action)s”")

    action: Annotated[str, field("action", _("Name of the event"), _("As the other program names it: review."))] = ""

    def happened(self, look: Look, since: dt.datetime, until: dt.datetime, begins: dt.datetime) -> Rows:
        return Rows(
            "SELECT v.account_id, v.id::text, v.at FROM loyalty_activity v WHERE v.program_id = %s AND v.action = %s"
            " AND v.merchant_id = %s AND v.status <> 'refused' AND v.at > %s AND v.at <= %s",
            (look.program_id, self.action, look.merchant_id, since, until),
        )

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.action:
            yield "action", _("Name the event.")


def _positive(name: str, value: Decimal) -> Iterator[tuple[str, str]]:
    if value <= 0:
        yield name, _("The sum must be above zero.")
