"""What became of messages that a gateway has taken: it is asked, or says so itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Final

import structlog
from django.db import transaction

from campaigns.messages import refusing
from campaigns.models import Channel, Message
from clients.models import Client
from merchants import sms
from merchants.access import every_tenant, tenant
from merchants.gateways.answers import Fate, GatewayError

logger = structlog.get_logger(__name__)

State = Message.State
BATCH: Final = 100
# Asked a minute after sending, then ever less often, for two days.
SLOWEST: Final = dt.timedelta(hours=6)
GIVEN_UP: Final = dt.timedelta(days=2)


def poll(*, clock: Callable[[], dt.datetime], most: int = 10) -> int:
    """Ask the gateway of text messages about those that are on their way; of how many something is known now."""
    known = 0
    for _batch in range(most):
        asked, found = _poll(clock())
        known += found
        if asked < BATCH:
            break
    return known


def _poll(now: dt.datetime) -> tuple[int, int]:
    gateway = sms.gateway()
    with every_tenant():
        with transaction.atomic():
            due = Message.objects.filter(poll_at__lte=now).order_by("poll_at")
            rows = list(due.select_for_update(skip_locked=True)[:BATCH])
            for row in rows:
                row.poll_at = _next(row, now)
            Message.objects.bulk_update(rows, ["poll_at"])
        mine = [row for row in rows if row.gateway == gateway.name]
        phones = dict(
            Client.objects.filter(account__in=[row.account_id for row in mine]).values_list("account", "phone")
        )
    if not mine:
        return len(rows), 0
    try:
        fates = gateway.fates([(row.gateway_id, str(phones.get(row.account_id) or "")) for row in mine])
    except GatewayError as error:
        logger.warning("gateway_not_asked", gateway=gateway.name, why=error.why)
        return len(rows), 0
    _settle(((row, fates[row.gateway_id]) for row in mine if row.gateway_id in fates), now)
    return len(rows), len(fates)


def note(*, gateway: str, gateway_id: str, fate: Fate, now: dt.datetime, why: str = "") -> bool:
    """A gateway says it by itself; False where it is no message of ours."""
    with every_tenant():
        row = Message.objects.filter(gateway=gateway, gateway_id=gateway_id).first()
    if row is None:
        return False
    _settle([(row, fate)], now, why)
    return True


def _settle(told: Iterable[tuple[Message, Fate]], now: dt.datetime, why: str = "") -> None:
    for row, fate in told:
        if fate == Fate.ON_THE_WAY:
            continue
        with tenant(row.program_id), transaction.atomic():
            state = State.DELIVERED if fate == Fate.DELIVERED else State.FAILED
            reason = (
                "" if state == State.DELIVERED else why or ("bad_address" if fate == Fate.NOBODY else "not_delivered")
            )
            rows = Message.objects.filter(program_id=row.program_id, pk=row.pk, state__in=(State.SENT, State.DELIVERED))
            if rows.update(state=state, why=reason, ended_at=now, poll_at=None):
                _remember(row, fate, why, now)


def _remember(row: Message, fate: Fate, why: str, now: dt.datetime) -> None:
    """Nobody is there, or whoever is calls it spam: no more advertising to this address."""
    client = Client.objects.filter(program_id=row.program_id, account=row.account_id).first()
    if client is None:
        return
    if why == "complained":
        refusing.refuse(client=client, channel=Channel(row.channel), source=row.source, now=now)
    elif fate == Fate.NOBODY and row.address:
        # Where it went: by now the client may have another.
        refusing.note_dead(
            program_id=row.program_id,
            account_id=row.account_id,
            channel=row.channel,
            address=row.address,
            source=row.source,
            now=now,
        )


def _next(row: Message, now: dt.datetime) -> dt.datetime | None:
    since = now - (row.sent_at or row.created_at)
    return None if since > GIVEN_UP else now + min(max(since, dt.timedelta(minutes=1)), SLOWEST)
