"""Segments are made, changed, frozen and deleted here."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError, QuerySet

from clients.models import Segment, SegmentMember
from clients.models.client import ClientQuerySet
from clients.segments.definition import Definition, read, stored
from clients.segments.using import described
from merchants import audit
from merchants.access import Actor, same_tenant
from merchants.models import Merchant, User

MOST: Final = 200


class InUseError(Exception):
    """A campaign or a mailing is for its clients."""


class NameTakenError(Exception):
    """Another segment of the merchant is called so."""


class TooManyError(Exception):
    """So many segments are kept already."""


def of(merchant: Merchant) -> QuerySet[Segment]:
    return Segment.objects.filter(program_id=merchant.program_id, merchant=merchant).order_by("name", "pk")


@transaction.atomic
def make(*, merchant: Merchant, name: str, definition: Definition, now: dt.datetime, by: Actor) -> Segment:
    """NameTakenError, TooManyError."""
    if of(merchant).count() >= MOST:
        raise TooManyError
    segment = Segment(
        program_id=merchant.program_id,
        merchant=merchant,
        name=name,
        definition=stored(definition),
        created_by=by if isinstance(by, User) else None,
        created_at=now,
    )
    _save(segment)
    _record(segment, "segment.made", now, by)
    return segment


@transaction.atomic
def change(*, segment: Segment, name: str, definition: Definition, now: dt.datetime, by: Actor) -> Segment:
    """Another name or other conditions. A frozen one is frozen anew where the conditions differ. NameTakenError."""
    same_tenant(segment)
    segment = Segment.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=segment.pk)
    other = definition != read(segment.definition)
    segment.name, segment.definition = name, stored(definition)
    if other:
        segment.counted = segment.counted_at = None
    _save(segment)
    _record(segment, "segment.changed", now, by)
    if other and segment.is_frozen:
        freeze(segment=segment, now=now, by=by)
    return segment


@transaction.atomic
def delete(*, segment: Segment, now: dt.datetime, by: Actor) -> None:
    """InUseError where something is for its clients, and nothing has changed."""
    same_tenant(segment)
    _record(segment, "segment.deleted", now, by)
    SegmentMember.objects.filter(program_id=segment.program_id, segment=segment).delete()
    try:
        segment.delete()
    except ProtectedError:
        raise InUseError from None


@transaction.atomic
def freeze(*, segment: Segment, now: dt.datetime, by: Actor) -> int:
    """Keep the list of those who fit at this moment, instead of an older list; how many they are."""
    program_id = same_tenant(segment)
    segment = Segment.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=segment.pk)
    SegmentMember.objects.filter(program_id=program_id, segment=segment).delete()
    rows = described(read(segment.definition), segment.merchant, now)
    number = keep(rows, "clients_segmentmember (program_id, segment_id, client_id)", program_id, segment.pk)
    segment.frozen_at, segment.frozen_by = now, by if isinstance(by, User) else None
    segment.counted, segment.counted_at = number, now
    segment.save(update_fields=["frozen_at", "frozen_by", "counted", "counted_at"])
    _record(segment, "segment.frozen", now, by, clients=number)
    return number


@transaction.atomic
def thaw(*, segment: Segment, now: dt.datetime, by: Actor) -> None:
    """Find the clients anew at each use again."""
    program_id = same_tenant(segment)
    SegmentMember.objects.filter(program_id=program_id, segment=segment).delete()
    segment.frozen_at = segment.frozen_by = None
    segment.counted = segment.counted_at = None
    segment.save(update_fields=["frozen_at", "frozen_by", "counted", "counted_at"])
    _record(segment, "segment.thawed", now, by)


def remember(segment: Segment, number: int | None, now: dt.datetime) -> None:
    """What the last look found, for the list of segments."""
    Segment.objects.filter(program_id=segment.program_id, pk=segment.pk).update(counted=number, counted_at=now)
    segment.counted, segment.counted_at = number, now


def keep(rows: ClientQuerySet, into: str, program_id: int, owner: int, column: str = "pk") -> int:
    """One row of `into` for each client: the programme, the owner's key, and the client's column."""
    sql, params = rows.order_by().values_list(column, flat=True).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {into} SELECT %s, %s, found.one FROM ({sql}) AS found (one)",  # noqa: S608  # of ours
            [program_id, owner, *params],
        )
        return int(cursor.rowcount)


def _save(segment: Segment) -> None:
    try:
        with transaction.atomic():
            segment.save()
    except IntegrityError:
        raise NameTakenError from None


def _record(segment: Segment, action: str, now: dt.datetime, by: Actor, **details: int) -> None:
    audit.record(program_id=segment.program_id, action=action, at=now, by=by, subject=segment, details=details)
