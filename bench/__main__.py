"""`python -m bench [sale | engine | …] …`: see bench/README.md, or `python -m bench --help`."""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from bench.load.wrk import LoadError
from bench.place import go_inside

# Modules by verb whose `run(database, …)` takes the verb's options by their names.
PLAIN = {
    "dashboard": "overview",
    "imports": "imports",
    "codes": "codes",
    "uplift": "uplift",
    "campaigns": "campaigns",
    "messages": "messages",
    "backtest": "backtest",
}
TITLE = "Measure Kopilka against its own ceiling. Everything runs on this machine and on loopback addresses only."


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m bench", description=TITLE)
    both = argparse.ArgumentParser(add_help=False)
    both.add_argument("--write", action="store_true", help="put the results into docs/performance.md")
    both.add_argument("--json", type=Path, help="write all rounds to this file")
    timed = argparse.ArgumentParser(add_help=False)
    timed.add_argument("--seconds", type=int, default=8, help="of a round")
    timed.add_argument("--rounds", type=int, default=3)
    verbs = top.add_subparsers(dest="verb")
    verb = verbs.add_parser("sale", parents=[both, timed], help="what `make bench` runs")
    verb.add_argument("--accounts", type=int, default=100_000)
    verb.add_argument("--peer", action="store_true", help="pretix, too: installs it in the cache, some minutes")
    verbs.add_parser("engine", parents=[both], help="the engine alone")
    verb = verbs.add_parser("sweep", parents=[both], help="expiry in bulk against an ORM loop")
    verb.add_argument("--accounts", type=int, default=200_000)
    verb = verbs.add_parser(
        "scale", parents=[both, timed], help="the sale over ten million sales and over ten thousand"
    )
    verb.add_argument("--accounts", type=int, default=1_000_000)
    verb.add_argument("--sales", type=int, default=10_000_000)
    verb = verbs.add_parser("pages", parents=[both], help="the dashboard's pages over ten million sales")
    verb.add_argument("--accounts", type=int, default=1_000_000)
    verb.add_argument("--sales", type=int, default=10_000_000)
    verb.add_argument("--keep", type=Path, help="keep the fixture, described in this file, or take it from there")
    verb = verbs.add_parser("dashboard", parents=[both], help="the overview over a year of sales, and its roll-ups")
    verb.add_argument("--accounts", type=int, default=100_000)
    verb.add_argument("--sales", type=int, default=1_000_000)
    verb = verbs.add_parser("backtest", parents=[both], help="the back test beside the engine alone")
    verb.add_argument("--receipts", type=int, default=20_000)
    verb.add_argument("--rounds", type=int, default=3)
    verb = verbs.add_parser(
        "imports", parents=[both], help="a client base from a file, beside import-export row by row"
    )
    verb.add_argument("--rows", type=int, default=100_000)
    verb.add_argument("--rounds", type=int, default=3)
    verb = verbs.add_parser("codes", parents=[both], help="a batch of promo codes beside one INSERT … SELECT")
    verb.add_argument("--codes", type=int, default=1_000_000)
    verb.add_argument("--rounds", type=int, default=3)
    verb = verbs.add_parser("uplift", parents=[both], help="do the intervals of campaigns' results hold the truth?")
    verb.add_argument("--runs", type=int, default=200)
    verb = verbs.add_parser("campaigns", parents=[both], help="who is due, and points for all of them")
    verb.add_argument("--clients", type=int, default=1_000_000)
    verb.add_argument("--rounds", type=int, default=3)
    verb = verbs.add_parser("messages", parents=[both], help="messages through a local gateway, beside bare requests")
    verb.add_argument("--number", type=int, default=100_000)
    verb.add_argument("--rounds", type=int, default=3)
    verb = verbs.add_parser("profile", help="where the CPU time of a request goes, by cProfile")
    verb.add_argument("--requests", type=int, default=2_000)
    verb.add_argument("--what", choices=["earn", "redeem", "quotes", "authenticated"], default="earn")
    return top


def main() -> int:
    arguments = sys.argv[1:] or ["sale"]
    options = parser().parse_args(arguments)
    if options.verb != "engine":
        go_inside()
    with tempfile.TemporaryDirectory(prefix="kopilka-bench-") as folder:
        try:
            return measure(options, shlex.join(["python", "-m", "bench", *arguments]), Path(folder))
        except LoadError as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2


def measure(options: argparse.Namespace, command: str, folder: Path) -> int:
    """Imports are late: the settings that they read name the measured database."""
    from bench import report  # noqa: PLC0415
    from bench.place import Database, use  # noqa: PLC0415

    if options.verb == "engine":
        from bench import engine, sale  # noqa: PLC0415

        sizes = engine.table()
        found = report.Report(command, "The engine alone", sale.engine_figures(sizes), machine=report.machine(None))
        found.notes = [f"{name}: {ms:.3f} ms of CPU" for name, ms in sizes.items()]
    elif options.verb == "scale":
        from bench import scale  # noqa: PLC0415

        found = scale.run(
            folder, accounts=options.accounts, sales=options.sales, seconds=options.seconds, rounds=options.rounds
        )
    elif options.verb == "pages":
        from bench import pages  # noqa: PLC0415

        with Database("kopilka_bench_pages", keep=options.keep is not None) as database:
            use(database)
            file = options.keep or folder / "shop.json"
            shop = pages.fill(database, file, accounts=options.accounts, sales=options.sales)
            found = pages.run(database, shop, sales=options.sales)
    else:
        with Database() as database:
            if options.verb == "profile":
                from bench import profile  # noqa: PLC0415

                profile.run(database, requests=options.requests, what=options.what)
                return 0
            if options.verb in PLAIN:
                plain = import_module(f"bench.{PLAIN[options.verb]}")
                asked = {name: value for name, value in vars(options).items() if name not in {"verb", "write", "json"}}
                found = plain.run(database, **asked)
            elif options.verb == "sweep":
                from bench import sweep  # noqa: PLC0415
                from bench.shop import open_shop  # noqa: PLC0415

                use(database)
                found = report.Report(command, "Expiry", machine=report.machine(database))
                shop = open_shop(database, options.accounts, opening_expires=None)
                database.settle()
                rates = sweep.measure_both(database, shop, lots=options.accounts, by_orm=2_000)
                found.figures = sweep.figures(rates)
            else:
                from bench import sale  # noqa: PLC0415

                found = sale.run(
                    database,
                    folder,
                    accounts=options.accounts,
                    seconds=options.seconds,
                    rounds=options.rounds,
                    peer=options.peer,
                )
    found.command = command
    report.publish(found, options.verb, write=options.write, to=options.json)
    return 0 if report.met(found.figures) else 1


if __name__ == "__main__":
    sys.exit(main())
