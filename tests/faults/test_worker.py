"""The Celery worker is killed in the middle of sending codes: each is sent at least once."""

import pytest

from merchants.outbox import LEASE
from tests.faults.books import check_all, delivered, sent_messages
from tests.faults.load import Load
from tests.faults.processes import until
from tests.faults.report import report
from tests.faults.running import Kopilka

pytestmark = pytest.mark.long

MESSAGES = 300


@pytest.mark.parametrize("kopilka", [0.1], indirect=True, ids=["0.1 s a message"])
def test_killed_workers(kopilka: Kopilka) -> None:
    """A batch that a killed worker had claimed falls due again when its lease ends."""
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        load.goes_on()
        load.finish()
        for victim in ("the worker", "a process of its pool") * 3:
            before = len(sent_messages(kopilka.sms))
            ask_for_codes(load, MESSAGES // 6)
            recoveries.append((victim, wait_for_codes(kopilka, before + 5)))
            worker = kopilka.server("worker")
            if victim == "the worker":
                kopilka.kill(worker)
                kopilka.restarted("worker", worker)
            else:
                kopilka.kill(kopilka.helper("worker", named="celery"))
        sent = delivered(kopilka, load, seconds=LEASE.total_seconds() + 120)
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 0
    twice = sum(count > 1 for count in sent.values())
    report("worker", load, recoveries, f"{len(sent)} messages, each sent at least once, {twice} of them twice")


def ask_for_codes(load: Load, count: int) -> None:
    for _n in range(count):
        load.confirm(load.tills[0])


def wait_for_codes(kopilka: Kopilka, count: int) -> float:
    return until(lambda: len(sent_messages(kopilka.sms)) >= count, f"{count} codes are sent", seconds=90)
