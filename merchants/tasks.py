"""Nudges. What there is to do stands in the database; a lost nudge is made up for by the next."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from merchants import invitations, outbox
from merchants.access import every_tenant

# Long enough to empty a full outbox, short enough never to meet the workers' time limit; the next nudge goes on.
TURN_SECONDS = 120


@shared_task
def deliver_outbox() -> None:
    started = time.monotonic()
    while outbox.deliver(now=timezone.now()) and time.monotonic() - started < TURN_SECONDS:
        pass


@shared_task
def purge() -> None:
    now = timezone.now()
    outbox.purge(now=now)
    with every_tenant():
        invitations.purge(now=now)
