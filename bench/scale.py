"""The same sale over ten million sales of a million clients and over ten thousand: what growth costs a till.

Two databases on one server, a web server for each; only one of them has requests at a time.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from bench import measure, till, web
from bench.load import wrk
from bench.measure import ratio
from bench.place import ROOT, Database
from bench.report import Figure, Report, machine
from bench.shop import Shop

SMALL = 10_000
BIG, LITTLE = "sale, large", "sale, small"


def run(folder: Path, *, accounts: int, sales: int, seconds: int, rounds: int) -> Report:
    wrk.find_wrk()
    with ExitStack() as stack:
        measured = {}
        sizes = {}
        for name, clients, past in ((LITTLE, SMALL, SMALL), (BIG, accounts, sales)):
            database = stack.enter_context(Database("kopilka_bench_" + name.rpartition(" ")[2]))
            shop = fill(database, folder, clients, past)
            sizes[name] = _size(database)
            server = stack.enter_context(web.serving(database, folder))
            place = folder / database.name
            place.mkdir()
            # Points that were earned go first, so the number of open lots stays the same however often a client buys.
            target = till.sales(shop, place, server.port, redeem=True)
            pids = web.pids(server, database.postmaster())
            measure.http(target, seconds=3, pids=pids)
            measured[name] = functools.partial(measure.http, target, seconds=seconds, pids=pids)
            database.settle()
        found = measure.by_turns(measured, rounds=rounds, say=functools.partial(print, flush=True))
        described = machine(database)
    slower = Figure(
        f"sale at {SMALL:,} sales ÷ at {sales:,} sales and {accounts:,} clients, sales a second",
        ratio(found, LITTLE, BIG, lambda sample: sample.per_second),
        at_most=1.2,
    )
    p99 = Figure("p99, large ÷ small", ratio(found, BIG, LITTLE, lambda sample: sample.p99_ms))
    size = Figure("size of the large database", sizes[BIG] / 2**30, "GiB")
    report = Report("", "The sale as the tables grow", [slower, p99, size], found, machine=described)
    report.notes.append(f"{rounds} rounds of {seconds} s by turns, 8 connections, points redeemed and earned.")
    return report


def fill(database: Database, folder: Path, accounts: int, sales: int) -> Shop:
    """In a process of its own: Django is set up on one database for good."""
    file = folder / f"{database.name}.json"
    command = [sys.executable, "-m", "bench.fill", database.name, str(accounts), str(sales), str(file)]
    subprocess.run(command, cwd=ROOT, check=True)
    return Shop.read(file)


def _size(database: Database) -> int:
    with database.connect() as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert row is not None
    return int(row[0])
