"""Work that follows a transaction: written inside it as a row, done later by a worker.

A worker claims rows by moving their `due_at` a lease ahead, does the work outside of any transaction, and deletes each
row when its work is done. Killed in between, it leaves rows that fall due again when the lease ends: everything is
done at least once. Nobody starts a message late in its lease, so no two workers have the same one at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

import structlog
from django.db import transaction

from merchants.access import every_tenant, tenant
from merchants.gateways.answers import Refused
from merchants.models import OutboxMessage

logger = structlog.get_logger(__name__)

BATCH = 50
# A handler has to be done within the difference of the two: the time-outs of mail and SMS are shorter.
LEASE = timedelta(minutes=3)
LAST_START = timedelta(minutes=1)
FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(hours=1)
KEPT = timedelta(days=7)

# Does the work of one message inside its tenant, or raises. Called again for the same message after a crash.
Handler: TypeAlias = Callable[[OutboxMessage, datetime], None]
# By topic. Each app adds its own in AppConfig.ready; a message that nobody handles is done.
HANDLERS: dict[str, Handler] = {}


def put(
    *, program_id: int, topic: str, payload: Mapping[str, Any], now: datetime, due_at: datetime | None = None
) -> OutboxMessage:
    """Leave a message in the caller's transaction; it is delivered at least once, not before `due_at` (or `now`)."""
    return OutboxMessage.objects.create(
        program_id=program_id, topic=topic, payload=dict(payload), created_at=now, due_at=due_at or now
    )


def deliver(*, now: datetime) -> int:
    """Deliver a batch of what is due; how many rows were taken up. 0 means that nothing is due."""
    started = time.monotonic()
    with every_tenant():
        taken = drop_unhandled(now=now)
        messages = claim(now=now)
        for done, message in enumerate(messages):
            if time.monotonic() - started > LAST_START.total_seconds():
                give_up(messages[done:], now=now)
                break
            attempt(message, now=now)
    return taken + len(messages)


def drop_unhandled(*, now: datetime) -> int:
    with transaction.atomic(durable=True):
        due = OutboxMessage.objects.due(now).exclude(topic__in=HANDLERS)
        ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True)[: BATCH * 20])
        OutboxMessage.objects.filter(pk__in=ids).delete()
    return len(ids)


def claim(*, now: datetime) -> list[OutboxMessage]:
    """Make a batch ours for the lease, in one short transaction. A killed worker has used up an attempt."""
    with transaction.atomic(durable=True):
        due = OutboxMessage.objects.due(now).filter(topic__in=HANDLERS)
        messages = list(due.select_for_update(skip_locked=True)[:BATCH])
        for message in messages:
            message.attempts += 1
            message.due_at = now + LEASE
        OutboxMessage.objects.bulk_update(messages, ["attempts", "due_at"])
    return messages


def attempt(message: OutboxMessage, *, now: datetime) -> None:
    try:
        with tenant(message.program_id):
            HANDLERS[message.topic](message, now)
    except Refused as error:
        # Nobody is at that number: trying again for a week would not change it.
        logger.info("outbox_refused", topic=message.topic, message=message.pk, error=error.why)
        ours(message).delete()
    except Exception as error:  # noqa: BLE001  # whatever it was, the other messages are not to blame
        retry_later(message, error, now=now)
    else:
        ours(message).delete()


def retry_later(message: OutboxMessage, error: Exception, *, now: datetime) -> None:
    # The words of an error may quote an address or a phone; its class does not.
    kind = type(error).__name__
    logger.warning("outbox_failed", topic=message.topic, message=message.pk, attempts=message.attempts, error=kind)
    wait = min(FIRST_RETRY * 2 ** min(message.attempts - 1, 20), LONGEST_RETRY)
    ours(message).update(due_at=now + wait, last_error=kind[:200])


def give_up(messages: list[OutboxMessage], *, now: datetime) -> None:
    """Hand back what was claimed and not begun."""
    for message in messages:
        ours(message).update(due_at=now, attempts=message.attempts - 1)


def ours(message: OutboxMessage) -> Any:
    """The row as long as the claim stands: after a lease is over somebody else may have taken it."""
    return OutboxMessage.objects.filter(pk=message.pk, attempts=message.attempts)


def purge(*, now: datetime) -> int:
    """Delete what could not be delivered for a week; how many rows they were."""
    with every_tenant():
        deleted, _by_model = OutboxMessage.objects.filter(created_at__lt=now - KEPT, attempts__gt=0).delete()
    if deleted:
        logger.warning("outbox_gave_up", messages=deleted)
    return deleted
