"""Two workers and two beats at once, and a worker that is killed: each client gets each once, and budgets hold."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal as D

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from campaigns import holdout
from campaigns.models import Campaign, CampaignTurn
from campaigns.plan import Limits
from campaigns.running import changing, ending, scanning, working
from campaigns.triggers.base import Rows
from campaigns.triggers.calendar import Birthday, ByHand
from clients.segments.looking import Look
from loyalty.models import Account, Entry
from merchants.access import tenant
from tests.campaigns.shop import Stage
from tests.cast import Cast

MANY = 60


def people(stage: Stage, number: int, birthday: str = "1990-03-12") -> None:
    """Accounts and nothing else: what a campaign needs of a client."""
    program, merchant = stage.shop.program, stage.shop.merchant
    Account.objects.bulk_create(
        Account(program=program, merchant=merchant, birthday=dt.date.fromisoformat(birthday), created_at=stage.now)
        for _n in range(number)
    )


def at_once(*works: Callable[[], object]) -> None:
    ready, failed = threading.Barrier(len(works)), []

    def run(work: Callable[[], object]) -> None:
        try:
            ready.wait()
            work()
        except Exception as error:  # noqa: BLE001  # told below
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def small_chunks(key: int, program_id: int, now: dt.datetime) -> Callable[[], None]:
    def work() -> None:
        with tenant(program_id):
            while working.work(key, now=now, chunk=7):
                pass

    return work


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("budget", [None, D(2500)])
def test_two_workers_and_two_beats_at_once(cast: Cast, budget: D | None) -> None:
    program = cast.pryanik.program
    with tenant(program.pk):
        stage = Stage(cast.pryanik)
        people(stage, MANY)
        one = stage.campaign(Birthday(), name="одна", limits=Limits(points=budget))
        other = stage.campaign(Birthday(), name="другая")
        stage.story.later(minutes=1)
    now = stage.now

    def beat() -> None:
        scanning.scan_due(now=now)

    at_once(beat, beat)
    at_once(*(small_chunks(campaign.pk, program.pk, now) for campaign in (one, other, one, other)))
    with tenant(program.pk):
        assert CampaignTurn.objects.count() == 2 * MANY
        given = 25 if budget else MANY
        entries = Entry.objects.filter(kind="earn")
        by_client = list(entries.values_list("account", flat=True))
        # Of two campaigns on one day a client gets one; whoever the budget left out may have the other.
        assert len(by_client) == len(set(by_client))
        one.refresh_from_db()
        assert one.points == 100 * given
        assert entries.filter(rule__startswith=f"campaign:{one.pk}:").count() == given
        assert CampaignTurn.objects.filter(campaign=one, state="done").count() == given
    call_command("audit")


@pytest.mark.django_db
def test_the_same_in_sql_and_in_python(cast: Cast) -> None:
    for percent in (D(0), D("0.5"), D(10), D(50)):
        condition, params = holdout.sql("campaign:7", "x.account", percent)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT x.account FROM generate_series(1, 3000) x (account) WHERE {condition}", params)
            found = {key for (key,) in cursor.fetchall()}
        assert found == {key for key in range(1, 3001) if holdout.is_held_out("campaign:7", key, percent)}
        assert abs(len(found) - 30 * percent) < 80


# A worker and a beat of their own, that go on until they are killed.
WORKER = """
import datetime, os, django
django.setup()
from campaigns.running import scanning, working
now = datetime.datetime.fromisoformat(os.environ["NOW"])
working.CHUNK = 10
working.work.__wrapped__.__kwdefaults__["chunk"] = 10
while True:
    scanning.scan_due(now=now)
    working.work_due(clock=lambda: now)
