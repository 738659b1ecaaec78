"""What came of a batch: how often it was used, what it cost, day by day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Count, Sum
from django.db.models.functions import TruncDate
from msgspec import Struct

from loyalty.models import PromoBatch, PromoCode, PromoCodeUse
from loyalty.promo.checking import live

DAYS: Final = 31
ZERO: Final = Decimal(0)


class Figures(Struct, frozen=True):
    used: int
    money: Decimal
    points: Decimal
    given: int
    left: int | None
    """Uses that are left; None without a limit."""


class Day(Struct, frozen=True):
    day: dt.date
    used: int
    money: Decimal
    points: Decimal
    percent: int
    """Of the busiest day."""


def figures_of(batch: PromoBatch, now: dt.datetime) -> Figures:
    sums = _uses(batch, now).aggregate(used=Count("pk"), money=Sum("money"), points=Sum("points"))
    given = PromoCode.objects.filter(program_id=batch.program_id, batch=batch, account__isnull=False).count()
    most = batch.total_limit
    if batch.kind == PromoBatch.Kind.UNIQUE:
        most = batch.size if most is None else min(most, batch.size)
    left = None if most is None else max(most - sums["used"], 0)
    return Figures(sums["used"], sums["money"] or ZERO, sums["points"] or ZERO, given, left)


def days_of(batch: PromoBatch, zone: ZoneInfo, now: dt.datetime) -> Sequence[Day]:
    """The newest first, those on which somebody used a code."""
    by_day = (
        _uses(batch, now)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=zone))
        .values("day")
        .annotate(used=Count("pk"), money=Sum("money"), points=Sum("points"))
        .order_by("-day")
    )
    rows: list[dict[str, Any]] = list(by_day[:DAYS])
    most = max((row["used"] for row in rows), default=1)
    return [
        Day(row["day"], row["used"], row["money"] or ZERO, row["points"] or ZERO, row["used"] * 100 // most)
        for row in rows
    ]


def used_by_batch(batches: Sequence[PromoBatch], program_id: int, now: dt.datetime) -> Mapping[int, int]:
    uses = live(PromoCodeUse.objects.filter(program_id=program_id, batch__in=[one.pk for one in batches]), now)
    return dict(uses.order_by().values_list("batch").annotate(Count("pk")))


def _uses(batch: PromoBatch, now: dt.datetime) -> Any:
    return live(PromoCodeUse.objects.filter(program_id=batch.program_id, batch=batch), now)
