"""Rounds that take turns, and what is made of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.load import wrk


@dataclass(frozen=True)
class Sample:
    """One round, or the medians of several. CPU is user and system time per operation."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: Mapping[str, float] = field(default_factory=dict)
    failed: int = 0
    others: float = 0.0
    """Share of all cores that went to processes which have nothing to do with the measurement (HTTP rounds only)."""


Rounds = dict[str, list[Sample]]


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed."""
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]


def http(
    target: wrk.Target, *, seconds: int, pids: Mapping[str, Sequence[int]], warmup: int = 0, connections: int = 8
) -> Sample:
    """One round over HTTP. SystemExit where an answer was not 2xx: such figures would mean nothing."""
    result = wrk.run(target, seconds=seconds, connections=connections, threads=1, warmup=warmup, pids=pids)
    if result.failed:
        raise SystemExit(f"{target.bodies.name}: {result.failed} requests failed: {result.statuses} {result.errors}")
    return Sample(
        per_second=result.req_per_s,
        p50_ms=result.p50_ms,
        p99_ms=result.p99_ms,
        cpu_ms=result.cpu_ms,
        failed=result.failed,
        others=result.machine_other,
    )


def by_turns(what: Mapping[str, Callable[[], Sample]], *, rounds: int, say: Callable[[str], None]) -> Rounds:
    """A B C, A B C, …: whatever disturbs the machine for a while disturbs all of them."""
    found: Rounds = {name: [] for name in what}
    for number in range(1, rounds + 1):
        for name, measured in what.items():
            sample = measured()
            found[name].append(sample)
            cpu = " + ".join(f"{ms:.2f} {group}" for group, ms in sample.cpu_ms.items())
            say(
                f"round {number}  {name:22} {sample.per_second:8,.0f}/s  p50 {sample.p50_ms:6.2f}  "
                f"p99 {sample.p99_ms:6.2f} ms  CPU {cpu} ms"
            )
    return found


def median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        per_second=statistics.median(s.per_second for s in samples),
        p50_ms=statistics.median(s.p50_ms for s in samples),
        p99_ms=statistics.median(s.p99_ms for s in samples),
        cpu_ms={name: statistics.median(s.cpu_ms[name] for s in samples) for name in samples[0].cpu_ms},
        failed=sum(s.failed for s in samples),
        others=max(s.others for s in samples),
    )


def ratio(rounds: Rounds, one: str, other: str, value: Callable[[Sample], float]) -> float:
    """The median of the ratios, each of two rounds that stood side by side."""
    return statistics.median(value(a) / value(b) for a, b in zip(rounds[one], rounds[other], strict=True))


@contextmanager
def statements() -> Iterator[list[float]]:
    """The seconds that each statement of the block took, fetching of its rows included as far as psycopg does it."""
    from django.db import connection  # noqa: PLC0415  # set up by the caller

    spent: list[float] = []

    def watch(execute: Any, sql: Any, parameters: Any, many: bool, context: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(sql, parameters, many, context)
        finally:
            spent.append(time.perf_counter() - began)

    with connection.execute_wrapper(watch):
        yield spent
