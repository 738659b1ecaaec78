"""Everything is killed at once, the launcher first, as when the power goes; the next start recovers."""

import pytest

from tests.faults.books import check_all, delivered
from tests.faults.load import Load
from tests.faults.report import report
from tests.faults.running import Kopilka

pytestmark = pytest.mark.long


def test_the_next_start_recovers(kopilka: Kopilka) -> None:
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            kopilka.kill_everything()
            kopilka.start()
            recoveries.append(("the start", load.goes_on(100)))
        load.finish()
        check_all(kopilka, load)
        sent = delivered(kopilka, load, seconds=300)
    report("everything killed", load, recoveries, f"{len(sent)} messages, each sent at least once")
