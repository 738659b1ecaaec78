from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django_scopes import get_scope
from psycopg.conninfo import make_conninfo

from merchants import messages, outbox, sms, tasks
from merchants.access import every_tenant
from merchants.models import OutboxMessage
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Postman:
    """Handles the topic «letter», and remembers what he has brought."""

    def __init__(self) -> None:
        self.brought: Counter[int] = Counter()
        self.before: Callable[[], None] = lambda: None

    def __call__(self, message: OutboxMessage, now: datetime) -> None:
        assert get_scope()["program"] == message.program_id
        assert not connection.in_atomic_block
        self.before()
        self.brought[message.payload["n"]] += 1


class Killed(BaseException):
    """What `kill -9` does to a worker, as far as a test can do it to itself: nothing after this line is run."""


@pytest.fixture
def postman(monkeypatch: pytest.MonkeyPatch) -> Postman:
    postman = Postman()
    monkeypatch.setattr(outbox, "HANDLERS", {"letter": postman})
    return postman


def write(cast: Cast, count: int, topic: str = "letter") -> None:
    for n in range(count):
        outbox.put(program_id=cast.zerno.program.pk, topic=topic, payload={"n": n}, now=NOW)


def left() -> int:
    with every_tenant():
        return OutboxMessage.objects.count()


def test_what_is_due_is_done_once_and_gone(cast: Cast, postman: Postman) -> None:
    write(cast, 3)
    outbox.put(
        program_id=cast.pryanik.program.pk,
        topic="letter",
        payload={"n": 99},
        now=NOW,
        due_at=NOW + timedelta(minutes=1),
    )
    assert outbox.deliver(now=NOW) == 3
    assert outbox.deliver(now=NOW) == 0
    assert left() == 1
    assert outbox.deliver(now=NOW + timedelta(minutes=1)) == 1
    assert postman.brought == {0: 1, 1: 1, 2: 1, 99: 1}
    assert left() == 0


def test_what_nobody_handles_is_done(cast: Cast, postman: Postman) -> None:
    write(cast, 60, "sale.committed")
    assert outbox.deliver(now=NOW) == 60
    assert left() == 0


def test_a_transaction_that_failed_has_left_no_message(cast: Cast, postman: Postman) -> None:
    with transaction.atomic():
        write(cast, 1)
        transaction.set_rollback(True)
    assert left() == 0


