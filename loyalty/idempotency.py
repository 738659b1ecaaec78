"""Writes that are not sales, once for each Idempotency-Key of a till."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeAlias

from django.db import IntegrityError, transaction

from loyalty.models import Account, IdempotencyKey
from loyalty.refusals import Refused
from loyalty.sales.keys import store_answer, stored_answer
from loyalty.sales.request import Answer, Idempotency
from merchants.authentication import Caller

# The account that the answer is about, if any, and the answer's text.
Done: TypeAlias = tuple[Account | None, str]


def once(*, caller: Caller, key: Idempotency, now: dt.datetime, status: int, act: Callable[[], Done]) -> Answer:
    """Do it and keep the answer with the key, in one transaction; the second time, answer what was kept.

    Refused `idempotency_key_reused` where the key came with another body. What `act` raises leaves nothing behind.
    """
    try:
        return _once(caller, key, now, status, act)
    except (IntegrityError, Refused):
        # The same request may have won on another connection, and this one met what it had written: then its answer
        # is there now.
        known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
        if known is None:
            raise
        return known


@transaction.atomic
def _once(caller: Caller, key: Idempotency, now: dt.datetime, status: int, act: Callable[[], Done]) -> Answer:
    known = stored_answer(program_id=caller.program_id, till_id=caller.till_id, key=key)
    if known is not None:
        return known
    account, text = act()
    answer = Answer(status, text)
    store_answer(
        program_id=caller.program_id,
        till_id=caller.till_id,
        account_id=account.pk if account else None,
        key=key,
        answer=answer,
        now=now,
    )
    return answer


def used_for_another_body(*, caller: Caller, keys: list[Idempotency]) -> bool:
    """Whether one of these keys of the till is known with another body."""
    known = IdempotencyKey.objects.filter(
        program_id=caller.program_id, till_id=caller.till_id, key__in=[key.key for key in keys]
    ).values_list("key", "body_digest")
    digests = {key.key: key.body_digest for key in keys}
    return any(bytes(digest) != digests[key] for key, digest in known)
