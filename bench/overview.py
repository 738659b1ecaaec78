"""The dashboard's first page over a year of sales: time in the database, and what the roll-ups cost."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable

from bench.measure import statements
from bench.place import Database, use
from bench.report import Figure, Report, machine
from bench.shop import HERE, OPENING, TILLS, Shop, open_shop

DAYS = 365
ROUNDS = 15
GOAL_MS = 100


def run(database: Database, *, accounts: int, sales: int) -> Report:
    use(database)
    shop = open_shop(database, accounts, opening_expires=None)
    load_year(database, shop, sales)
    database.settle()
    report = Report("", "The overview", machine=machine(database))
    report.figures = [*_rolled_up(shop, sales), *_read(shop)]
    report.notes.append(f"{sales:,} sales of {accounts:,} clients in {DAYS} days, {TILLS} tills; medians of {ROUNDS}.")
    return report


def load_year(database: Database, shop: Shop, sales: int) -> None:
    statement = (HERE / "sql" / "days.sql").read_text(encoding="utf-8")
    began = time.monotonic()
    for ago in range(DAYS, 0, -1):
        with database.connect() as connection, connection.transaction():
            # Balances stay as they are; the triggers would look at each of them.
            connection.execute("SET LOCAL session_replication_role = replica")
            parameters = {
                "program": shop.program_id,
                "merchant": shop.merchant_id,
                "outlet": shop.outlet_id,
                "tills": TILLS,
                "accounts": shop.accounts,
                "ago": ago,
                "sales": max(sales // DAYS, 1),
                "points": OPENING,
            }
            connection.execute(statement, parameters)
    print(f"{sales:,} sales in {time.monotonic() - began:.0f} s", flush=True)


def _rolled_up(shop: Shop, sales: int) -> list[Figure]:
    from insights import rollups, snapshots  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415
    from merchants.models import Program  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    began = time.monotonic()
    days = rollups.roll_up(now=now)
    whole = time.monotonic() - began
    program = Program.objects.get(pk=shop.program_id)
    with tenant(shop.program_id):
        yesterday = rollups.calendar_of(program).day_of(now) - dt.timedelta(days=1)
        day = _median(lambda: rollups._replace(program, yesterday))
        idle = _median(lambda: rollups.roll_up(now=dt.datetime.now(dt.UTC)))
        standing = _median(lambda: snapshots.refresh(program=program, now=now), rounds=3)
    return [
        Figure(f"roll-up of the whole history, {days} days", whole, "s"),
        Figure(f"roll-up of a day of {sales // DAYS:,} sales", day, "ms"),
        Figure("roll-up with nothing new", idle, "ms"),
        Figure("snapshot", standing, "ms"),
    ]


def _read(shop: Shop) -> list[Figure]:
    from insights import board  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415
    from merchants.doors import Workplace  # noqa: PLC0415
    from merchants.models import Member, Merchant, Role, User  # noqa: PLC0415

    user = User.objects.create(email="owner@example.org", name="Owner", password="!")
    figures = [Figure("a query for nothing", _median(_ask_nothing), "ms")]
    with tenant(shop.program_id):
        merchant = Merchant.objects.select_related("program").get(pk=shop.merchant_id)
        member = Member(program=merchant.program, merchant=merchant, user=user, role=Role.OWNER)
        place = Workplace(user, member, merchant, merchant.program, None)
        for asked in (30, 90):
            taken = []
            for _ in range(ROUNDS):
                with statements() as spent:
                    board.read(place, asked=asked, now=dt.datetime.now(dt.UTC))
                taken.append(spent)
            total = statistics.median(sum(spent) * 1000 for spent in taken)
            name = f"overview of {asked} days, {len(taken[0])} queries, in the database"
            figures.append(Figure(name, total, "ms", at_most=GOAL_MS))
    return figures


def _ask_nothing() -> None:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _median(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    taken = []
    for _ in range(rounds):
        began = time.monotonic()
        work()
        taken.append((time.monotonic() - began) * 1000)
    return statistics.median(taken)
