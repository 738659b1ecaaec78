"""Clients who may be one person: the same e-mail, or the same name and birthday. Phones are unique already."""

from __future__ import annotations

from typing import Final

from django.db import connection
from msgspec import Struct

from clients.models import Client
from merchants import paging

SIZE: Final = 20
# Each client with the one alike before him: sorted once, however many share a common address.
_PAIRS: Final = """
    SELECT p.id, max(p.older) AS older, bool_or(p.by_email), bool_or(NOT p.by_email)
      FROM (SELECT c.id, lag(c.id) OVER (PARTITION BY lower(c.email) ORDER BY c.id) AS older, true AS by_email
              FROM clients_client c WHERE c.program_id = %(program)s AND c.email <> ''
             UNION ALL
            SELECT c.id, lag(c.id) OVER (PARTITION BY lower(c.name), c.birthday, c.birthday_year_known ORDER BY c.id),
                   false
              FROM clients_client c WHERE c.program_id = %(program)s AND c.name <> '' AND c.birthday IS NOT NULL) p
     WHERE p.older IS NOT NULL AND (%(before)s::bigint IS NULL OR p.id < %(before)s)
     GROUP BY p.id ORDER BY p.id DESC LIMIT %(limit)s
"""


class Pair(Struct, frozen=True):
    """`older` joined before `newer`; clients with their accounts."""

    newer: Client
    older: Client
    by_email: bool
    by_name: bool


class PairPage(Struct, frozen=True):
    """As `merchants.paging.Page`: `older` is the cursor of the next page, empty on the last one."""

    rows: list[Pair]
    older: str
    is_first: bool


def page_of(*, program_id: int, cursor: str = "", size: int = SIZE) -> PairPage:
    """Pairs of clients alike, the newest first. Two queries."""
    before = paging.key_of(cursor)
    with connection.cursor() as sql:
        sql.execute(_PAIRS, {"program": program_id, "before": before, "limit": size + 1})
        found = sql.fetchall()
    keys = {key for newer, older, *_why in found[:size] for key in (newer, older)}
    people = Client.objects.filter(program_id=program_id).select_related("account").in_bulk(keys)
    pairs = [
        Pair(people[newer], people[older], by_email, by_name)
        for newer, older, by_email, by_name in found[:size]
        if newer in people and older in people
    ]
    return PairPage(pairs, str(found[size - 1][0]) if len(found) > size else "", before is None)
