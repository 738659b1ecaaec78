"""The back test beside the engine alone: receipts lived through per second of CPU, and what memory does.

The engine alone computes what the back test asked it to compute: the same receipts of the same clients, one set of
rules after the other. The two take turns many times within a run, so that a machine that is busy with something else
slows both.
"""

from __future__ import annotations

import datetime as dt
import gc
import itertools
import statistics
import time
from pathlib import Path
from typing import Any, Final

from bench.place import Database, use
from bench.report import Figure, Report, machine

SEED: Final = 11
PER_CLIENT: Final = 15
# About so many quotes are computed anew by the engine alone, at each of so many turns.
SAMPLE: Final = 20_000
TURNS: Final = 50


def run(database: Database, *, receipts: int, rounds: int) -> Report:
    use(database)
    from loyalty.backtest.running import CLIENTS_AT_ONCE  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    program, end = _filled(receipts)
    database.settle()
    ratios, speeds, walls = [], [], []
    memory: list[int] = []
    with tenant(program):
        plan = _plan(program, end)
        asked = _asked(plan, receipts)
        for _n in range(rounds):
            run = _Run(asked, every=max(receipts // TURNS, 1))
            run.go(plan)
            ratios.append(run.speed / run.alone)
            speeds.append(run.speed)
            walls.append(run.wall)
            memory = memory or run.memory
    settled, last = memory[len(memory) // 2], memory[-1]
    found = Report("", f"The back test, {receipts:,} receipts", machine=machine(database))
    found.figures = [
        Figure("back test ÷ engine alone, CPU of one core", statistics.median(ratios), at_least=0.5),
        Figure("memory at the end ÷ half-way", last / settled, at_most=1.25),
        Figure("quotes of the back test", statistics.median(speeds), "/s of CPU"),
        Figure("receipts of the back test", receipts / statistics.median(walls), "/s"),
        Figure("memory at the end", last / 1024, "MiB"),
    ]
    found.notes = [
        f"{rounds} rounds of {TURNS} turns each.",
        "A receipt is quoted twice, under the rules in force and under the draft.",
        f"{receipts // PER_CLIENT:,} clients, each under two sets of rules, in parts of {CLIENTS_AT_ONCE:,} at most.",
        f"Memory: {memory[0] / 1024:.0f} MiB before, {settled / 1024:.0f} half-way, {last / 1024:.0f} at the end.",
    ]
    return found


def _filled(receipts: int) -> tuple[int, dt.datetime]:
    from django.utils import timezone  # noqa: PLC0415

    from cashier.demo.making import make, today  # noqa: PLC0415

    now = timezone.now()
    opened, plan = make(
        clients=max(receipts // PER_CLIENT, 1),
        receipts=receipts,
        seed=SEED,
        until=today(now) - dt.timedelta(days=1),
        now=now,
        progress=lambda _done: None,
    )
    return opened.premises.program_id, plan.end


def _plan(program: int, end: dt.datetime) -> Any:
    import msgspec  # noqa: PLC0415

    from loyalty.backtest.running import Plan  # noqa: PLC0415
    from loyalty.models import ProgramVersion  # noqa: PLC0415

    version = ProgramVersion.objects.filter(program_id=program).latest("number")
    return Plan(program, msgspec.json.encode(version.document), version.number, end - dt.timedelta(days=366), end)


def _asked(plan: Any, receipts: int) -> list[tuple[Any, ...]]:
    """What the back test hands to the engine, for so many quotes of all the year: the first ones are the cheapest,
    while clients have few points and low tiers. An odd step meets both sets of rules."""
    from loyalty.backtest import running, side  # noqa: PLC0415

    asked: list[tuple[Any, ...]] = []
    numbers, step = itertools.count(), 2 * receipts // SAMPLE | 1
    quote = side.quote

    def listening(*arguments: Any, **more: Any) -> Any:
        if not next(numbers) % step:
            asked.append((arguments, more))
        return quote(*arguments, **more)

    side.quote = listening
    try:
        running.run(plan)
    finally:
        side.quote = quote
    return asked


class _Run:
    """One back test, stopped every so many receipts for a turn of the engine alone. CPU is in seconds of one core."""

    def __init__(self, asked: list[tuple[Any, ...]], *, every: int) -> None:
        self.asked, self.every = asked, every
        self.quotes = self.turns = 0
        self.spent = self.spent_alone = self.wall = 0.0
        self.memory = [_kilobytes()]

    @property
    def speed(self) -> float:
        """Quotes per second of CPU."""
        return self.quotes / self.spent

    @property
    def alone(self) -> float:
        return self.turns * len(self.asked) / self.spent_alone

    def go(self, plan: Any) -> None:
        from loyalty.backtest import running  # noqa: PLC0415

        gc.collect()
        began, walked = time.process_time(), time.perf_counter()
        report = running.run(plan, progress=self.progress)
        self.spent = time.process_time() - began - self.spent_alone
        self.wall += time.perf_counter() - walked
        self.quotes = 2 * report["receipts"]

    def progress(self, done: int) -> None:
        if done < (self.turns + 1) * self.every:
            return
        self.memory.append(_kilobytes())
        self.turns += 1
        walked = time.perf_counter()
        self.spent_alone += _engine_alone(self.asked)
        self.wall -= time.perf_counter() - walked


def _engine_alone(asked: list[tuple[Any, ...]]) -> float:
    """Under the collector that the back test has, which goes on while this is its turn."""
    from loyalty.engine.quote import quote  # noqa: PLC0415

    began = time.process_time()
    for arguments, more in asked:
        quote(*arguments, **more)
    return time.process_time() - began


def _kilobytes() -> int:
    """What this process keeps in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4
