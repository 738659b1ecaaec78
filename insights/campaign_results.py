"""What campaigns have brought: measured by a worker, since a million turns take a while, and read by their pages.

Those whom a campaign has treated are compared with those whom it held out, from each one's first turn on
(`insights.uplift`). What it cost is what it gave: points at their value by the share of them that this shop's clients
redeem, certificates at what they are for, messages at their price.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import Count, F, Q, Sum
from msgspec import Struct

from campaigns.models import Campaign, CampaignBatch, CampaignTurn, Message
from insights.models import CampaignResult, PointsDay
from insights.sql import statement
from insights.uplift import Group, Uplift, uplift
from loyalty.models import Entry, ProgramVersion, PromoCodeUse
from loyalty.programs import rulebook_of
from loyalty.promo.checking import live
from merchants.access import every_tenant, tenant

ZERO: Final = Decimal(0)
WINDOWS: Final = (7, 30, 90)
# A finished campaign is looked at until its longest window is over.
FOLLOWED: Final = dt.timedelta(days=91)
FRESH: Final = {True: dt.timedelta(hours=1), False: dt.timedelta(hours=12)}
# Of so few points nobody can say which share of them is redeemed.
ENOUGH_POINTS: Final = Decimal(1_000)
AT_WORK: Final = (Campaign.State.RUNNING, Campaign.State.PAUSED)


class Window(Struct, frozen=True):
    """Within so many `days` of each client's first turn."""

    days: int
    treated: Group
    control: Group

    @property
    def uplift(self) -> Uplift | None:
        return uplift(self.treated, self.control)


class Found(Struct, frozen=True):
    """`treated` and `held_out` are clients, `skipped` turns. `redeemed` is the share of points that are redeemed in
    this shop, None where that is not known yet; `points_cost` reckons with it, or with all of them."""

    treated: int
    held_out: int
    skipped: int
    points: Decimal
    points_cost: Decimal
    redeemed: Decimal | None
    certificates: Decimal
    messages: int
    messages_cost: Decimal
    windows: tuple[Window, ...]
    codes_cost: Decimal = ZERO

    @property
    def cost(self) -> Decimal:
        return self.points_cost + self.certificates + self.codes_cost + self.messages_cost

    def window(self, days: int) -> Window:
        return next(one for one in self.windows if one.days == days)

    def gain(self, days: int, margin: Decimal) -> Decimal | None:
        """What it has earned: the uplift by the margin (percent), less what it cost. None without a comparison."""
        found = self.window(days).uplift
        return None if found is None else found.incremental * margin / 100 - self.cost

    def returned(self, days: int, margin: Decimal) -> Decimal | None:
        """The gain in percent of the cost."""
        gain = self.gain(days, margin)
        return None if gain is None or not self.cost else gain * 100 / self.cost


def of(campaign: Campaign) -> tuple[Found, dt.datetime] | None:
    """The newest result and its moment; None where nothing was measured yet."""
    row = CampaignResult.objects.filter(program_id=campaign.program_id, campaign=campaign).first()
    return None if row is None else (msgspec.convert(row.found, Found, strict=False), row.measured_at)


def measure_due(*, clock: Callable[[], dt.datetime], going_on: Callable[[], bool] = lambda: True) -> int:
    """Measure the campaigns whose results are old; how many were."""
    number = 0
    for program_id, campaign_id in _due(clock()):
        if not going_on():
            break
        with tenant(program_id):
            campaign = Campaign.objects.select_related("merchant").get(program_id=program_id, pk=campaign_id)
            measure(campaign=campaign, now=clock())
        number += 1
    return number


def measure(*, campaign: Campaign, now: dt.datetime) -> Found:
    """Measure a campaign and keep the result in the place of the last one."""
    found = _found(campaign, now)
    CampaignResult.objects.update_or_create(
        program_id=campaign.program_id,
        campaign=campaign,
        defaults={"measured_at": now, "found": msgspec.json.decode(msgspec.json.encode(found))},
    )
    return found


def _due(now: dt.datetime) -> list[tuple[int, int]]:
    """Programme and campaign: those that run and are an hour old, or have ended lately and are half a day old."""
    with every_tenant():
        last = dict(CampaignResult.objects.values_list("campaign", "measured_at"))
        rows = Campaign.objects.filter(
            Q(state__in=AT_WORK) | Q(finished_at__gt=now - FOLLOWED), started_at__isnull=False
        ).values_list("program", "pk", "state")
        return [
            (program, pk)
            for program, pk, state in rows.order_by("pk")
            if pk not in last or last[pk] <= now - FRESH[state in AT_WORK]
        ]


