"""Whether the interval of a campaign's result holds what it promises: a shop is simulated whose true effect is known.

Each run is a campaign of its own over the same clients: its control group by its own hash, purchases drawn anew.
Clients differ (their visits are Poisson about a gamma), receipts are lognormal, and each receipt of a treated client is
larger by the effect. Turns and receipts are rows, and the product's own code measures them. An interval of 95 % has to
hold the truth in 92 to 98 % of the runs; of 200 runs, chance alone leads out of that in about one case of twenty.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import uuid
from decimal import Decimal
from typing import Any, Final

from bench.place import Database, use
from bench.report import Figure, Report, machine
from bench.shop import open_shop

CLIENTS: Final = 2_000
HELD_OUT: Final = Decimal(20)
DAYS: Final = 30
VISITS, SHAPE = 1.2, 1.5
RECEIPT, SPREAD = 480.0, 0.6
SEED: Final = 20261122


def run(database: Database, *, runs: int) -> Report:
    use(database)
    from merchants.access import tenant  # noqa: PLC0415

    shop = open_shop(database, CLIENTS, opening_expires=None)
    database.settle()
    found = Report("", f"Uplift of a simulated shop, {runs} runs", machine=machine(database))
    with tenant(shop.program_id):
        for effect in (0.08, 0.0):
            seen = []
            for number in range(runs):
                seen.append(_covers(shop, effect, number))
                if number % 10 == 0:
                    _sweep_up()
            held = 100 * sum(covers for covers, _certain in seen) / runs
            name = f"intervals that hold the truth, true effect of +{effect:.0%}, %"
            found.figures += [
                Figure(name, held, at_least=92),
                Figure(f"{name}, at the most", held, at_most=98),
                Figure(f"called certain, true effect of +{effect:.0%}, %", 100 * sum(c for _t, c in seen) / runs),
            ]
    found.notes = [
        f"{CLIENTS:,} clients, {HELD_OUT} % of them held out, {DAYS} days, {VISITS} visits each in the mean.",
        "Each run is measured from its turns and receipts in the database, and rolled back.",
    ]
    return found


def _covers(shop: Any, effect: float, number: int) -> tuple[bool, bool]:
    """Whether the interval of one run holds the truth, and whether the run is called certain."""
    from django.db import transaction  # noqa: PLC0415

    from campaigns.models import Campaign  # noqa: PLC0415
    from insights import campaign_results  # noqa: PLC0415

    rng = random.Random(f"{SEED}:{effect}:{number}")
    at = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    with transaction.atomic():
        campaign = Campaign.objects.create(
            program_id=shop.program_id, merchant_id=shop.merchant_id, name=f"№ {number}", state="running", started_at=at
        )
        _live(shop, campaign.pk, effect, rng, at)
        measured = campaign_results.measure(campaign=campaign, now=at + dt.timedelta(days=DAYS + 1))
        transaction.set_rollback(True)
    found = measured.window(DAYS).uplift
    if found is None:
        raise RuntimeError("the groups are too small")
    truth = Decimal(effect * VISITS * RECEIPT)
    return found.low <= truth <= found.high, found.is_certain


def _sweep_up() -> None:
    """What was rolled back lies about until then, and is looked through by each run anew."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE loyalty_sale, campaigns_campaignturn")


def _live(shop: Any, campaign: int, effect: float, rng: random.Random, at: dt.datetime) -> None:
    from campaigns import holdout  # noqa: PLC0415
    from campaigns.models import CampaignTurn  # noqa: PLC0415
    from loyalty import bulk  # noqa: PLC0415
    from loyalty.models import Sale  # noqa: PLC0415

    salt = holdout.salt_of_campaign(campaign)
    turns, sales = [], []
    # The mean of a lognormal is above its median.
    middle = math.log(RECEIPT) - SPREAD**2 / 2
    for account in range(1, CLIENTS + 1):
        out = holdout.is_held_out(salt, account, HELD_OUT)
        state, moment = "held_out" if out else "done", at.isoformat()
        turns.append(f"{shop.program_id}\t{campaign}\t{account}\tonce\t{state}\t{moment}\t{moment}")
        for _n in range(_poisson(rng, rng.gammavariate(SHAPE, VISITS / SHAPE))):
            money = f"{rng.lognormvariate(middle, SPREAD) * (1 if out else 1 + effect):.2f}"
            bought = at + dt.timedelta(seconds=rng.randrange(DAYS * 86_400))
            sales.append(_receipt(shop, account, money, bought))
    with bulk.loading():
        bulk.copy(
            CampaignTurn, ["program_id", "campaign_id", "account_id", "occasion", "state", "at", "created_at"], turns
        )
        bulk.copy(Sale, COLUMNS, sales)


COLUMNS: Final = [
    *("program_id", "merchant_id", "outlet_id", "till_id", "public_id", "account_id", "status", "receipt_number"),
    *("occurred_at", "local_day", "channel", "cashier", "identified_by", "total", "discount", "points_redeemed"),
    *("points_value", "certificates_paid", "to_pay", "points_earned", "earnings", "explanation", "flags"),
    *("tier_before", "tier_after", "is_visit", "body_digest", "created_at"),
]


def _receipt(shop: Any, account: int, money: str, at: dt.datetime) -> str:
    moment, day = at.isoformat(), at.date().isoformat()
    return "\t".join(
        (
            *(str(shop.program_id), str(shop.merchant_id), str(shop.outlet_id), "1", str(uuid.uuid4()), str(account)),
            *("committed", "", moment, day, "", "", "card", money, "0", "0", "0", "0", money, "0", "[]", "[]", "[]"),
            *("", "", "t", "\\\\x00", moment),
        )
    )


def _poisson(rng: random.Random, mean: float) -> int:
    """Knuth's: multiply until it is too small. `mean` is a handful."""
    number, product, least = 0, rng.random(), math.exp(-mean)
    while product > least:
        number, product = number + 1, product * rng.random()
    return number
