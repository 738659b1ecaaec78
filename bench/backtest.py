"""The back test beside the engine alone: receipts lived through per second of CPU, and what memory does.

The engine alone computes what the back test asked it to compute: the same receipts of the same clients, one set of
rules after the other. Its rounds and those of the back test take turns.
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
# About so many quotes are computed anew by the engine alone.
SAMPLE: Final = 20_000


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
            speed, wall, seen = _tested(plan)
            alone = _engine_alone(asked)
            ratios.append(speed / alone)
            speeds.append(speed)
            walls.append(wall)
            memory = memory or seen
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
        f"{rounds} rounds by turns; each receipt is quoted twice, under the rules in force and under the draft.",
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

    def listening(*arguments: Any) -> Any:
        if not next(numbers) % step:
            asked.append(arguments)
        return quote(*arguments)

    side.quote = listening
    try:
        running.run(plan)
    finally:
        side.quote = quote
    return asked


def _engine_alone(asked: list[tuple[Any, ...]]) -> float:
    from loyalty.backtest.running import seldom_collected  # noqa: PLC0415
    from loyalty.engine.quote import quote  # noqa: PLC0415

    gc.collect()
    # As the back test has it, or the sample of receipts would make the engine look slower than it is.
    with seldom_collected():
        began = time.process_time()
        for arguments in asked:
            quote(*arguments)
        return len(asked) / (time.process_time() - began)


def _tested(plan: Any) -> tuple[float, float, list[int]]:
    """Quotes per second of CPU, seconds by the clock, kilobytes of memory as it went on."""
    from loyalty.backtest import running  # noqa: PLC0415

    memory = [_kilobytes()]

    def progress(_done: int) -> None:
        memory.append(_kilobytes())

    began, walked = time.process_time(), time.perf_counter()
    report = running.run(plan, progress=progress)
    spent, wall = time.process_time() - began, time.perf_counter() - walked
    return 2 * report["receipts"] / spent, wall, memory


def _kilobytes() -> int:
    """What this process keeps in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4