"""


# One that has given a chunk its points, and never comes to write down that it has.
STUCK = """
import datetime, os, time, django
django.setup()
from campaigns.running import working
now = datetime.datetime.fromisoformat(os.environ["NOW"])
working._Chunk._write = lambda chunk: (print("given", flush=True), time.sleep(600))
working.work_due(clock=lambda: now)
"""


def start(now: dt.datetime, script: str = WORKER, stdout: int | None = None) -> subprocess.Popen[bytes]:
    settings = connection.settings_dict
    url = "postgres://{USER}:{PASSWORD}@/{NAME}?host={HOST}&port={PORT}".format(**settings)
    env = os.environ | {"DATABASE_URL": url, "NOW": now.isoformat(), "DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.Popen([sys.executable, "-m", "tests.faults.mortal", "-c", script], env=env, stdout=stdout)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_chunk(cast: Cast) -> None:
    program = cast.pryanik.program
    with tenant(program.pk):
        stage = Stage(cast.pryanik)
        people(stage, 30)
        campaign = stage.campaign(Birthday())
        stage.story.later(minutes=1)
    scanning.scan_due(now=stage.now)
    with start(stage.now, STUCK, subprocess.PIPE) as worker:
        assert worker.stdout
        assert b"given\n" in iter(worker.stdout.readline, b"")
        worker.send_signal(signal.SIGKILL)
    until = time.monotonic() + 30
    while CampaignTurn._base_manager.filter(due_at__isnull=False).exists() and time.monotonic() < until:
        # Until the server has seen that the other is gone, its turns are passed over.
        working.work_due(clock=lambda: stage.now)
    with tenant(program.pk):
        campaign.refresh_from_db()
        assert (campaign.treated, campaign.points) == (30, 3000)
        entries = Entry.objects.filter(kind="earn").values_list("account", flat=True)
        assert len(entries) == len(set(entries)) == 30
    call_command("audit")


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_ten_kills_of_two_workers(cast: Cast) -> None:
    """Each is a beat as well. Whoever dies in the middle of a chunk leaves all of it or nothing."""
    program = cast.pryanik.program
    with tenant(program.pk):
        stage = Stage(cast.pryanik)
        people(stage, 3000)
        campaign = stage.campaign(Birthday(), limits=Limits(clients=2500))
        by_hand = stage.campaign(ByHand(), name="по кнопке")
        stage.story.later(minutes=1)
        changing.fire(campaign=by_hand, key="once", now=stage.now, by="test")
    chance, kills = random.Random(7), 0
    workers = [start(stage.now), start(stage.now)]
    try:
        until = time.monotonic() + 240
        while time.monotonic() < until:
            time.sleep(chance.uniform(2.0, 5.0) if kills < 10 else 1)
            if kills < 10:
                victim = chance.randrange(2)
                workers[victim].send_signal(signal.SIGKILL)
                workers[victim].wait()
                workers[victim] = start(stage.now)
                kills += 1
            elif not CampaignTurn._base_manager.filter(due_at__lte=stage.now).exists():
                break
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    with tenant(program.pk):
        campaign.refresh_from_db()
        assert (kills, campaign.state, campaign.treated) == (10, Campaign.State.FINISHED, 2500)
        entries = Entry.objects.filter(kind="earn").values_list("account", flat=True)
        assert len(entries) == len(set(entries)) == 3000
        assert CampaignTurn.objects.filter(state="waiting", due_at__lte=stage.now).count() == 0
    call_command("audit")


@pytest.mark.django_db(transaction=True)
def test_a_long_look_keeps_no_worker_waiting(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that ends the campaign meanwhile holds accounts, and tills wait for those: it gets the row at once. What
    the look has found comes to nothing then."""
    with tenant(cast.pryanik.program.pk):
        stage = Stage(cast.pryanik)
        people(stage, 3)
        campaign = stage.campaign(Birthday())
        stage.story.later(minutes=1)
    on = Birthday.on

    def finish() -> None:
        with tenant(cast.pryanik.program.pk), transaction.atomic():
            row = Campaign.objects.select_for_update(nowait=True).get(pk=campaign.pk)
            ending.finish(row, Campaign.Finished.BUDGET, stage.now, "test")

    def long_look(self: Birthday, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        at_once(finish)
        return on(self, look, day, moment)

    monkeypatch.setattr(Birthday, "on", long_look)
    scanning.scan_due(now=stage.now)
    with tenant(cast.pryanik.program.pk):
        assert CampaignTurn.objects.count() == 0
