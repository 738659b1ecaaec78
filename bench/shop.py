"""The programme that is measured: one merchant, one outlet, eight tills, and as many clients as asked for."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from bench.place import Database

HERE = Path(__file__).resolve().parent
RULES = HERE / "program.json"
TILLS = 8
FIRST, CHUNK = 1_000, 50_000
UNCHECKED = 1_000_000
"""More past sales than this are loaded without triggers and foreign keys, where the role may do so."""
OPENING = Decimal(1_000_000)
"""Enough that no client runs out of points."""


@dataclasses.dataclass(frozen=True)
class Shop:
    """What a till has to know. Tills and their keys have the ids 1 to TILLS, accounts 1 to `accounts`."""

    program_id: int
    merchant_id: int
    outlet_id: int
    keys: tuple[str, ...]
    accounts: int

    @classmethod
    def read(cls, file: Path) -> Shop:
        fields = json.loads(file.read_text(encoding="ascii"))
        return cls(**{**fields, "keys": tuple(fields["keys"])})

    def write(self, file: Path) -> None:
        file.write_text(json.dumps(dataclasses.asdict(self)), encoding="ascii")

    def phone(self, account: int) -> str:
        return f"+79{account:09}"

    def card(self, account: int) -> str:
        return f"77{account:010}"


def open_shop(database: Database, accounts: int, *, opening_expires: dt.timedelta | None) -> Shop:
    """Make the programme and load its clients. Django must be set up on the database, which must be empty."""
    from loyalty import programs  # noqa: PLC0415
    from merchants.access import every_tenant  # noqa: PLC0415
    from merchants.keys import digest_of, new_key  # noqa: PLC0415
    from merchants.models import Merchant, Outlet, Program, Scope, Till, TillKey  # noqa: PLC0415

    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=400)
    with every_tenant():
        program = Program.objects.create(name="Зерно")
        merchant = Merchant.objects.create(program=program, name="Зерно")
        outlet = Outlet.objects.create(program=program, merchant=merchant, name="Лесная 5", code="lesnaya")
        keys = []
        for number in range(1, TILLS + 1):
            till = Till.objects.create(program=program, merchant=merchant, outlet=outlet, name=f"Касса {number}")
            key = new_key(program.pk)
            row = TillKey.objects.create(
                program=program, till=till, digest=digest_of(key), hint=key[-4:], scopes=[str(s) for s in Scope]
            )
            if (till.pk, row.pk) != (number, number):
                raise RuntimeError("the database was not empty")
            keys.append(key)
        rules = json.loads(RULES.read_text(encoding="utf-8"))
        programs.publish(program=program, document=rules, now=long_ago, by="bench")
    shop = Shop(program.pk, merchant.pk, outlet.pk, tuple(keys), accounts)
    load_accounts(database, shop, opening_expires)
    return shop


def load_accounts(database: Database, shop: Shop, opening_expires: dt.timedelta | None) -> None:
    """In chunks, each a transaction whose books the product's own trigger checks."""
    statement = (HERE / "sql" / "accounts.sql").read_text(encoding="utf-8")
    began, left = time.monotonic(), shop.accounts
    parameters: dict[str, Any] = {
        "program": shop.program_id,
        "merchant": shop.merchant_id,
        "points": OPENING,
        "expires": None if opening_expires is None else dt.datetime.now(dt.UTC) + opening_expires,
    }
    while left:
        # A first few, then statistics, then the others in a new session: the trigger's statements are planned once.
        parameters["count"] = min(left, CHUNK if left < shop.accounts else FIRST)
        with database.connect() as connection:
            with connection.transaction():
                # Checked at the end of the statement: a long queue of checks at COMMIT costs its square.
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                connection.execute(statement, parameters)
            if left == shop.accounts:
                connection.execute("ANALYZE")
        left -= parameters["count"]
    print(f"{shop.accounts:,} accounts in {time.monotonic() - began:.0f} s", flush=True)


def load_people(database: Database, shop: Shop) -> None:
    """A client with a name for each account."""
    statement = (HERE / "sql" / "people.sql").read_text(encoding="utf-8")
    began = time.monotonic()
    for first in range(1, shop.accounts + 1, CHUNK):
        last = min(first + CHUNK - 1, shop.accounts)
        with database.connect() as connection:
            connection.execute(statement, {"program": shop.program_id, "first": first, "last": last})
    print(f"{shop.accounts:,} names in {time.monotonic() - began:.0f} s", flush=True)


def load_history(database: Database, shop: Shop, *, sales: int) -> None:
    """Past sales, spread evenly over the clients: one of each client a day, backwards from 40 days ago."""
    statement = (HERE / "sql" / "history.sql").read_text(encoding="utf-8")
    began, left, days = time.monotonic(), sales, 40
    while left:
        first = 1
        while left and first <= shop.accounts:
            last = min(first + min(left, CHUNK) - 1, shop.accounts)
            with database.connect() as connection, connection.transaction():
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
                if sales > UNCHECKED and _is_superuser(connection):
                    # Hours otherwise; the same statement has passed all checks with fewer rows.
                    connection.execute("SET LOCAL session_replication_role = replica")
                connection.execute(
                    statement,
                    {
                        "program": shop.program_id,
                        "merchant": shop.merchant_id,
                        "outlet": shop.outlet_id,
                        "tills": TILLS,
                        "days": days,
                        "first": first,
                        "last": last,
                    },
                )
            left -= last - first + 1
            first = last + 1
        days += 3
    print(f"{sales:,} past sales in {time.monotonic() - began:.0f} s", flush=True)


def _is_superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])
