"""Whom a segment holds. Everything is one query over the clients of the programme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final, TypeVar

from django.db import OperationalError, connection, transaction
from msgspec import Struct

from clients.models import Client, Segment, SegmentMember
from clients.models.client import ClientQuerySet
from clients.segments.definition import Definition, narrowed, read
from clients.segments.looking import look_of
from merchants.models import Merchant

T = TypeVar("T")

# How long a page may count, and then how long it may look whether there are more than a thousand.
PATIENCE_MS: Final = 4_000
SHORT_MS: Final = 1_500
AT_LEAST: Final = 1_000


class Count(Struct, frozen=True):
    """`number` of clients; with `more`, there are more than that; None where counting takes too long."""

    number: int | None
    more: bool = False


def members(segment: Segment, now: dt.datetime) -> ClientQuerySet:
    """Its clients at this moment: of a frozen one those of then who are still there."""
    if segment.is_frozen:
        frozen = SegmentMember.objects.filter(program_id=segment.program_id, segment=segment)
        return _clients(segment.program_id).filter(pk__in=frozen.values("client"))
    return described(read(segment.definition), segment.merchant, now)


def contains(segment: Segment, client: Client, now: dt.datetime) -> bool:
    """Whether a client is in it at this moment. One account is looked at, not all."""
    if client.program_id != segment.program_id:
        return False
    if segment.is_frozen:
        return members(segment, now).filter(pk=client.pk).exists()
    rows = _clients(segment.program_id).filter(pk=client.pk)
    look = look_of(segment.merchant, now, only=client.account_id)
    return narrowed(rows, read(segment.definition), look).exists()


def described(definition: Definition, merchant: Merchant, now: dt.datetime) -> ClientQuerySet:
    """The clients of the programme whom conditions find, as this merchant may know them."""
    return narrowed(_clients(merchant.program_id), definition, look_of(merchant, now))


def counted(rows: ClientQuerySet) -> Count:
    """How many, as far as that can be said without keeping anybody waiting."""
    bare = rows.order_by()
    number = within(PATIENCE_MS, bare.count)
    if number is not None:
        return Count(number)
    number = within(SHORT_MS, lambda: bare[: AT_LEAST + 1].count())
    return Count(AT_LEAST, more=True) if number is not None and number > AT_LEAST else Count(number)


def within(milliseconds: int, asked: Callable[[], T]) -> T | None:
    """What a query answers; None where it takes the database longer than that."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('statement_timeout')")
            before = cursor.fetchone()[0]
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds)])
            answer = asked()
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
            return answer
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == "57014":  # the statement was cancelled
            return None
        raise


def _clients(program_id: int) -> ClientQuerySet:
    """Who was merged or removed has no row."""
    rows: ClientQuerySet = Client.objects.filter(program_id=program_id)
    return rows
