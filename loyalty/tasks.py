"""Nudges: what there is to do stands in the database."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from loyalty import housekeeping
from loyalty.promo import making

# Well under the workers' time limit: what is left is done by the next nudge.
TURN_SECONDS = 300


@shared_task
def sweep() -> None:
    started = time.monotonic()
    housekeeping.sweep(now=timezone.now(), going_on=lambda: time.monotonic() - started < TURN_SECONDS)


@shared_task
def purge() -> None:
    housekeeping.purge(now=timezone.now())


@shared_task
def make_promo_codes() -> None:
    making.run_due(clock=timezone.now)
