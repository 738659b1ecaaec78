"""The web server's processes are killed while tills sell."""

import pytest

from tests.faults.books import check_all
from tests.faults.load import Load
from tests.faults.report import report
from tests.faults.running import Kopilka

pytestmark = pytest.mark.long


def test_killed_web_workers(kopilka: Kopilka) -> None:
    """Granian starts another one; the till asks again.

    Where the same one is killed twice within seconds, Granian gives up, and the launcher starts all of it again.
    """
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            kopilka.kill(kopilka.helper("web"))
            recoveries.append(("a web worker", load.goes_on(100)))
        load.finish()
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 3
    report("web workers", load, recoveries)


def test_killed_web_servers(kopilka: Kopilka) -> None:
    """The launcher ends the orphaned workers, which still hold the port, and starts the server again."""
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            web = kopilka.server("web")
            kopilka.kill(web)
            kopilka.restarted("web", web)
            recoveries.append(("the web server", load.goes_on(100)))
        load.finish()
        check_all(kopilka, load)
    report("web servers", load, recoveries)