def test_two_workers_never_bring_the_same_letter(cast: Cast, postman: Postman, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BATCH", 7)
    write(cast, 200)
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        while outbox.deliver(now=NOW):
            pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    while outbox.deliver(now=NOW):
        pass
    assert postman.brought == dict.fromkeys(range(200), 1)
    assert left() == 0


def test_a_killed_worker_loses_nothing(cast: Cast, postman: Postman) -> None:
    write(cast, 3)

    def die_at_the_second() -> None:
        if postman.brought:
            raise Killed

    postman.before = die_at_the_second
    with pytest.raises(Killed):
        outbox.deliver(now=NOW)
    postman.before = lambda: None
    assert outbox.deliver(now=NOW + timedelta(seconds=90)) == 0, "the dead worker's lease still holds"
    assert outbox.deliver(now=NOW + outbox.LEASE) == 2
    assert postman.brought == {0: 1, 1: 1, 2: 1}


SUICIDE = """
import os, signal, django; django.setup()
from merchants import outbox
from django.utils.dateparse import parse_datetime
outbox.HANDLERS["letter"] = lambda message, now: os.kill(os.getpid(), signal.SIGKILL)
outbox.deliver(now=parse_datetime("%s"))
"""


def test_a_process_killed_in_the_middle_loses_nothing(cast: Cast, postman: Postman) -> None:
    write(cast, 3)
    database = {
        key: connection.settings_dict[name]
        for key, name in {
            "dbname": "NAME",
            "host": "HOST",
            "port": "PORT",
            "user": "USER",
            "password": "PASSWORD",
        }.items()
    }
    environment = {
        **os.environ,
        "DATABASE_URL": make_conninfo(**{word: value for word, value in database.items() if value}),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    process = subprocess.run([sys.executable, "-c", SUICIDE % NOW.isoformat()], env=environment, check=False)
    assert process.returncode == -signal.SIGKILL
    assert left() == 3
    assert outbox.deliver(now=NOW + timedelta(seconds=90)) == 0, "the dead worker's lease still holds"
    assert outbox.deliver(now=NOW + outbox.LEASE) == 3
    assert postman.brought == {0: 1, 1: 1, 2: 1}


def test_a_worker_that_was_too_slow_does_not_take_the_next_ones_letter_away(cast: Cast, postman: Postman) -> None:
    write(cast, 1)

    def sleep_past_the_lease() -> None:
        with every_tenant():
            OutboxMessage.objects.update(attempts=2, due_at=NOW + 2 * outbox.LEASE)  # another worker has claimed it

    postman.before = sleep_past_the_lease
    outbox.deliver(now=NOW)
    assert left() == 1


def test_a_batch_that_takes_too_long_is_handed_back(
    cast: Cast, postman: Postman, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(cast, 3)
    monkeypatch.setattr(outbox, "LAST_START", timedelta(seconds=-1))
    assert outbox.deliver(now=NOW) == 3
    assert not postman.brought
    monkeypatch.undo()
    monkeypatch.setattr(outbox, "HANDLERS", {"letter": postman})
    assert outbox.deliver(now=NOW) == 3
    assert sum(postman.brought.values()) == 3


def test_failures_are_tried_again_ever_more_slowly(cast: Cast, postman: Postman) -> None:
    write(cast, 1)

    def refuse() -> None:
        raise ValueError("no such mailbox: anna@example.org")

    postman.before = refuse
    now, waits = NOW, []
    for _ in range(12):
        assert outbox.deliver(now=now) == 1
        with every_tenant():
            message = OutboxMessage.objects.get()
        assert message.last_error == "ValueError", "the words may hold personal data"
        waits.append((message.due_at - now).total_seconds())
        now = message.due_at
    assert waits[:4] == [10, 20, 40, 80]
    assert waits[-1] == 3600
    assert message.attempts == 12
    assert outbox.purge(now=NOW + timedelta(days=7)) == 0
    assert outbox.purge(now=NOW + timedelta(days=7, seconds=1)) == 1


def test_one_bad_letter_does_not_stop_the_others(cast: Cast, postman: Postman) -> None:
    write(cast, 3)
    calls = iter(range(3))

    def refuse_the_first() -> None:
        if next(calls) == 0:
            raise ValueError

    postman.before = refuse_the_first
    outbox.deliver(now=NOW)
    assert sum(postman.brought.values()) == 2
    assert left() == 1


def test_a_code_goes_by_sms_while_it_is_fresh(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    sent = []

    class Gateway:
        def send(self, phone: str, text: str) -> None:
            sent.append((phone, text))

    monkeypatch.setattr(sms, "backend", Gateway)
    payload = {"phone": "+79161234567", "text": "Код 4071"}
    for _ in range(2):
        outbox.put(program_id=cast.zerno.program.pk, topic="confirmation.send", payload=payload, now=NOW)
        outbox.deliver(now=NOW if not sent else NOW + timedelta(minutes=11))
    assert sent == [("+79161234567", "Код 4071")]
    assert left() == 0
    assert "4071" not in "".join(capfd.readouterr())


def test_the_console_is_a_gateway(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.__stdout__", None)
    sms.backend().send("+79161234567", "Код 4071")
    assert capsys.readouterr().out == "SMS +79161234567: Код 4071\n"


def test_the_apps_have_registered_their_topics() -> None:
    assert set(messages.HANDLERS) <= set(outbox.HANDLERS)


def test_the_nudges(cast: Cast, postman: Postman) -> None:
    write(cast, 1)
    tasks.deliver_outbox()
    assert postman.brought == {0: 1}
    write(cast, 1)
    with every_tenant():
        OutboxMessage.objects.update(attempts=1, created_at=NOW - timedelta(days=800))
    tasks.purge()
    assert left() == 0
