"""Where the CPU time of a request goes: the whole WSGI application in this process, under cProfile.

Calls are counted, too, so functions that are called often look dearer than they are. The plain time per request, of
which the profile shows the parts, is measured first and without it.
"""

from __future__ import annotations

import cProfile
import datetime as dt
import io
import os
import pstats
import statistics
import time
from typing import Any

from bench import till
from bench.place import Database, use
from bench.shop import load_history, open_shop


def run(database: Database, *, requests: int, what: str, accounts: int = 20_000) -> None:
    # Before Django is set up: only a web process has a pool.
    os.environ["KOPILKA_PROCESS"] = "web"
    os.environ["TILL_REQUESTS_PER_MINUTE"] = "1000000000"
    os.environ["LOG_LEVEL"] = os.environ.get("LOG_LEVEL", "INFO")
    use(database)
    shop = open_shop(database, accounts, opening_expires=dt.timedelta(days=180))
    load_history(database, shop, sales=accounts)
    database.settle()
    from config.wsgi import application  # noqa: PLC0415

    if what == "authenticated":
        lines = [f"/api/v1/authenticated\t{till.authorization(shop, n)}\t" for n in range(requests)]
    else:
        path = "/api/v1/quotes" if what == "quotes" else "/api/v1/sales"
        lines = till.requests(shop, redeem=what != "earn", path=path, count=requests, seed=5)
    turn = 0

    def one(line: str) -> None:
        nonlocal turn
        turn += 1
        path, header, body = line.rstrip("\n").split("\t")
        _call(application, path, header, body.replace("@KEY@", f"p-{turn}"))

    for line in lines[:100]:
        one(line)
    times = []
    for line in lines:
        began = time.thread_time_ns()
        one(line)
        times.append(time.thread_time_ns() - began)
    print(f"{what}: {statistics.median(times) / 1e6:.3f} ms of CPU in this thread (median of {len(times)})")
    profiler = cProfile.Profile(time.thread_time)
    profiler.enable()
    for line in lines:
        one(line)
    profiler.disable()
    for order in ("tottime", "cumtime"):
        out = io.StringIO()
        pstats.Stats(profiler, stream=out).strip_dirs().sort_stats(order).print_stats(70)
        print(out.getvalue())


def _call(application: Any, path: str, header: str, body: str) -> None:
    data = body.encode()
    key = body.partition('"receipt_number": "')[2].partition('"')[0] or "none"
    environ = {
        "REQUEST_METHOD": "POST" if data else "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "HTTP_AUTHORIZATION": header.partition(": ")[2],
        "HTTP_IDEMPOTENCY_KEY": key,
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(data)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(data),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    status = ""

    def start_response(line: str, _headers: object, _error: object = None) -> None:
        nonlocal status
        status = line

    answer = application(environ, start_response)
    text = b"".join(answer)
    answer.close()
    if not status.startswith("2"):
        raise SystemExit(f"{status}: {text.decode()[:500]}")
