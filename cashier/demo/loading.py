"""From the plan to the database, share by share, each in a transaction of its own.

Memory does not grow with the number of shares: a share is simulated, written, and forgotten.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

from django.db import connection

from cashier.demo import processes
from cashier.demo.crowd import Crowd
from cashier.demo.diary import Diary
from cashier.demo.menu import Menu
from cashier.demo.pricing import Pricing, Published
from cashier.demo.rhythm import Year
from cashier.demo.rows import COLUMNS, Rows
from cashier.demo.shares import Plan, Share
from loyalty import bulk
from loyalty.programs import rulebook_of
from merchants.access import tenant

# Below this a second process costs more than it brings.
ALONE = 100_000
PROCESSES = 2

Progress = Callable[[int], None]


class Loader:
    """One process's tools; the engine's memory lasts from share to share."""

    def __init__(self, plan: Plan, *, remember: bool = True) -> None:
        self.plan = plan
        program = plan.premises.program_id
        with tenant(program):
            versions = [
                Published(number, int(since.timestamp()), rulebook_of(program, number))
                for number, since in plan.premises.versions
            ]
        self.menu = Menu(plan.seed)
        self.year = Year(versions[0].rulebook.calendar, plan.end)
        self.pricing = Pricing(versions, self.menu.carts, remember=remember)

    def load(self, share: Share) -> int:
        """Simulate and write a share; returns its receipts."""
        premises = self.plan.premises
        rng = random.Random(f"{self.plan.seed}:{share.number}")  # noqa: S311
        crowd = Crowd(
            rng=rng,
            year=self.year,
            menu=self.menu,
            first=share.first_client,
            people=share.clients,
            receipts=share.receipts,
            outlets=len(premises.outlets),
        )
        with _undisturbed(), bulk.loading():
            diary = Diary(
                premises=premises, pricing=self.pricing, year=self.year, rows=Rows(), rng=rng, share=share.number
            )
            diary.live(crowd)
            bulk.check(
                program_id=premises.program_id,
                accounts=_span([state.id for state in diary.accounts.states]),
                lots=_span(diary.accounts.lots),
            )
        return share.receipts


def load_all(plan: Plan, progress: Progress) -> None:
    """Every share, then fresh statistics: without them the first pages would plan for empty tables."""
    done = 0
    for receipts in _loaded(plan):
        done += receipts
        progress(done)
    with connection.cursor() as cursor:
        for model in COLUMNS:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")


def _loaded(plan: Plan) -> Iterator[int]:
    if plan.receipts > ALONE:
        return processes.load(plan, PROCESSES)
    return map(Loader(plan).load, plan.shares())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the search for reference cycles: among half a million small values that make none, it takes a sixth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _span(keys: Collection[int]) -> range:
    return range(min(keys, default=0), max(keys, default=-1) + 1)