def _found(campaign: Campaign, now: dt.datetime) -> Found:
    state = CampaignTurn.State
    turns = CampaignTurn.objects.filter(program_id=campaign.program_id, campaign=campaign)
    sums = turns.aggregate(
        treated=Count("account", distinct=True, filter=Q(state=state.DONE)),
        held_out=Count("account", distinct=True, filter=Q(state=state.HELD_OUT)),
        skipped=Count("pk", filter=Q(state=state.SKIPPED)),
        points=Sum("points", default=ZERO),
        certificates=Sum("money", default=ZERO),
    )
    sent = Message.objects.filter(
        program_id=campaign.program_id,
        source=f"campaign:{campaign.pk}",
        state__in=[Message.State.SENT, Message.State.DELIVERED],
    ).aggregate(messages=Count("pk"), messages_cost=Sum("cost", default=ZERO))
    cost, redeemed = points_cost(sums["points"], campaign.program_id, campaign.merchant_id, now)
    return Found(
        **sums,
        **sent,
        points_cost=cost,
        redeemed=redeemed,
        windows=_windows(campaign, now),
        codes_cost=codes_cost(campaign.program_id, campaign.merchant_id, now, campaign=campaign.pk),
    )


def codes_cost(
    program_id: int,
    merchant_id: int,
    now: dt.datetime,
    *,
    campaign: int | None = None,
    since: dt.datetime | None = None,
) -> Decimal:
    """Discounts that clients took with promo codes of a campaign, or of all: of those that are a percent or a product.
    Of a sum, and of points, they count as certificates do, when they are given."""
    batches = CampaignBatch.objects.filter(program_id=program_id, campaign__merchant=merchant_id)
    if campaign is not None:
        batches = batches.filter(campaign=campaign)
    uses = PromoCodeUse.objects.filter(
        program_id=program_id, batch__in=batches.values("batch"), batch__gives__in=["percent", "product"]
    )
    if since is not None:
        uses = uses.filter(code__given_at__gte=since)
    return Decimal(live(uses, now).aggregate(money=Sum("money", default=ZERO))["money"])


def _windows(campaign: Campaign, now: dt.datetime) -> tuple[Window, ...]:
    asked: dict[str, Any] = {
        "program": campaign.program_id,
        "merchant": campaign.merchant_id,
        "campaign": campaign.pk,
        "now": now,
        "windows": list(WINDOWS),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("uplift"), asked)
        groups = {(days, held_out): Group(*rest) for days, held_out, *rest in cursor.fetchall()}
    return tuple(
        Window(days, groups.get((days, False), Group()), groups.get((days, True), Group())) for days in WINDOWS
    )


def points_cost(points: Decimal, program_id: int, merchant_id: int, now: dt.datetime) -> tuple[Decimal, Decimal | None]:
    """What so many points cost a merchant, and the share of them that are redeemed, where it is known."""
    redeemed = _redeemed(program_id, merchant_id, now)
    number = ProgramVersion.objects.in_force(program_id, now)
    worth = points * (rulebook_of(program_id, number).points.value if number else Decimal(1))
    return (worth if redeemed is None else (worth * redeemed).quantize(Decimal("0.01"))), redeemed


def _redeemed(program_id: int, merchant_id: int, now: dt.datetime) -> Decimal | None:
    """Of the points that went within a year, the share that was redeemed; the others expired."""
    gone = PointsDay.objects.filter(
        program_id=program_id,
        merchant_id=merchant_id,
        local_day__gt=now.date() - dt.timedelta(days=365),
    ).aggregate(
        redeemed=Sum(
            F("taken") - F("given"), filter=Q(kind__in=[Entry.Kind.REDEEM, Entry.Kind.REINSTATE]), default=ZERO
        ),
        expired=Sum("taken", filter=Q(kind=Entry.Kind.EXPIRE), default=ZERO),
    )
    whole = gone["redeemed"] + gone["expired"]
    return None if whole < ENOUGH_POINTS else gone["redeemed"] / whole
