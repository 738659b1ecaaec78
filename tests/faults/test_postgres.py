"""PostgreSQL falls over while tills sell. Only the database is started again; web finds its way back by itself."""

import subprocess
from pathlib import Path

import pytest

from config.local.accounts import Account
from tests.faults.books import check_all
from tests.faults.load import Load
from tests.faults.report import report
from tests.faults.running import Kopilka

pytestmark = pytest.mark.long


def test_killed_postmasters(kopilka: Kopilka) -> None:
    recoveries = []
    web = kopilka.server("web")
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            postgres = kopilka.server("postgres")
            kopilka.kill(postgres)
            kopilka.restarted("postgres", postgres)
            recoveries.append(("the postmaster", load.goes_on(100)))
        assert kopilka.find("web") == web
        load.finish()
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 0
    report("PostgreSQL killed", load, recoveries)


def test_killed_backends(kopilka: Kopilka) -> None:
    """For one killed backend the postmaster ends all others and recovers, since shared memory may be spoiled."""
    recoveries = []
    postgres = kopilka.server("postgres")
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            kopilka.kill(kopilka.helper("postgres", named="postgres: kopilka kopilka"))
            recoveries.append(("a backend", load.goes_on(100)))
        assert kopilka.find("postgres") == postgres
        load.finish()
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 0
    report("backends killed", load, recoveries)


def test_immediate_stops(kopilka: Kopilka) -> None:
    recoveries = []
    with Load(kopilka.port, kopilka.open_shop()) as load:
        for _ in range(3):
            load.goes_on(100)
            postgres = kopilka.server("postgres")
            stop_immediately(postgres.pid)
            kopilka.restarted("postgres", postgres)
            recoveries.append(("an immediate stop", load.goes_on(100)))
        load.finish()
        check_all(kopilka, load)
    assert kopilka.fallen_web_workers == 0
    report("PostgreSQL stopped at once", load, recoveries)


def stop_immediately(pid: int) -> None:
    """`pg_ctl stop -m immediate`, as the account that the server runs as."""
    binary, home = Path(f"/proc/{pid}/exe").readlink(), Path(f"/proc/{pid}/cwd").readlink()
    owner = Account.owner_of(home)
    options = owner.popen_options() if Account.owner_of(Path("/proc/self")) != owner else {}
    command = [str(binary.with_name("pg_ctl")), "stop", "-m", "immediate", "-t", "20", "-D", str(home)]
    subprocess.run(command, check=True, capture_output=True, cwd="/", timeout=30, **options)
