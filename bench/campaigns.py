"""Campaigns over many clients: who is due beside one indexed SELECT; points for all of them beside a loop."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from bench.place import Database
from bench.report import Figure, Report, machine
from bench.shop import Shop, open_shop

BY_ORM = 1_000
# Birthdays evenly over the year; a last purchase on one of two hundred days.
_LIVE = """
    UPDATE loyalty_account SET birthday = date '1970-01-01' + (id * 7919 %% 14000)::int WHERE program_id = %(program)s
"""
_SALES = """
    INSERT INTO loyalty_sale (program_id, merchant_id, outlet_id, till_id, public_id, account_id, status,
           receipt_number, occurred_at, local_day, channel, cashier, identified_by, total, discount, points_redeemed,
           points_value, certificates_paid, to_pay, points_earned, earnings, explanation, flags, tier_before,
           tier_after, is_visit, body_digest, created_at)
    SELECT %(program)s, %(merchant)s, %(outlet)s, 1, gen_random_uuid(), a.id, 'committed', '', d.at,
           (d.at AT TIME ZONE 'Europe/Moscow')::date, '', '', 'card', 100, 0, 0, 0, 0, 100, 0, '[]', '[]', '[]', '',
           '', true, '\\x00', d.at
      FROM loyalty_account a
     CROSS JOIN LATERAL (SELECT now() - make_interval(days => (a.id * 104729 %% 200)::int) AS at) d
     WHERE a.program_id = %(program)s
"""
_COUNTERS = """
    UPDATE loyalty_account a SET last_purchase_at = s.occurred_at, first_purchase_at = s.occurred_at, purchases = 1
      FROM loyalty_sale s WHERE s.program_id = %(program)s AND a.program_id = s.program_id AND a.id = s.account_id
