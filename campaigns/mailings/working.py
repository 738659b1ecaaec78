"""The worker's side of mailings: their audience is written down, and what is over is brought to an end.

The audience is one statement in one transaction, with the mark that it is done: a worker that is killed leaves nothing,
and two that meet leave each client once, because each has one occasion.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext, override
from msgspec import ValidationError

from campaigns.mailings import results
from campaigns.mailings.planning import audience, record
from campaigns.models import Mailing, Message
from merchants.access import every_tenant, tenant

logger = structlog.get_logger(__name__)

State = Mailing.State
Clock = Callable[[], dt.datetime]
CHUNK: Final = 5_000
# Gateways are asked for two days; people unsubscribe a little longer.
SETTLED_AFTER: Final = dt.timedelta(days=7)
KEPT_AT_ONCE: Final = 5


def run_due(*, clock: Clock, most: int = 5) -> int:
    """Begin up to so many mailings, and end those that are through; how many were begun."""
    begun = 0
    while begun < most and (mailing := claim(clock())) is not None:
        begun += 1
        with tenant(mailing.program_id):
            begin(mailing, clock)
    finish_due(clock)
    keep_due(clock())
    return begun


@transaction.atomic
def claim(now: dt.datetime) -> Mailing | None:
    with every_tenant():
        due = Mailing.objects.due(now).select_for_update(skip_locked=True, of=("self",))
        mailing = due.select_related("program", "merchant", "template", "segment").order_by("starts_at").first()
        if mailing is None:
            return None
        mailing.claim, mailing.seen_at = uuid.uuid4(), now
        mailing.save(update_fields=["claim", "seen_at"])
        return mailing


def begin(mailing: Mailing, clock: Clock) -> None:
    """Write the audience of a claimed mailing down. Its state says how it went."""
    now = clock()
    if mailing.segment is None and mailing.whom:
        with override(mailing.program.language):
            _fail(mailing, gettext("The segment has been deleted."), now)
        return
    try:
        with transaction.atomic():
            if not _keep(mailing):
                return
            number = _write(mailing, now)
            done = _mine(mailing).update(state=State.SENDING, audience=number, began_at=now, claim=None)
            if not done:
                transaction.set_rollback(True)
    except ValidationError:
        with override(mailing.program.language):
            _fail(mailing, gettext("The segment’s conditions can’t be read any more."), now)
    except Exception:
        logger.exception("mailing_failed", mailing=mailing.pk)
        with override(mailing.program.language):
            _fail(mailing, gettext("Something went wrong on our side. What was done so far stands."), now)


def _keep(mailing: Mailing) -> bool:
    """While this transaction lives nobody takes the mailing for a dead worker's; it can be stopped, though."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM campaigns_mailing WHERE id = %s AND claim = %s AND state = 'planned' FOR KEY SHARE",
            [mailing.pk, mailing.claim],
        )
        return cursor.fetchone() is not None


def finish_due(clock: Clock) -> None:
    """Mailings with nothing left to send are done; what a stopped one has left is not sent."""
    with every_tenant():
        left = Exists(Message.objects.filter(mailing=OuterRef("pk"), state__in=Message.OPEN))
        through = list(Mailing.objects.filter(~left, state=State.SENDING).select_related("program"))
        stopped = list(
            Mailing.objects.filter(state=State.STOPPED, finished_at=None).select_related("program", "merchant")
        )
    for mailing in through:
        with tenant(mailing.program_id):
            _finish(mailing, State.DONE, clock())
    for mailing in stopped:
        with tenant(mailing.program_id):
            while _drop(mailing, clock()):
                pass
            _finish(mailing, State.STOPPED, clock())


def keep_due(now: dt.datetime) -> None:
    """What has become of mailings that ended so long ago that nothing is heard of them any more."""
    with every_tenant():
        silent = Mailing.objects.filter(finished_at__lt=now - SETTLED_AFTER, results__isnull=True)
        ended = list(silent.order_by("finished_at")[:KEPT_AT_ONCE])
    for mailing in ended:
        with tenant(mailing.program_id):
            results.keep(mailing)


def _write(mailing: Mailing, now: dt.datetime) -> int:
    rows = audience(mailing.merchant, mailing.segment, now)
    sql, params = rows.order_by().values_list("account_id", flat=True).query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO campaigns_message
                (program_id, merchant_id, template_id, mailing_id, purpose, source, due_at, created_at,
                 account_id, occasion, public_id)
            SELECT %s, %s, %s, %s, %s, %s, %s, %s, found.one, %s || found.one, gen_random_uuid()
            FROM ({sql}) AS found (one)
            ON CONFLICT (program_id, occasion) DO NOTHING
            """,  # noqa: S608  # of ours
            [
                mailing.program_id, mailing.merchant_id, mailing.template_id, mailing.pk, mailing.template.purpose,
                results.source_of(mailing), now, now, f"{results.source_of(mailing)}:", *params,
            ],
        )  # fmt: skip
        return int(cursor.rowcount)


@transaction.atomic
def _drop(mailing: Mailing, now: dt.datetime) -> int:
    # What a killed worker had taken up, too: its lease is over, and nobody takes it up any more.
    free = Q(state=Message.State.WAITING) | Q(state=Message.State.SENDING, due_at__lte=now)
    rows = Message.objects.filter(free, program_id=mailing.program_id, mailing=mailing)
    keys = list(rows.select_for_update(skip_locked=True).values_list("pk", flat=True)[:CHUNK])
    return Message.objects.filter(pk__in=keys).update(state=Message.State.SKIPPED, why="stopped", ended_at=now)


def _finish(mailing: Mailing, state: str, now: dt.datetime) -> None:
    rows = Message.objects.filter(program_id=mailing.program_id, mailing=mailing, state__in=Message.OPEN)
    if rows.exists():  # some are with a gateway: the next turn
        return
    done = Mailing.objects.filter(pk=mailing.pk, state=mailing.state, finished_at=None)
    with transaction.atomic():
        if done.update(state=state, finished_at=now):
            record(mailing, "mailing.done", now, "worker")


def _fail(mailing: Mailing, why: str, now: dt.datetime) -> None:
    _mine(mailing).update(state=State.STOPPED, why=why, claim=None, finished_at=now)


def _mine(mailing: Mailing) -> QuerySet[Mailing]:
    return Mailing.objects.filter(
        program_id=mailing.program_id, pk=mailing.pk, claim=mailing.claim, state=State.PLANNED
    )
