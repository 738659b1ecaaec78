"""A worker dies in the middle: whole chunks stay, no row is there half or twice, and another worker goes on."""

from __future__ import annotations

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import time
from decimal import Decimal as D
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.db import connection
from django.utils import timezone

from clients.imports import applying, counting, jobs, undoing, working
from clients.imports.keeper import Keeper
from clients.models import Client, ClientImport
from loyalty import openings
from loyalty.models import Account, Entry
from merchants.access import tenant
from tests.cast import Cast
from tests.clients.imports.files import as_csv, books_are_sound, checked, fresh, taken_back

HEADER = ("Имя", "Телефон", "Баллы", "Кто пригласил")
CHECKOUT = Path(__file__).resolve().parents[3]
WORKER = """
import datetime as dt, sys, django
django.setup()
from django.utils import timezone
from clients.imports import applying, undoing, working
applying.CHUNK = undoing.CHUNK = 100
later = dt.timedelta(minutes=3) * int(sys.argv[1])
print("up", flush=True)
working.run_due(clock=lambda: timezone.now() + later)
"""


class Killed(BaseException):
    """As if the process were gone: nobody catches it."""


def base(count: int) -> list[tuple[object, ...]]:
    return [(f"Клиент {n}", f"8916{n:07}", n % 7 * 10, f"8916{n // 2:07}" if n % 5 == 4 else "") for n in range(count)]


def whole(one: ClientImport, count: int) -> None:
    with tenant(one.program_id):
        assert Client.objects.count() == Account.objects.exclude(status="removed").count() == count
        points = sum(n % 7 * 10 for n in range(count))
        assert sum(Account.objects.values_list("points", flat=True)) == points
        assert Entry.objects.filter(kind="opening").count() == sum(1 for n in range(count) if n % 7)
        assert Account.objects.filter(referrer__isnull=False).count() == sum(1 for n in range(count) if n % 5 == 4)
    books_are_sound(one.program_id)


def test_a_worker_that_dies_between_and_inside_chunks(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, transactional_db: None
) -> None:
    one = checked(cast.zerno, as_csv([HEADER, *base(95)]))
    assert counting.told(one).found.fresh == 95
    monkeypatch.setattr(applying, "CHUNK", 10)
    monkeypatch.setattr(undoing, "CHUNK", 10)
    with tenant(one.program_id):
        jobs.load(one=one, by="test", now=timezone.now())
    chosen = random.Random(3)
    move, write, close = Keeper.move, openings.open_all, openings.close_all

    def dying(call: object) -> object:
        def called(*args: object, **kwargs: object) -> object:
            if chosen.random() < 0.3:
                raise Killed
            found = call(*args, **kwargs)
            if chosen.random() < 0.3:
                raise Killed
            return found

        return called

    def until_done(state: str) -> int:
        deaths, later = 0, timezone.now()
        while fresh(one).state != state:
            later += dt.timedelta(minutes=3)
            try:
                working.run_due(clock=partial(dt.datetime.fromisoformat, later.isoformat()))
            except Killed:
                deaths += 1
            assert deaths < 300
        return deaths

    monkeypatch.setattr(Keeper, "move", dying(move))
    monkeypatch.setattr(openings, "open_all", dying(write))
    monkeypatch.setattr(openings, "close_all", dying(close))
    assert until_done("done") > 5
    whole(one, 95)
    with tenant(one.program_id):
        jobs.take_back(one=one, by="test", now=timezone.now())
    assert until_done("undone") > 3
    with tenant(one.program_id):
        assert not Client.objects.exists()
        assert not Account.objects.exclude(status="removed").exists()
        assert sum(Entry.objects.values_list("points", flat=True)) == 0
    books_are_sound(one.program_id)


def test_a_worker_that_lost_its_claim_writes_nothing(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    one = checked(cast.zerno, as_csv([HEADER, *base(30)]))
    with tenant(one.program_id):
        jobs.load(one=one, by="test", now=timezone.now())
    slow = working.claim(timezone.now())
    assert slow is not None
    assert working.claim(timezone.now()) is None
    later = timezone.now() + dt.timedelta(minutes=3)
    assert working.run_due(clock=lambda: later) == 1
    with tenant(one.program_id):
        working.run(slow, timezone.now)
    whole(one, 30)


def test_an_import_that_is_stopped_half_way(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    one = checked(cast.zerno, as_csv([HEADER, *base(30)]))
    monkeypatch.setattr(applying, "CHUNK", 10)
    move = Keeper.move

    def stopping(keeper: Keeper, mark: int) -> None:
        move(keeper, mark)
        if mark == 20:
            jobs.stop(one=one, by="test", now=timezone.now())

    with tenant(one.program_id):
        jobs.load(one=one, by="test", now=timezone.now())
    monkeypatch.setattr(Keeper, "move", stopping)
    working.run_due(clock=timezone.now)
    stopped = fresh(one)
    assert (stopped.state, stopped.mark) == ("stopped", 20)
    with tenant(one.program_id):
        assert Client.objects.count() == 19
    monkeypatch.setattr(Keeper, "move", move)
    undone = taken_back(stopped)
    assert (undone.state, counting.told(undone).undone, counting.told(undone).left) == ("undone", 19, 0)
    with tenant(one.program_id):
        assert not Client.objects.exists()
        assert sum(Account.objects.values_list("points", flat=True)) == D(0)
    books_are_sound(one.program_id)


@pytest.mark.long
def test_kill_9(cast: Cast, transactional_db: None) -> None:
    """A process of its own, killed again and again while it loads, and while it takes back."""
    count = 20_000
    one = checked(cast.zerno, as_csv([HEADER, *base(count)]))
    with tenant(one.program_id):
        jobs.load(one=one, by="test", now=timezone.now())
    assert killed_until(one, "done", kills=6) == 6
    whole(one, count)
    with tenant(one.program_id):
        jobs.take_back(one=one, by="test", now=timezone.now())
    assert killed_until(one, "undone", kills=3) == 3
    with tenant(one.program_id):
        assert not Client.objects.exists()
    books_are_sound(one.program_id)


def killed_until(one: ClientImport, state: str, *, kills: int) -> int:
    killed = attempt = 0
    while fresh(one).state != state:
        attempt += 1
        mark = fresh(one).mark
        with worker(attempt) as process:
            assert process.stdout is not None
            process.stdout.readline()
            if killed < kills:
                while fresh(one).mark < mark + 300 and process.poll() is None:
                    time.sleep(0.01)
                time.sleep(random.random() * 0.2)
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
            process.wait(300)
    return killed


def worker(attempt: int) -> subprocess.Popen[str]:
    address = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-W", "ignore", "-c", WORKER, str(attempt)]
    return subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, text=True)
