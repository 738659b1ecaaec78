"""Nudges: what is due stands in the database."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task
from django.utils import timezone

from campaigns.mailings import working as mailings
from campaigns.messages import fates, forgetting, sending
from campaigns.running import scanning, working

TURN_SECONDS: Final = 240


@shared_task
def send_messages() -> None:
    sending.send_due(clock=timezone.now)


@shared_task
def run_mailings() -> None:
    mailings.run_due(clock=timezone.now)


@shared_task
def ask_gateways() -> None:
    fates.poll(clock=timezone.now)


@shared_task
def purge_messages() -> None:
    started = time.monotonic()
    while forgetting.purge(now=timezone.now()) and time.monotonic() - started < TURN_SECONDS:
        pass


@shared_task
def run_campaigns() -> None:
    """Who is due is written down, and then worked off; what is left, the next nudge does."""
    started = time.monotonic()
    scanning.scan_due(now=timezone.now())
    working.work_due(clock=timezone.now, going_on=lambda: time.monotonic() - started < TURN_SECONDS)
