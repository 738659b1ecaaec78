"""Valkey, broker and cache, is lost. Tills sell on: what matters lies in PostgreSQL."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.faults.books import check_all, delivered
from tests.faults.load import Load
from tests.faults.report import report
from tests.faults.running import Kopilka

pytestmark = pytest.mark.long


@contextmanager
def nobody_starts_it_again(kopilka: Kopilka) -> Iterator[None]:
    """The launcher sleeps meanwhile."""
    assert kopilka.launcher is not None
    kopilka.launcher.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        kopilka.launcher.send_signal(signal.SIGCONT)


def test_without_valkey_tills_sell_on_and_codes_are_sent_when_it_is_back(kopilka: Kopilka) -> None:
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            valkey = kopilka.server("valkey")
            with nobody_starts_it_again(kopilka):
                kopilka.kill(valkey)
                recoveries.append(("Valkey", load.goes_on(100)))
                time.sleep(2)
                load.goes_on(100)
            kopilka.restarted("valkey", valkey)
            load.goes_on(100)
        load.finish()
        again = {reason for till in load.tills for reason in till.figures.again}
        assert not again, f"sales were kept waiting: {again}"
        assert "cache_down" in kopilka.said()
        began = time.monotonic()
        sent = delivered(kopilka, load, seconds=120)
        took = time.monotonic() - began
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 0
    report(
        "broker killed", load, recoveries, f"{len(sent)} messages, each sent at least once; the last {took:.0f} s later"
    )


def test_a_valkey_that_hangs_costs_a_moment(kopilka: Kopilka) -> None:
    with Load(kopilka.port, kopilka.open_shop()) as load:
        load.goes_on(100)
        valkey = kopilka.server("valkey")
        valkey.send(signal.SIGSTOP)
        try:
            recovery = load.goes_on(200)
        finally:
            valkey.send(signal.SIGCONT)
        load.goes_on(100)
        load.finish()
        sent = delivered(kopilka, load, seconds=120)
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 0
    report("broker hangs", load, [("a Valkey that hangs", recovery)], f"{len(sent)} messages sent")
