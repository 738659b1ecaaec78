"""A client base from a file: rows a second of the import beside django-import-export row by row, and what memory does.

The import is measured as an owner meets it: the dry run and the loading, both by the worker's own functions in this
process, with PostgreSQL beside it. The resource opens the same accounts one by one, with the product's services; its
rounds and those of the import take turns.
"""

from __future__ import annotations

import csv
import gc
import io
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO, Self

from bench.place import Database, use
from bench.report import Figure, Report, machine
from bench.shop import open_shop

HEADER = ("ФИО", "Телефон", "E-mail", "Дата рождения", "Баллы", "Баллы сгорят", "Сумма покупок", "Количество покупок")
NAMES = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Инна", "Кирилл")
SURNAMES = ("Ким", "Ли", "Цой", "Пак", "Югай", "Тен", "Хан", "Шин", "Нам", "Хегай")
BY_RESOURCE = 1_000


def run(database: Database, *, rows: int, rounds: int) -> Report:
    use(database)
    from merchants.access import tenant  # noqa: PLC0415

    shop = open_shop(database, 1_000, opening_expires=None)
    database.settle()
    speeds, checks, loads, ratios, peaks = [], [], [], [], []
    with tenant(shop.program_id):
        for number in range(rounds):
            with _file(rows, number) as file:
                checked, loaded, peak = _imported(shop.merchant_id, file, rows)
            by_resource = _by_resource(shop.merchant_id, number)
            speed = rows / (checked + loaded)
            speeds.append(speed)
            checks.append(rows / checked)
            loads.append(rows / loaded)
            ratios.append(speed / by_resource)
            peaks.append(peak)
            print(
                f"import {speed:,.0f} rows/s (dry run {rows / checked:,.0f}, loading {rows / loaded:,.0f}),"
                f" resource {by_resource:,.0f} rows/s, {peak / 1024:.0f} MiB",
                flush=True,
            )
    found = Report("", f"Import of {rows:,} clients with opening lots", machine=machine(database))
    found.figures = [
        Figure("import, dry run and loading", statistics.median(speeds), "rows/s", at_least=20_000),
        Figure("import ÷ import-export row by row", statistics.median(ratios), at_least=25),
        Figure("memory of the worker, at its highest", max(peaks) / 1024, "MiB", at_most=150),
        Figure("dry run", statistics.median(checks), "rows/s"),
        Figure("loading", statistics.median(loads), "rows/s"),
    ]
    found.notes = [
        f"{rounds} rounds by turns; {BY_RESOURCE:,} rows of the resource in each.",
        "Each row makes an account, a phone card, a virtual card, a client, a lot and an entry, with all indexes.",
    ]
    return found


def _file(rows: int, number: int) -> BinaryIO:
    """A base in Windows-1251, on disk."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
    text = io.TextIOWrapper(file, encoding="cp1251", newline="")
    write = csv.writer(text, delimiter=";").writerow
    write(HEADER)
    chosen = random.Random(number)
    for n in range(rows):
        phone = f"{number + 10:02}{n:07}"
        birthday = f"{chosen.randrange(1, 29):02}.{chosen.randrange(1, 13):02}.{chosen.randrange(1950, 2008)}"
        write(
            (
                f"{chosen.choice(SURNAMES)} {chosen.choice(NAMES)} {n}",
                f"8 (9{phone[:2]}) {phone[2:5]}-{phone[5:7]}-{phone[7:]}",
                f"client{n}@example.org",
                birthday,
                chosen.randrange(1, 3000),
                "31.12.2030",
                f"{chosen.randrange(100, 99999)},50",
                chosen.randrange(1, 60),
            )
        )
    text.flush()
    text.detach()
    file.seek(0)
    return file


def _imported(merchant_id: int, file: BinaryIO, rows: int) -> tuple[float, float, int]:
    """Seconds of the dry run and of the loading, kilobytes of memory at its highest."""
    from django.utils import timezone  # noqa: PLC0415

    from clients.imports import counting, jobs, working  # noqa: PLC0415
    from clients.imports.choices import Choices  # noqa: PLC0415
    from clients.models import ClientImport  # noqa: PLC0415
    from merchants.models import Merchant  # noqa: PLC0415

    merchant, now = Merchant.objects.get(pk=merchant_id), timezone.now()
    one = jobs.upload(merchant=merchant, file=file, file_name="base.csv", by="bench", now=now)
    jobs.look_through(one=one, chosen=one.columns, choices=Choices(), by="bench", now=now)
    gc.collect()
    with Highest() as memory:
        began = time.monotonic()
        working.run_due(clock=timezone.now)
        checked = time.monotonic() - began
        jobs.load(one=ClientImport.objects.get(pk=one.pk), by="bench", now=timezone.now())
        began = time.monotonic()
        working.run_due(clock=timezone.now)
        loaded = time.monotonic() - began
    one = ClientImport.objects.get(pk=one.pk)
    if one.state != "done" or counting.told(one).found.fresh != rows:
        raise SystemExit(f"the import of {rows} rows is {one.state}: {one.why} {one.counts}")
    return checked, loaded, memory.kilobytes


def _by_resource(merchant_id: int, number: int) -> float:
    """Rows a second of django-import-export, one by one."""
    import tablib  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from clients.imports.choices import Choices, rules_at  # noqa: PLC0415
    from clients.imports.resource import ClientResource  # noqa: PLC0415
    from clients.models import ClientImport  # noqa: PLC0415
    from merchants.models import Merchant  # noqa: PLC0415

    merchant, now = Merchant.objects.get(pk=merchant_id), timezone.now()
    one = ClientImport.objects.create(
        program_id=merchant.program_id, merchant=merchant, file_name="resource", digest="", state="done"
    )
    columns = ("name", "phone", "email", "birthday", "points", "expires", "spent", "visits")
    data = tablib.Dataset(headers=columns)
    for n in range(BY_RESOURCE):
        phone = f"8 (9{number + 50:02}) {n:07}"
        data.append((f"Ким Анна {n}", phone, f"c{n}@example.org", "01.02.1990", "150", "31.12.2030", "1000,50", "5"))
    resource = ClientResource(one=one, choices=Choices(), rules=rules_at(merchant.program_id, now))
    began = time.monotonic()
    result = resource.import_data(data, use_transactions=True, raise_errors=True)
    seconds = time.monotonic() - began
    if result.totals["new"] != BY_RESOURCE:
        raise SystemExit(f"the resource made {result.totals}")
    return BY_RESOURCE / seconds


class Highest:
    """What this process keeps in memory at its highest while the context lasts."""

    def __enter__(self) -> Self:
        self.kilobytes, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.kilobytes = max(self.kilobytes, pages * 4)
