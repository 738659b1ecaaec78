"""What time alone makes due: lots that expire, holds and tiers that end, stored answers that have served."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

import structlog
from django.db import DatabaseError, transaction

from loyalty import approvals, ledger, reviews
from loyalty.certificates import time_passing
from loyalty.models import Confirmation, IdempotencyKey, OneTimeCode
from loyalty.rewards import ending
from merchants.access import every_tenant, tenant
from merchants.models import Program

logger = structlog.get_logger(__name__)

ANSWERS_KEPT = dt.timedelta(days=30)
CHUNK = 5_000
# In this order: a version that is new may move what is due, and points that lapse expire with the others.
STEPS = (
    ledger.end_due_holds,
    reviews.adopt,
    ledger.lapse_inactive,
    ledger.expire_due,
    reviews.review_tiers,
    time_passing.expire_due,
    time_passing.warn,
    approvals.expire_due,
    ending.cancel_unclaimed,
)


def sweep(*, now: dt.datetime, going_on: Callable[[], bool] = lambda: True) -> int:
    """Expire lots, end holds and tiers of all programmes, chunk by chunk, until nothing is due or `going_on` says no.

    Each chunk is a transaction of its own, so that it may be killed at any moment and go on the next time.
    Returns how many lots and holds there were.
    """
    done = 0
    # In any order: where one programme has more to do than a turn allows, the others are not always behind it.
    for program_id in Program.objects.order_by("?").values_list("id", flat=True):
        try:
            done += _sweep_program(program_id, now, going_on)
        except DatabaseError:
            logger.exception("sweep_failed", program=program_id)
    return done


def _sweep_program(program_id: int, now: dt.datetime, going_on: Callable[[], bool]) -> int:
    done = 0
    with tenant(program_id):
        for step in STEPS:
            while going_on() and (count := step(program_id=program_id, now=now)):
                done += count
    return done


def purge(*, now: dt.datetime) -> int:
    """Delete stored answers after 30 days, and dead codes. Returns how many rows."""
    with every_tenant():
        old = IdempotencyKey.objects.filter(created_at__lt=now - ANSWERS_KEPT)
        done = 0
        while count := _delete_some(old.values_list("pk", flat=True)[:CHUNK]):
            done += count
        yesterday = now - dt.timedelta(days=1)
        done += Confirmation.objects.filter(expires_at__lt=yesterday).delete()[0]
        # A code that was used is part of its sale's record for as long as the code lives, and no longer.
        done += OneTimeCode.objects.filter(expires_at__lt=yesterday).delete()[0]
    return done


def _delete_some(keys: Iterable[int]) -> int:
    with transaction.atomic():
        return IdempotencyKey.objects.filter(pk__in=list(keys)).delete()[0]
