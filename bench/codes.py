"""A batch of promo codes beside one INSERT … SELECT of as many rows into the same table."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from decimal import Decimal

from bench.place import Database
from bench.report import Figure, Report, machine

# What no application can beat: the rows made by the server itself, with all the table's indexes.
_AT_ONCE = """
    INSERT INTO loyalty_promocode (program_id, batch_id, code)
    SELECT %s, %s, upper(md5(random()::text || n)) FROM generate_series(1, %s) n
"""
_EMPTY = "TRUNCATE loyalty_promocodeuse, loyalty_promocode"


def run(database: Database, *, codes: int, rounds: int) -> Report:
    from bench.place import use  # noqa: PLC0415
    from bench.shop import open_shop  # noqa: PLC0415

    use(database)
    shop = open_shop(database, 10, opening_expires=None)
    found = Report("", "Promo codes", machine=machine(database))
    seconds: dict[str, list[float]] = {"made": [], "inserted": []}
    for n in range(rounds):
        for name, work in (("made", _make), ("inserted", _insert)):
            batch = _order(shop.program_id, codes, f"{name} {n}")
            database.settle()
            began = time.monotonic()
            work(batch)
            seconds[name].append(time.monotonic() - began)
            _check(batch, codes)
            print(f"{codes:,} codes {name}: {seconds[name][-1]:.2f} s", flush=True)
            with database.connect() as connection:
                connection.execute(_EMPTY)
    ratios = [made / inserted for made, inserted in zip(seconds["made"], seconds["inserted"], strict=True)]
    found.figures = [
        Figure(f"{codes:,} promo codes", statistics.median(seconds["made"]), "s"),
        Figure("promo codes ÷ INSERT … SELECT", statistics.median(ratios), "×", at_most=3),
    ]
    return found


def _order(program_id: int, codes: int, name: str):  # type: ignore[no-untyped-def]  # Django is not there at import
    from loyalty.models import PromoBatch  # noqa: PLC0415
    from loyalty.promo.terms import length_for  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415
    from merchants.models import Merchant  # noqa: PLC0415

    with tenant(program_id):
        return PromoBatch.objects.create(
            program_id=program_id,
            merchant=Merchant.objects.filter(program=program_id).earliest("pk"),
            name=name,
            kind="unique",
            gives="percent",
            percent=Decimal(10),
            size=codes,
            length=length_for(codes),
            created_at=dt.datetime.now(dt.UTC),
        )


def _make(batch) -> None:  # type: ignore[no-untyped-def]
    from loyalty.promo import making  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    with tenant(batch.program_id):
        making.make(batch)


def _insert(batch) -> None:  # type: ignore[no-untyped-def]
    from django.db import connection, transaction  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_AT_ONCE, [batch.program_id, batch.pk, batch.size])


def _check(batch, codes: int) -> None:  # type: ignore[no-untyped-def]
    from loyalty.models import PromoCode  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    with tenant(batch.program_id):
        if PromoCode.objects.filter(program_id=batch.program_id, batch=batch).count() != codes:
            raise SystemExit(f"not {codes} codes")
