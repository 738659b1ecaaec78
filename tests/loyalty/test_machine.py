"""Everything a shop does, in any order, with the books audited after every step."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.loyalty.till_machine import TillMachine

QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
SHORT = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=QUIET, database=None, derandomize=True
)
LONG = settings(max_examples=100, stateful_step_count=50, deadline=None, suppress_health_check=QUIET, database=None)


@pytest.mark.django_db(transaction=True)
def test_a_shop_in_any_order() -> None:
    run_state_machine_as_test(TillMachine, settings=SHORT)
    # What is seldom possible has been tried, all the same.
    assert TillMachine.seen["moved"]


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", range(20))
def test_two_thousand_shops(number: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty times a hundred runs of up to fifty steps: one part for each process of xdist."""
    machine = seed(number)(TillMachine)
    run_state_machine_as_test(machine, settings=LONG)
    with connection.cursor() as cursor:
        # What was rolled back is still in the tables, and would make the next part slower.
        cursor.execute("VACUUM")
    with capsys.disabled():
        print(f"\npart {number}: {dict(TillMachine.seen.most_common())}")
