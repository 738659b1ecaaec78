"""Stored answers of the writes that are not sales at once: commit, void, return."""

from __future__ import annotations

import datetime as dt

from loyalty.models import IdempotencyKey
from loyalty.refusals import Refused
from loyalty.sales.request import Answer, Idempotency


def stored_answer(*, program_id: int, till_id: int, key: Idempotency) -> Answer | None:
    """The answer that this key was given; Refused `idempotency_key_reused` where it was for something else.

    Ask behind the lock of what the write changes: then no answer to the same key can be under way.
    """
    row = IdempotencyKey.objects.filter(program_id=program_id, till_id=till_id, key=key.key).first()
    if row is None:
        return None
    if bytes(row.body_digest) != key.body_digest:
        raise Refused("idempotency_key_reused")
    return Answer(row.status, row.answer, replayed=True)


def store_answer(
    *,
    program_id: int,
    till_id: int,
    account_id: int | None,
    key: Idempotency,
    answer: Answer,
    now: dt.datetime,
) -> None:
    """Keep the answer in the transaction of its write."""
    IdempotencyKey.objects.create(
        program_id=program_id,
        till_id=till_id,
        account_id=account_id,
        key=key.key,
        body_digest=key.body_digest,
        status=answer.status,
        answer=answer.text,
        created_at=now,
    )
