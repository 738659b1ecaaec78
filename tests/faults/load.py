"""A busy day: eight tills sell, hold, void and take back, to two dozen clients, while things break."""

from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Self

from tests.faults.processes import until
from tests.faults.till import Abandoned, Acknowledged, Till

THREADS = 8
CLIENTS = 24
# Bounds, whatever the test does.
MOST_WRITES = 60_000
LONGEST_SECONDS = 600.0
# A message names its points, and so says which one it is.
FIRST_MESSAGE = 1_000_000


class Load:
    """`with Load(…) as load:` starts it; `load.finish()` lets each till end its story."""

    def __init__(self, port: int, keys: Sequence[str], *, seed: int = 1) -> None:
        self.port, self.keys, self.seed = port, keys, seed
        self.answers: list[Acknowledged] = []
        self.stopping, self.over = threading.Event(), threading.Event()
        self.messages = itertools.count(FIRST_MESSAGE)
        self.cards: list[tuple[str, str]] = []
        self.tills = [Till(port, keys[n % len(keys)], over=self.over) for n in range(THREADS)]
        self.pool = ThreadPoolExecutor(THREADS)
        self.running: list[Future[None]] = []
        self.ends_at = 0.0

    def __enter__(self) -> Self:
        self.enrol()
        self.ends_at = time.monotonic() + LONGEST_SECONDS
        self.running = [self.pool.submit(self.work, n) for n in range(THREADS)]
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.over.set()
        self.pool.shutdown()
        for till in self.tills:
            till.hang_up()

    def enrol(self) -> None:
        till = self.tills[0]
        for n in range(CLIENTS):
            joined = self.keep(till.write("enrol", "clients", {"phone": f"+7916{n:07}", "name": f"Client {n}"}))
            self.cards.append((joined["id"], joined["card"]))

    def finish(self) -> list[Acknowledged]:
        """No new stories; those that were begun are told to their end."""
        self.stopping.set()
        for future in self.running:
            future.result(timeout=200)
        return self.answers

    def goes_on(self, writes: int = 40, seconds: float = 120) -> float:
        """Wait until that many more writes were acknowledged; the seconds until the first of them."""
        before = len(self.answers)
        first = until(lambda: len(self.answers) > before or self.failed, "a write is answered", seconds=seconds)
        until(lambda: len(self.answers) >= before + writes or self.failed, "the load goes on", seconds=seconds)
        self.raise_failure()
        return first

    @property
    def failed(self) -> bool:
        return any(future.done() and future.exception() for future in self.running)

    def raise_failure(self) -> None:
        for future in self.running:
            if future.done():
                future.result()

    # ------------------------------------------------------------ what tills do

    def keep(self, answer: Acknowledged) -> Acknowledged:
        self.answers.append(answer)
        return answer

    def work(self, number: int) -> None:
        till, chance = self.tills[number], random.Random(f"{self.seed}:{number}")
        stories = self.stories(till, chance)
        try:
            while not self.stopping.is_set() and time.monotonic() < self.ends_at and len(self.answers) < MOST_WRITES:
                chance.choice(stories)()
        except Abandoned:
            pass

    def stories(self, till: Till, chance: random.Random) -> list[Callable[[], object]]:
        def sell(**more: Any) -> Acknowledged:
            return self.keep(till.write("sell", "sales", self.receipt(chance, **more)))

        def after(what: str, sale: Acknowledged, body: dict[str, Any] | None = None) -> Acknowledged:
            path = {"commit": "commit", "void": "void", "return": "returns"}[what]
            return self.keep(till.write(what, f"sales/{sale['id']}/{path}", body))

        def hold() -> Acknowledged:
            return self.keep(till.write("hold", "sales", self.receipt(chance, hold=True, points="max")))

        return [
            *[sell] * 6,
            lambda: sell(client=None),
            *[lambda: sell(points="max")] * 3,
            lambda: after("void", sell(points="max")),
            lambda: after("return", sell(), {"lines": [{"line": 0, "quantity": "1"}]}),
            lambda: after("return", sell(points="max")),
            *[lambda: after("commit", hold())] * 2,
            lambda: after("void", hold()),
            lambda: after("void", after_commit(after, hold())),
            lambda: self.confirm(till),
        ]

    def receipt(self, chance: random.Random, **more: Any) -> dict[str, Any]:
        lines = [
            {"sku": f"sku-{n}", "quantity": str(chance.randint(1, 3)), "price": f"{chance.randint(50, 900)}.50"}
            for n in range(chance.randint(1, 3))
        ]
        receipt = {
            "receipt_number": uuid.uuid4().hex,
            "occurred_at": datetime.now(UTC).isoformat(),
            "client": {"card": chance.choice(self.cards)[1]},
            "lines": lines,
            **more,
        }
        return {name: value for name, value in receipt.items() if value is not None}

    def confirm(self, till: Till) -> Acknowledged:
        """Ask for an SMS, which goes through the outbox to a worker: for a new client, as each may be asked once a
        minute."""
        number = next(self.messages)
        client = self.keep(till.write("enrol", "clients", {"phone": f"+7999{number}"}))["id"]
        return self.keep(till.write("confirm", f"clients/{client}/confirmation", {"points": str(number)}))


def after_commit(after: Callable[..., Acknowledged], held: Acknowledged) -> Acknowledged:
    after("commit", held)
    return held
