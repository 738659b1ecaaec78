"""Every page of the dashboard over a million clients and ten million receipts: queries, time in the database, size.

Through Django's own test client in this process: what is measured is the page, not the way to it. The first request of
a page is not counted.
"""

from __future__ import annotations

import gzip
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import statements
from bench.place import Database
from bench.report import Figure, Report, machine
from bench.shop import Shop, load_history, load_people, open_shop

RUNS = 5
# By performance.md: the first page and searches have goals of their own, everything else must not be slower.
GOAL_MS = {"search": 50.0}
DEFAULT_GOAL_MS = 100.0


@dataclass(frozen=True)
class Sample:
    queries: int
    database_ms: float
    all_ms: float
    kib: float


def fill(database: Database, file: Path, *, accounts: int, sales: int) -> Shop:
    """The fixture, described in a file beside it where the database is kept."""
    if not database.is_new and file.exists():
        return Shop.read(file)
    shop = open_shop(database, accounts, opening_expires=None)
    load_people(database, shop)
    load_history(database, shop, sales=sales)
    database.settle()
    shop.write(file)
    return shop


def run(database: Database, shop: Shop, *, sales: int) -> Report:
    from bench.browsing import pages_of, prepare  # noqa: PLC0415  # needs Django

    client = prepare(shop)
    report = Report("", f"Pages over {shop.accounts:,} clients and {sales:,} receipts", machine=machine(database))
    for name, path in pages_of(shop):
        sample = measure(client, path)
        goal = next((ms for word, ms in GOAL_MS.items() if word in name), DEFAULT_GOAL_MS)
        print(
            f"{name:<42} {sample.database_ms:8.1f} ms db {sample.all_ms:8.1f} ms {sample.queries:3} queries "
            f"{sample.kib:6.1f} KiB",
            flush=True,
        )
        report.figures.append(Figure(f"{name}: in the database", sample.database_ms, "ms", at_most=goal))
        report.notes.append(
            f"{name}: {sample.queries} queries, {sample.all_ms:.0f} ms in all, {sample.kib:.1f} KiB compressed"
        )
    return report


def measure(client: Any, path: str) -> Sample:
    samples = [_once(client, path) for _ in range(RUNS + 1)][1:]
    return Sample(
        queries=samples[-1].queries,
        database_ms=statistics.median(sample.database_ms for sample in samples),
        all_ms=statistics.median(sample.all_ms for sample in samples),
        kib=samples[-1].kib,
    )


def _once(client: Any, path: str) -> Sample:
    began = time.perf_counter()
    with statements() as spent:
        answer = client.get(path)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return Sample(len(spent), sum(spent) * 1000, took, len(gzip.compress(answer.content)) / 1024)
