"""Tills that meet at a budget wait for each other, and never crosswise."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from decimal import Decimal as D

import pytest
from django.db import connection, transaction

from loyalty import ledger
from loyalty.models import Budget, BudgetShare
from merchants.access import tenant
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)

BUDGET = 100_000
LONG = 60


class TillAtWork:
    """A till with a transaction of its own."""

    def __init__(self, pool: ThreadPoolExecutor, program_id: int, till_id: int) -> None:
        self.program_id, self.till_id = program_id, till_id
        self.pid = 0
        self.begun, self.has_budget, self.may_go_on = threading.Event(), threading.Event(), threading.Event()
        self._pool = pool

    def take(self, rule: str, given: int, *, in_steps: bool = False) -> Future[bool]:
        """Take points out of a budget. `in_steps`: when it is held, wait for `may_go_on` before asking for shares."""
        done = self._pool.submit(self._work, rule, given, in_steps=in_steps)
        assert (self.has_budget if in_steps else self.begun).wait(LONG)
        return done

    def _work(self, rule: str, given: int, *, in_steps: bool) -> bool:
        try:
            with tenant(self.program_id), transaction.atomic():
                self.pid = ledger.call("SELECT pg_backend_pid()", [])
                self.begun.set()
                if in_steps:
                    Budget.objects.select_for_update().get(rule=rule)
                    self.has_budget.set()
                    assert self.may_go_on.wait(LONG)
                return bool(
                    ledger.call(
                        "SELECT loyalty_take_budget(%s, %s, %s, %s, %s, %s)",
                        [self.program_id, rule, self.till_id, D(given), D(BUDGET), None],
                    )
                )
        finally:
            connection.close()


@pytest.fixture
def pool(transactional_db: None) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def until_waiting(till: TillAtWork, other: int) -> None:
    for _n in range(20 * LONG):
        if ledger.call("SELECT %s = ANY (pg_blocking_pids(%s))", [other, till.pid]):
            return
        time.sleep(0.05)
    raise AssertionError(f"till {till.till_id} does not wait for process {other}")


def test_a_share_that_was_called_back_is_let_go(cast: Cast, pool: ThreadPoolExecutor) -> None:
    """A till has waited for its own share while another called back what was lent to it. It finds the share too small
    now, and must not hold it while it waits for a third, who has the budget and asks for all its shares."""
    program_id = cast.zerno.program.pk
    waiting, holding = (TillAtWork(pool, program_id, n) for n in (1, 2))
    with tenant(program_id):
        budget = Budget.objects.create(program_id=program_id, rule="gift")
        for till_id, lent in ((1, 500), (2, 10)):
            BudgetShare.objects.create(program_id=program_id, budget=budget, till_id=till_id, given=10, lent=lent)
        with_budget = holding.take("gift", 40, in_steps=True)
        with transaction.atomic():
            BudgetShare.objects.filter(till_id=1).update(lent=10)
            without = waiting.take("gift", 40)
            until_waiting(waiting, ledger.call("SELECT pg_backend_pid()", []))
        until_waiting(waiting, holding.pid)
        holding.may_go_on.set()
        assert with_budget.result(timeout=LONG)
        assert without.result(timeout=LONG)
        assert dict(BudgetShare.objects.values_list("till_id", "given")) == {1: 50, 2: 50}
