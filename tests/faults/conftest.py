from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.report import REPORT
from tests.faults.running import Kopilka


@pytest.fixture
def kopilka(request: pytest.FixtureRequest) -> Iterator[Kopilka]:
    """Started as `make run` does, on data of its own; stopped in any case, and nothing is left of it."""
    made = Kopilka(seconds_per_sms=getattr(request, "param", 0.0))
    try:
        made.start()
        yield made
    finally:
        # Shown where the test has failed.
        print(made.last_words())
        made.end()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if REPORT:
        terminalreporter.section("faults")
        for line in REPORT:
            terminalreporter.write_line(line)
