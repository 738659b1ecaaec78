"""Nudges: what there is to roll up stands in the database."""

from __future__ import annotations

import time

from celery import shared_task
from django.utils import timezone

from insights import back_tests, campaign_results, holdout_results, rollups, snapshots

# Well under the workers' time limit: what is left of a long history is done by the next nudge.
TURN_SECONDS = 120


@shared_task
def roll_up() -> None:
    started = time.monotonic()
    rollups.roll_up(now=timezone.now(), going_on=lambda: time.monotonic() - started < TURN_SECONDS)


@shared_task
def take_snapshots() -> None:
    snapshots.refresh_all(now=timezone.now())


@shared_task
def measure_campaigns() -> None:
    started = time.monotonic()
    campaign_results.measure_due(clock=timezone.now, going_on=lambda: time.monotonic() - started < TURN_SECONDS)
    holdout_results.measure_due(clock=timezone.now, going_on=lambda: time.monotonic() - started < TURN_SECONDS)


# A million receipts take longer than other work may. Whoever takes the nudge a second time finds the row claimed.
@shared_task(acks_late=False, soft_time_limit=6 * 60 * 60, time_limit=6 * 60 * 60 + 60)
def run_back_tests() -> None:
    back_tests.run_due(clock=timezone.now)
