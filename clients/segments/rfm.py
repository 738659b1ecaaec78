"""Recency, frequency, money: each in quintiles 1–5 of the clients with a purchase; ties share the lower bin.

A score is one more than the number of bounds that a client is above. The bound of the second quintile is the value up
to which a fifth of the clients lie, and so on: so many scores of one value are all the lowest of theirs. Recency is
counted in local days. There are twelve bounds for all clients, so that whoever asks for a score compares a column with
a number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Q
from msgspec import Struct, structs

from clients.segments.looking import Among, Look
from loyalty.engine.words import gettext_noop

_ = gettext_noop

FIFTHS: Final = (0.2, 0.4, 0.6, 0.8)
# Of so many clients the bounds are remembered for a while: they hardly move, and sorting a million takes a second.
MANY: Final = 20_000
REMEMBERED_SECONDS: Final = 15 * 60

# The named segments by recency and frequency, each of the 25 cells in one of them.
CELLS: Final[Mapping[str, tuple[tuple[int, int], ...]]] = {
    "champions": ((5, 5), (5, 4)),
    "loyal": ((4, 5), (4, 4), (3, 5), (3, 4)),
    "promising": ((5, 3), (5, 2), (4, 3), (4, 2)),
    "newcomers": ((5, 1), (4, 1)),
    "attention": ((3, 3), (3, 2), (3, 1)),
    "cannot_lose": ((2, 5), (1, 5)),
    "at_risk": ((2, 4), (2, 3), (1, 4), (1, 3)),
    "sleeping": ((2, 2), (2, 1)),
    "lost": ((1, 2), (1, 1)),
}
NAMES: Final[Mapping[str, str]] = {
    "champions": _("Champions"),
    "loyal": _("Loyal"),
    "promising": _("Promising"),
    "newcomers": _("Newcomers"),
    "attention": _("Need attention"),
    "cannot_lose": _("Not to be lost"),
    "at_risk": _("At risk"),
    "sleeping": _("Falling asleep"),
    "lost": _("Almost lost"),
}
HINTS: Final[Mapping[str, str]] = {
    "champions": _("They bought lately and often. Thank them, ask them for reviews and friends."),
    "loyal": _("They buy often. Keep the habit: tiers, things that others don’t get."),
    "promising": _("They bought lately and not for the first time. Give a reason for the next visit."),
    "newcomers": _("Their first purchases were lately. Welcome them and explain the points."),
    "attention": _("Neither lately nor often. Remind them, for example of points that expire."),
    "cannot_lose": _("They bought most often of all, and not for a long time. Call them."),
    "at_risk": _("They bought often, and not for a long time. Invite them back."),
    "sleeping": _("They bought rarely, and a good while ago."),
    "lost": _("They bought rarely, and longest ago."),
}


Span = tuple[int, int]
ANY: Final[Span] = (1, 5)


class Box(Struct, frozen=True):
    """Scores from and to, of each of the three."""

    recency: Span = ANY
    frequency: Span = ANY
    money: Span = ANY


class Scale(Struct, frozen=True):
    """What a client must be above for the scores 2, 3, 4 and 5. `clients` are those with a purchase."""

    clients: int
    days: tuple[dt.date, ...] = ()
    frequency: tuple[int, ...] = ()
    money: tuple[Decimal, ...] = ()


class Cell(Struct, frozen=True):
    recency: int
    frequency: int
    clients: int
    spent: Decimal


def boxes_of(name: str) -> tuple[Box, ...]:
    """The cells of a named segment."""
    return tuple(Box((recency, recency), (frequency, frequency)) for recency, frequency in CELLS[name])


def finds(look: Look, boxes: Sequence[Box]) -> Q | Among:
    scale = look.scale()
    if not scale.clients:
        return Q(pk__in=())
    if look.own is None:
        found = Q(pk__in=())
        for box in boxes:
            found |= _columns(look, scale, box)
        return found
    tests: list[str] = []
    params: list[Any] = []
    for box in boxes:
        for column, bounds, (low, high) in (
            ("x.last", _recency(look, scale), box.recency),
            ("x.purchases", scale.frequency, box.frequency),
            ("x.spent", scale.money, box.money),
        ):
            test = ">=" if column == "x.last" else ">"
            parts = []
            if low > 1:
                parts.append(f"{column} {test} %s")
                params.append(bounds[low - 2])
            if high < 5:
                parts.append(f"NOT {column} {test} %s")
                params.append(bounds[high - 1])
            tests.append(" AND ".join(parts) or "true")
    # Three tests for each box.
    where = " OR ".join(f"({' AND '.join(tests[n : n + 3])})" for n in range(0, len(tests), 3))
    rows, own = _rows(look)
    return Among(f"(SELECT x.account_id FROM ({rows}) x WHERE {where})", (*own, *params))  # noqa: S608  # all are parameters


def grid(look: Look) -> list[Cell]:
    """All 25 cells by recency and frequency, with how many clients and what they have spent."""
    scale = look.scale()
    found: dict[Span, tuple[int, Decimal]] = {}
    if scale.clients:
        rows, params = _rows(look)
        recency = " + ".join(["(x.last >= %s)::int"] * 4)
        frequency = " + ".join(["(x.purchases > %s)::int"] * 4)
        sql = f"SELECT 1 + {recency}, 1 + {frequency}, count(*), sum(x.spent) FROM ({rows}) x GROUP BY 1, 2"  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(sql, [*_recency(look, scale), *scale.frequency, *params])
            found = {(r, f): (clients, spent) for r, f, clients, spent in cursor.fetchall()}
    return [Cell(r, f, *found.get((r, f), (0, Decimal(0)))) for r in range(5, 0, -1) for f in range(1, 6)]


def scale_of(look: Look) -> Scale:
    """The bounds at this moment; for a large base those of a few minutes ago."""
    key = f"rfm:{look.program_id}:{look.own or ''}"
    known: Scale | None = cache.get(key)
    if known is not None:
        return known
    rows, params = _rows(structs.replace(look, only=None))
    columns = ", ".join(
        f"percentile_disc(%s::float8[]) WITHIN GROUP (ORDER BY x.{column})" for column in ("last", "purchases", "spent")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*), {columns} FROM ({rows}) x", [*[list(FIFTHS)] * 3, *params])  # noqa: S608
        clients, last, frequency, money = cursor.fetchone()
    if not clients:
        return Scale(0)
    days = tuple(at if look.own is not None else look.calendar.day_of(at) for at in last)
    scale = Scale(clients, days, tuple(int(one) for one in frequency), tuple(money))
    if clients > MANY:
        cache.set(key, scale, REMEMBERED_SECONDS)
    return scale


def _columns(look: Look, scale: Scale, box: Box) -> Q:
    found = Q(account__purchases__gt=0, account__last_purchase_at__isnull=False)
    for column, bounds, (low, high) in (
        ("account__last_purchase_at__gte", _recency(look, scale), box.recency),
        ("account__purchases__gt", scale.frequency, box.frequency),
        ("account__spent__gt", scale.money, box.money),
    ):
        if low > 1:
            found &= Q(**{column: bounds[low - 2]})
        if high < 5:
            found &= ~Q(**{column: bounds[high - 1]})
    return found


def _recency(look: Look, scale: Scale) -> tuple[Any, ...]:
    """From when on a purchase is on a later day than the bound."""
    if look.own is None:
        return tuple(look.calendar.end_of(day) for day in scale.days)
    return tuple(day + dt.timedelta(days=1) for day in scale.days)


_ACCOUNTS: Final = """
    SELECT a.id AS account_id, a.last_purchase_at AS last, a.purchases, a.spent
      FROM clients_client c JOIN loyalty_account a ON a.id = c.account_id
     WHERE c.program_id = %s AND a.program_id = %s AND a.purchases > 0 AND a.last_purchase_at IS NOT NULL"""
# Of a merchant who shares the programme: his own receipts.
_SALES: Final = """
    SELECT t.account_id, max(t.day) AS last, sum(t.one) AS purchases, sum(t.paid) AS spent
      FROM (SELECT s.account_id, s.local_day AS day, s.to_pay + s.turnover_off AS paid, 1 AS one
              FROM loyalty_sale s
             WHERE s.program_id = %s AND s.merchant_id = %s AND s.status = 'committed' AND s.account_id IS NOT NULL
             UNION ALL
            SELECT s.account_id, NULL, -(r.money + r.turnover_off), 0
              FROM loyalty_return r JOIN loyalty_sale s ON s.id = r.sale_id
             WHERE r.program_id = %s AND s.merchant_id = %s AND s.status = 'committed' AND s.account_id IS NOT NULL
           ) t
      JOIN clients_client c ON c.account_id = t.account_id
     GROUP BY 1"""


def _rows(look: Look) -> tuple[str, list[Any]]:
    """Clients with a purchase: account, last, purchases, spent."""
    if look.own is None:
        sql, params = _ACCOUNTS, [look.program_id, look.program_id]
    else:
        sql, params = _SALES, [look.program_id, look.own, look.program_id, look.own]
    if look.only is None:
        return sql, params
    return f"SELECT * FROM ({sql}) o WHERE o.account_id = %s", [*params, look.only]  # noqa: S608
