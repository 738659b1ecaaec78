"""The sale: the database's ceiling, the till API over HTTP, and what it is compared with."""

from __future__ import annotations

import datetime as dt
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import ceiling, engine, measure, sweep, till, web
from bench.load import wrk
from bench.measure import Rounds, Sample, ratio
from bench.place import ROOT, Database, use
from bench.report import Figure, Report, machine
from bench.shop import Shop, load_history, open_shop

Measured = dict[str, Callable[[], Sample]]
PEER = ROOT / "bench" / "peers" / "pretix.py"
HISTORY = 20_000
"""Past sales, so that statements are planned for tables that hold something."""


def run(database: Database, folder: Path, *, accounts: int, seconds: int, rounds: int, peer: bool) -> Report:
    wrk.find_wrk()
    use(database)
    described = machine(database)
    shop = open_shop(database, accounts, opening_expires=dt.timedelta(days=180))
    load_history(database, shop, sales=HISTORY)
    ceiling.install(database, shop)
    database.settle()
    postmaster = database.postmaster()
    with ExitStack() as stack:
        server = stack.enter_context(web.serving(database, folder))
        pids = web.pids(server, postmaster)
        other = stack.enter_context(_peer(database)) if peer else None
        what = measured(database, shop, folder, server, pids, seconds=seconds)
        if other is not None:
            target, pid = other
            groups = pids | {"app": [pid]}
            measure.http(target, seconds=2, pids=groups)
            what["pretix"] = functools.partial(measure.http, target, seconds=seconds, pids=groups)
        warm_up(database, shop, folder, server, pids)
        found = measure.by_turns(what, rounds=rounds, say=functools.partial(print, flush=True))
        memory = server.memory_mib()
    helper = max(ceiling.helper_cost(database, shop, kind) for kind in ("earn", "redeem"))
    report = Report("", f"The sale, {accounts:,} accounts", figures(found, memory), found, machine=described)
    sizes = engine.table()
    report.figures += engine_figures(sizes)
    report.notes = notes(found, helper, sizes, seconds, rounds)
    report.figures += sweep.figures(sweep.measure_both(database, shop, lots=50_000, by_orm=500))
    return report


def measured(
    database: Database, shop: Shop, folder: Path, server: web.Web, pids: Mapping[str, Sequence[int]], *, seconds: int
) -> Measured:
    db = {name: group for name, group in pids.items() if name == "db"}
    bounded = functools.partial(ceiling.run, database, shop, folder, seconds=seconds, pids=db)
    over_http = functools.partial(measure.http, seconds=seconds, pids=pids)
    return {
        "ceiling, earning": functools.partial(bounded, kind="earn", trips="one"),
        "POST /sales, earning": functools.partial(over_http, till.sales(shop, folder, server.port, redeem=False)),
        "ceiling, redeeming": functools.partial(bounded, kind="redeem", trips="one"),
        "POST /sales, redeeming": functools.partial(over_http, till.sales(shop, folder, server.port, redeem=True)),
        "ceiling, 4 round trips": functools.partial(bounded, kind="earn", trips="four"),
        "only authenticate": functools.partial(over_http, till.authenticated(shop, folder, server.port)),
        "POST /quotes": functools.partial(over_http, till.quotes(shop, folder, server.port)),
    }


def warm_up(
    database: Database, shop: Shop, folder: Path, server: web.Web, pids: Mapping[str, Sequence[int]], seconds: int = 2
) -> None:
    """Every worker compiles the rules and prepares its statements; then the day's sales get statistics, too."""
    for redeem in (False, True):
        measure.http(till.sales(shop, folder, server.port, redeem=redeem), seconds=seconds, pids=pids)
    database.settle()


def figures(found: Rounds, memory: float) -> list[Figure]:
    def per_second(one: str, other: str) -> float:
        return ratio(found, one, other, lambda sample: sample.per_second)

    def p99(one: str, other: str) -> float:
        return ratio(found, one, other, lambda sample: sample.p99_ms)

    earn, redeem, bound = "POST /sales, earning", "POST /sales, redeeming", "ceiling, earning"
    rows = [
        Figure("`POST /sales` ÷ ceiling", per_second(earn, bound), at_least=0.30),
        Figure("the same with redemption", per_second(redeem, "ceiling, redeeming"), at_least=0.28),
        Figure("`POST /sales` ÷ ceiling in four round trips", per_second(earn, "ceiling, 4 round trips")),
        Figure("p99 ÷ the ceiling's p99", p99(earn, bound), at_most=4),
        Figure("the same with redemption", p99(redeem, "ceiling, redeeming"), at_most=4),
        Figure("`POST /quotes` ÷ only authenticating", per_second("POST /quotes", "only authenticate"), at_least=0.5),
    ]
    if "pretix" in found:
        rows.append(Figure("`POST /sales` ÷ pretix's gift card", per_second(earn, "pretix"), at_least=8))
    return [*rows, Figure("memory of the largest web worker", memory, "MiB", at_most=150)]


def engine_figures(sizes: Mapping[str, float]) -> list[Figure]:
    """Twice the lines or twice the rules may cost twice as much; a tenth is allowed for noise."""
    base = sizes["20 × 50"]
    return [
        Figure("engine, 20 lines × 50 rules, 10 of which apply", sizes[engine.SOME], "ms", at_most=1),
        Figure("engine, 20 lines × 50 rules, all of which apply", base, "ms", at_most=1),
        Figure("engine, four times the lines ÷ 4", sizes["80 × 50"] / base / 4, at_most=1.1),
        Figure("engine, four times the rules ÷ 4", sizes["20 × 200"] / base / 4, at_most=1.1),
    ]


def notes(found: Rounds, helper: float, sizes: Mapping[str, float], seconds: int, rounds: int) -> list[str]:
    others = max(sample.others for samples in found.values() for sample in samples)
    return [
        f"{rounds} rounds of {seconds} s each by turns, 8 connections. A ratio is the median of the rounds' ratios.",
        "Load generator, application and database share the machine.",
        f"The ceiling's own helper, which fills in the payload, costs at most {helper:.0f} µs a sale.",
        f"At most {others:.0%} of the cores went to processes that have nothing to do with the measurement.",
        "Engine, ms of CPU by lines × rules: " + ", ".join(f"{name}: {ms:.2f}" for name, ms in sizes.items()) + ".",
        "Every acknowledged sale is on disk (synchronous commit); web only: no worker empties the outbox meanwhile.",
    ]


@contextmanager
def _peer(database: Database) -> Iterator[tuple[wrk.Target, int]]:
    """pretix beside us, on the same server of PostgreSQL."""
    command = [sys.executable, str(PEER)]
    options = ["--database-url", database.server_url, "--port", "8765"]
    subprocess.run([*command, "prepare", *options, "--fresh"], check=True, cwd=ROOT)
    served = subprocess.Popen([*command, "serve", *options], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert served.stdout is not None
        said = served.stdout.readline()
        if not said:
            raise SystemExit("the peer did not start")
        ready = json.loads(said)
        yield wrk.Target.read(Path(ready["target"])), ready["pid"]
    finally:
        os.kill(served.pid, signal.SIGTERM)
        served.wait()