"""
# One look into an index for the same clients: what any way to find them must do.
_SELECT = {
    "birthday": "SELECT a.id, a.status FROM loyalty_account a WHERE a.program_id = %s AND a.birthday IS NOT NULL"
    " AND ((EXTRACT(MONTH FROM a.birthday) * 100) + EXTRACT(DAY FROM a.birthday)) = %s",
    "absent": "SELECT a.id, a.status FROM loyalty_sale s JOIN loyalty_account a ON a.id = s.account_id"
    " WHERE s.program_id = %s AND s.local_day = %s",
}


def run(database: Database, *, clients: int, rounds: int) -> Report:
    from bench.place import use  # noqa: PLC0415

    use(database)
    shop = open_shop(database, clients, opening_expires=None)
    _live(database, shop)
    found = Report("", "Campaigns", machine=machine(database))
    for name in ("birthday", "absent"):
        ratios = _due(shop, name, rounds)
        found.figures.append(
            Figure(f"who is due, {name} ÷ one indexed SELECT", statistics.median(ratios), "×", at_most=2)
        )
    rates = _grants(shop, clients, rounds)
    found.figures += [
        Figure("campaign actions", statistics.median(rates["campaign"]), "clients/s", at_least=35_000),
        Figure("grants alone", statistics.median(rates["grants"]), "clients/s", at_least=35_000),
        Figure(
            "campaign actions ÷ ORM loop",
            statistics.median(a / b for a, b in zip(rates["campaign"], rates["loop"], strict=True)),
            "×",
            at_least=75,
        ),
    ]
    return found


def _live(database: Database, shop: Shop) -> None:
    parameters = {"program": shop.program_id, "merchant": shop.merchant_id, "outlet": shop.outlet_id}
    with database.connect() as connection:
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            for statement in (_LIVE, _SALES, _COUNTERS):
                connection.execute(statement, parameters)
        connection.execute("VACUUM ANALYZE loyalty_account, loyalty_sale" if connection.autocommit else "ANALYZE")


def _campaign(shop: Shop, trigger: Any, name: str) -> Any:
    from campaigns.actions.points import GivePoints  # noqa: PLC0415
    from campaigns.plan import Plan, Step, Timing  # noqa: PLC0415
    from campaigns.running import changing  # noqa: PLC0415
    from merchants.models import Merchant  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    plan = Plan(
        trigger=trigger,
        steps=(Step(do=GivePoints(points=Decimal(7))),),
        timing=Timing(hour=dt.time(0), quiet_from=None, quiet_to=None),
    )
    merchant = Merchant.objects.get(pk=shop.merchant_id)
    made = changing.make(merchant=merchant, name=name, plan=plan, audience=None, now=now, by="bench")
    return changing.start(campaign=made, now=now, by="bench")


def _due(shop: Shop, name: str, rounds: int) -> list[float]:
    from django.db import connection  # noqa: PLC0415

    from campaigns.running.due import among_audience, sight_of  # noqa: PLC0415
    from campaigns.triggers.base import Window  # noqa: PLC0415
    from campaigns.triggers.calendar import Birthday  # noqa: PLC0415
    from campaigns.triggers.purchases import Absent  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    ratios = []
    with tenant(shop.program_id):
        trigger = Birthday() if name == "birthday" else Absent(days=60)
        campaign = _campaign(shop, trigger, f"due {name}")
        sight = sight_of(campaign, dt.datetime.now(dt.UTC))
        today = sight.look.today
        window = Window(sight.look.start(0) - dt.timedelta(seconds=1), sight.now, sight.now, dt.time(0))
        rows = among_audience(sight, trigger.due(sight.look, window))
        value: Any = today.month * 100 + today.day if name == "birthday" else today - dt.timedelta(days=60)

        def asked(sql: str, params: Any) -> tuple[float, int]:
            with connection.cursor() as cursor:
                began = time.monotonic()
                # Counted by the server: what a scan does with them it does there.
                cursor.execute(f"SELECT count(*) FROM ({sql}) found", params)
                number = cursor.fetchone()[0]
                return time.monotonic() - began, number

        for _round in range(rounds + 1):
            plain, expected = asked(_SELECT[name], [shop.program_id, value])
            mine, number = asked(rows.sql, rows.params)
            if number != expected:
                raise SystemExit(f"{name}: {number} are due, not {expected}")
            ratios.append(mine / plain)
            print(f"due, {name}: {number:,} in {mine * 1000:.1f} ms, select {plain * 1000:.1f} ms", flush=True)
    return ratios[1:]


def _grants(shop: Shop, clients: int, rounds: int) -> dict[str, list[float]]:
    from campaigns.running import changing, working  # noqa: PLC0415
    from campaigns.triggers.calendar import ByHand  # noqa: PLC0415
    from merchants.access import tenant  # noqa: PLC0415

    found: dict[str, list[float]] = {"campaign": [], "grants": [], "loop": []}
    many = min(clients, 200_000)
    with tenant(shop.program_id):
        for n in range(rounds):
            campaign = _campaign(shop, ByHand(), f"by hand {n}")
            began = time.monotonic()
            wrote = changing.fire(campaign=campaign, key=f"{n}", now=dt.datetime.now(dt.UTC), by="bench")
            print(f"turns written down: {wrote / (time.monotonic() - began):,.0f} a second", flush=True)
            _forget_day()
            began, done = time.monotonic(), 0
            while done < many and (number := working.work(campaign.pk, now=dt.datetime.now(dt.UTC))):
                done += number
            found["campaign"].append(done / (time.monotonic() - began))
            changing.archive(campaign=campaign, now=dt.datetime.now(dt.UTC), by="bench")
            found["grants"].append(_timed(lambda n=n: _grant_all(shop, many, n), many))  # type: ignore[misc]
            found["loop"].append(_timed(lambda: _loop(shop), BY_ORM))
            print({name: f"{rates[-1]:,.0f}/s" for name, rates in found.items()}, flush=True)
    return found


def _forget_day() -> None:
    """Yesterday, the campaign before: or a client would get two on one day."""
    from campaigns.models import CampaignTurn  # noqa: PLC0415

    CampaignTurn.objects.filter(at__isnull=False).update(at=dt.datetime.now(dt.UTC) - dt.timedelta(days=2))


def _timed(work: Callable[[], None], number: int) -> float:
    began = time.monotonic()
    work()
    return number / (time.monotonic() - began)


def _grant_all(shop: Shop, many: int, n: int) -> None:
    from loyalty import granting  # noqa: PLC0415

    terms = granting.Terms(
        program_id=shop.program_id,
        merchant_id=shop.merchant_id,
        rule="campaign:0",
        reason="bench",
        actor="bench",
        expires_at=None,
    )
    for first in range(1, many + 1, 1000):
        keys = range(first, min(first + 1000, many + 1))
        grants = [granting.Grant(key, Decimal(7), f"campaign:0:{n}:{key}") for key in keys]
        granting.grant(terms=terms, grants=grants, now=dt.datetime.now(dt.UTC))


def _loop(shop: Shop) -> None:
    """Client by client, each in a transaction with his account locked: correct, and plain."""
    from django.db import transaction  # noqa: PLC0415

    from loyalty.models import Account, Entry, Lot  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    for key in range(1, BY_ORM + 1):
        with transaction.atomic():
            account = Account.objects.select_for_update(of=("self",)).get(program_id=shop.program_id, pk=key)
            lot = Lot.objects.create(
                program_id=shop.program_id,
                account=account,
                merchant_id=shop.merchant_id,
                rule="loop",
                amount=Decimal(7),
                rest=Decimal(7),
                available_at=now,
                created_at=now,
            )
            Entry.objects.create(
                program_id=shop.program_id,
                account=account,
                kind=Entry.Kind.EARN,
                points=Decimal(7),
                balance_after=account.points - account.debt + 7,
                lots=[lot.pk],
                parts=[Decimal(7)],
                at=now,
                created_at=now,
                actor="loop",
            )
            account.points += 7
            account.save(update_fields=["points"])
