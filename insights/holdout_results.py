"""What all campaigns of a merchant bring together: clients who are held out of all of them against all others, whether
or not a campaign has reached these, since the share of the held out was set. Measured by a worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import Count, Sum

from campaigns import holdout
from campaigns.models import CampaignSettings, CampaignTurn, Message
from insights.campaign_results import WINDOWS, ZERO, Found, Window, codes_cost, points_cost
from insights.models import HoldoutResult
from insights.sql import statement
from insights.uplift import Group
from merchants.access import every_tenant, tenant
from merchants.models import Merchant

# A million clients take a while, and the figures of a shop move slowly.
FRESH: Final = dt.timedelta(hours=6)
WHOLE: Final = 0


def of(settings: CampaignSettings) -> tuple[Found, dt.datetime] | None:
    """The newest result for the present group, and its moment."""
    row = HoldoutResult.objects.filter(program_id=settings.program_id, merchant=settings.merchant_id).first()
    if row is None or row.since != settings.holdout_since:
        return None
    return msgspec.convert(row.found, Found, strict=False), row.measured_at


def settings_of(merchant: Merchant) -> CampaignSettings | None:
    """None where nobody is held out of all campaigns."""
    rows = CampaignSettings.objects.filter(program_id=merchant.program_id, merchant=merchant)
    return rows.filter(holdout__gt=0, holdout_since__isnull=False).first()


def measure_due(*, clock: Callable[[], dt.datetime], going_on: Callable[[], bool] = lambda: True) -> int:
    """Measure the merchants whose results are old; how many were."""
    with every_tenant():
        results = HoldoutResult.objects.values_list("merchant", "since", "measured_at")
        last: dict[Any, dt.datetime] = {(merchant, since): at for merchant, since, at in results}
        rows = CampaignSettings.objects.filter(holdout__gt=0, holdout_since__isnull=False).order_by("pk")
        due = [
            one
            for one in rows
            if (one.merchant_id, one.holdout_since) not in last
            or last[one.merchant_id, one.holdout_since] <= clock() - FRESH
        ]
    number = 0
    for one in due:
        if not going_on():
            break
        with tenant(one.program_id):
            measure(settings=one, now=clock())
        number += 1
    return number


def measure(*, settings: CampaignSettings, now: dt.datetime) -> Found:
    """Measure, and keep the result in the place of the last one."""
    found = _found(settings, now)
    since: Any = settings.holdout_since
    HoldoutResult.objects.update_or_create(
        program_id=settings.program_id,
        merchant_id=settings.merchant_id,
        defaults={
            "since": since,
            "measured_at": now,
            "found": msgspec.json.decode(msgspec.json.encode(found)),
        },
    )
    return found


def _found(settings: CampaignSettings, now: dt.datetime) -> Found:
    since: Any = settings.holdout_since
    windows = _windows(settings, now)
    whole = windows[-1]
    turns = CampaignTurn.objects.filter(
        program_id=settings.program_id, campaign__merchant=settings.merchant_id, at__gte=since, state="done"
    )
    sums = turns.aggregate(points=Sum("points", default=ZERO), certificates=Sum("money", default=ZERO))
    sent = Message.objects.filter(
        program_id=settings.program_id,
        merchant=settings.merchant_id,
        source__startswith="campaign:",
        state__in=[Message.State.SENT, Message.State.DELIVERED],
        sent_at__gte=since,
    ).aggregate(messages=Count("pk"), messages_cost=Sum("cost", default=ZERO))
    cost, redeemed = points_cost(sums["points"], settings.program_id, settings.merchant_id, now)
    return Found(
        treated=whole.treated.clients,
        held_out=whole.control.clients,
        skipped=0,
        **sums,
        **sent,
        points_cost=cost,
        redeemed=redeemed,
        windows=windows,
        codes_cost=codes_cost(settings.program_id, settings.merchant_id, now, since=since),
    )


def _windows(settings: CampaignSettings, now: dt.datetime) -> tuple[Window, ...]:
    """The last one is the whole time."""
    asked: dict[str, Any] = {
        "program": settings.program_id,
        "merchant": settings.merchant_id,
        "salt": holdout.salt_of_program(settings.program_id),
        "share": int(settings.holdout * 100),
        "since": settings.holdout_since,
        "now": now,
        "windows": [*WINDOWS, WHOLE],
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("holdout"), asked)
        groups = {(days, held_out): Group(*rest) for days, held_out, *rest in cursor.fetchall()}
    return tuple(
        Window(days, groups.get((days, False), Group()), groups.get((days, True), Group()))
        for days in (*WINDOWS, WHOLE)
    )
