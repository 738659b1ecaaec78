"""Expiry in bulk, and the loop that one would write with the ORM."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Mapping
from decimal import Decimal

from bench.place import Database
from bench.report import Figure
from bench.shop import Shop

_DUE = """
WITH lot AS (
    INSERT INTO loyalty_lot (program_id, account_id, merchant_id, rule, amount, rest, available_at, expires_at,
                             created_at)
    SELECT %(program)s, a.id, %(merchant)s, 'due', 7, 7, now() - interval '9 days', now() - interval '1 minute',
           now() - interval '9 days'
      FROM loyalty_account a WHERE a.program_id = %(program)s ORDER BY a.id LIMIT %(lots)s
    RETURNING id, account_id
), entry AS (
    INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, at, created_at,
                               actor, reason)
    SELECT %(program)s, a.id, 'adjust', 7, a.points - a.debt + 7, ARRAY[l.id], ARRAY[7::numeric], 'due',
           now() - interval '9 days', now() - interval '9 days', 'bench', ''
      FROM lot l JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account_id
)
UPDATE loyalty_account a SET points = a.points + 7 FROM lot
 WHERE a.program_id = %(program)s AND a.id = lot.account_id
"""

Rates = Mapping[str, list[float]]


def measure_both(database: Database, shop: Shop, *, lots: int, by_orm: int, rounds: int = 3) -> Rates:
    """Lots a second of the product's sweep and of the loop, by turns. Each round makes its lots first."""
    found: dict[str, list[float]] = {"sweep": [], "loop": []}
    for _ in range(rounds):
        for name, count, work in (("sweep", lots, _sweep), ("loop", by_orm, _loop)):
            _make_due(database, shop, count)
            began = time.monotonic()
            done = work(shop)
            seconds = time.monotonic() - began
            if done != min(count, shop.accounts):
                raise SystemExit(f"{name} expired {done} lots, not {count}")
            found[name].append(done / seconds)
            print(f"expiry, {name}: {found[name][-1]:,.0f} lots/s", flush=True)
    return found


def figures(rates: Rates) -> list[Figure]:
    ratios = [a / b for a, b in zip(rates["sweep"], rates["loop"], strict=True)]
    return [
        Figure("expiry sweep", statistics.median(rates["sweep"]), "lots/s", at_least=35_000),
        Figure("expiry sweep ÷ ORM loop", statistics.median(ratios), at_least=75),
    ]


def _make_due(database: Database, shop: Shop, lots: int) -> None:
    with database.connect() as connection:
        with connection.transaction():
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
            connection.execute(_DUE, {"program": shop.program_id, "merchant": shop.merchant_id, "lots": lots})
        connection.execute("ANALYZE loyalty_lot, loyalty_account, loyalty_entry")


def _sweep(shop: Shop) -> int:
    from loyalty import ledger  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    now, total = dt.datetime.now(dt.UTC), 0
    with tenant(shop.program_id):
        while done := ledger.expire_due(program_id=shop.program_id, now=now):
            total += done
    return total


def _loop(shop: Shop) -> int:
    """Lot by lot, each in a transaction with its account locked: correct, and plain."""
    from django.db import transaction  # noqa: PLC0415

    from loyalty.models import Account, Entry, Lot  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    now, total = dt.datetime.now(dt.UTC), 0
    with tenant(shop.program_id):
        due = Lot.objects.filter(program_id=shop.program_id, rest__gt=0, expires_at__lte=now)
        for lot_id, account_id in due.values_list("id", "account_id").iterator():
            with transaction.atomic():
                account = Account.objects.select_for_update(of=("self",)).get(pk=account_id)
                lot = Lot.objects.get(pk=lot_id)
                gone: Decimal = lot.rest
                Entry.objects.create(
                    program_id=shop.program_id,
                    account=account,
                    kind=Entry.Kind.EXPIRE,
                    points=-gone,
                    balance_after=account.points - account.debt - gone,
                    lots=[lot.pk],
                    parts=[-gone],
                    at=lot.expires_at,
                    created_at=now,
                    actor="loop",
                )
                lot.rest = Decimal(0)
                lot.save(update_fields=["rest"])
                account.points -= gone
                account.save(update_fields=["points"])
            total += 1
    return total
