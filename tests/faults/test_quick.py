"""The short form of what the long tests of this folder tell: sell on while things are killed."""

import pytest

from tests.faults.books import check_all
from tests.faults.load import Load
from tests.faults.report import report
from tests.faults.running import Kopilka

pytestmark = pytest.mark.long


def test_killed_workers_and_a_killed_database_lose_and_double_no_sale(kopilka: Kopilka) -> None:
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        load.goes_on()
        kopilka.kill(kopilka.helper("web"))
        recoveries.append(("a web worker", load.goes_on()))
        kopilka.kill(kopilka.server("postgres"))
        recoveries.append(("PostgreSQL", load.goes_on()))
        load.finish()
        check_all(kopilka, load)
    report("quick", load, recoveries)
