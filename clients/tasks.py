"""Nudges: what there is to load stands in the database."""

from __future__ import annotations

import time
from typing import Final

from celery import shared_task
from django.utils import timezone

from clients import merging
from clients.acts import asking
from clients.acts import working as acts
from clients.imports import jobs, working
from clients.personal import retention
from clients.plastic import making

TURN_SECONDS: Final = 240


# A million clients take longer than other work may. Whoever takes the nudge a second time finds the row claimed.
@shared_task(acks_late=False, soft_time_limit=6 * 60 * 60, time_limit=6 * 60 * 60 + 60)
def run_imports() -> None:
    working.run_due(clock=timezone.now)


@shared_task
def make_card_batches() -> None:
    making.run_due(clock=timezone.now)


@shared_task(acks_late=False, soft_time_limit=6 * 60 * 60, time_limit=6 * 60 * 60 + 60)
def run_acts() -> None:
    asking.expire_due(now=timezone.now())
    acts.run_due(clock=timezone.now)


@shared_task
def forget_imports() -> None:
    jobs.forget_old(now=timezone.now())


# What is left goes on the next night.
@shared_task
def keep_terms() -> None:
    started = time.monotonic()
    retention.run(now=timezone.now(), going_on=lambda: time.monotonic() - started < TURN_SECONDS)


@shared_task
def forget_merged() -> None:
    merging.forget(now=timezone.now())
