"""The back test beside the engine alone: receipts lived through per second of CPU, and what memory does.

`python -m bench.backtest [receipts]`, with DATABASE_URL of a database that may be filled: makes a demo of that size.
"""

from __future__ import annotations

import datetime as dt
import resource
import sys
import time
from typing import Any

SEED = 11


def run(receipts: int) -> dict[str, Any]:
    """`ratio` is quotes per second of the back test (two for each receipt) ÷ those of the engine on the same carts."""
    import msgspec  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from cashier.demo.making import make, today  # noqa: PLC0415
    from loyalty.backtest import running  # noqa: PLC0415
    from loyalty.models import ProgramVersion  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    now = timezone.now()
    opened, plan = make(
        clients=max(receipts // 15, 1),
        receipts=receipts,
        seed=SEED,
        until=today(now) - dt.timedelta(days=1),
        now=now,
        progress=lambda _done: None,
    )
    program = opened.premises.program_id
    memory: list[int] = []
    with tenant(program):
        version = ProgramVersion.objects.filter(program_id=program).latest("number")
        engine = _engine_alone(program, plan.end)
        test = running.Plan(
            program, msgspec.json.encode(version.document), version.number, plan.end - dt.timedelta(days=366), plan.end
        )
        began, walked = time.process_time(), time.perf_counter()
        report = running.run(test, progress=lambda _done: memory.append(_kilobytes()))
        spent, wall = time.process_time() - began, time.perf_counter() - walked
    per_second = 2 * report["receipts"] / spent
    return {
        "receipts": report["receipts"],
        "engine": engine,
        "backtest": per_second,
        "ratio": per_second / engine,
        "wall": wall,
        "memory": (memory[0], memory[len(memory) // 2], memory[-1]) if memory else (),
    }


def _engine_alone(program: int, end: dt.datetime) -> float:
    """Quotes per second of CPU of the same receipts for a client without a past."""
    from loyalty.backtest.events import Receipt  # noqa: PLC0415
    from loyalty.backtest.history import History  # noqa: PLC0415
    from loyalty.backtest.running import Past  # noqa: PLC0415
    from loyalty.engine.cart import Cart, Client  # noqa: PLC0415
    from loyalty.engine.quantities import HUNDRED  # noqa: PLC0415
    from loyalty.engine.quote import quote  # noqa: PLC0415

    past = Past(program)
    book = past.rulebooks[-1]
    client = Client(available=HUNDRED)
    receipts = []
    for event in History(program, book.calendar, until=end).events(past.welcomes):
        if isinstance(event, Receipt):
            receipts.append(event)
            if len(receipts) == 5_000:
                break
    began = time.process_time()
    for one in receipts:
        asked = one.points or None
        quote(book, client if one.account else None, Cart(one.lines, points=asked, outlet=one.outlet), one.occurred_at)
    return len(receipts) / (time.process_time() - began)


def _kilobytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    import django  # noqa: PLC0415

    django.setup()
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    for name, value in found.items():
        print(f"{name:>9}: {value:,.2f}" if isinstance(value, float) else f"{name:>9}: {value}")


if __name__ == "__main__":
    main()
