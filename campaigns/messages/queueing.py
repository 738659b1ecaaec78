"""Messages are asked for here: each is a row, at the most one for an occasion of the programme."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import connection
from msgspec import Struct

from campaigns.models import Message, MessageTemplate
from merchants.access import same_tenant
from merchants.models import Merchant

CHUNK: Final = 5_000
INSERT: Final = """
    INSERT INTO campaigns_message
        (program_id, merchant_id, template_id, purpose, source, due_at, expires_at, created_at,
         account_id, occasion, details, public_id)
    SELECT %s, %s, %s, %s, %s, %s, %s, %s, one.account, one.occasion, one.details::jsonb, one.public_id
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::uuid[]) AS one (account, occasion, details, public_id)
    ON CONFLICT (program_id, occasion) DO NOTHING
"""


class Receiver(Struct, frozen=True):
    """A client's account, for what he is written to (`campaign:3:birthday:2026:71`: unique in the programme), and more
    variables for the text."""

    account: int
    occasion: str
    details: Mapping[str, str] = {}


def queue(
    *,
    merchant: Merchant,
    template: MessageTemplate,
    receivers: Sequence[Receiver],
    source: str,
    now: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
) -> int:
    """Ask for a message to each, in the caller's transaction; how many are new: the others' occasions had theirs.

    Whether a client may be written to, and by which channel, is looked at when it is sent. ValueError where an
    occasion or the source is empty or too long.
    """
    program_id = same_tenant(merchant, template)
    _check(source, [one.occasion for one in receivers])
    new = 0
    common: list[Any] = [
        program_id, merchant.pk, template.pk, template.purpose, source, not_before or now, expires_at, now,
    ]  # fmt: skip
    for begin in range(0, len(receivers), CHUNK):
        chunk = receivers[begin : begin + CHUNK]
        with connection.cursor() as cursor:
            cursor.execute(
                INSERT,
                [
                    *common,
                    [one.account for one in chunk],
                    [one.occasion for one in chunk],
                    [msgspec.json.encode(one.details).decode() for one in chunk],
                    [uuid.uuid4() for _one in chunk],
                ],
            )
            new += cursor.rowcount
    return new


def _check(source: str, occasions: Sequence[str]) -> None:
    longest = Message._meta.get_field("occasion").max_length or 0
    if not 0 < len(source) <= (Message._meta.get_field("source").max_length or 0):
        raise ValueError(f"source of {len(source)} letters")
    if any(not 0 < len(occasion) <= longest for occasion in occasions):
        raise ValueError("an occasion is empty or too long")
