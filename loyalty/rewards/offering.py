"""Which gifts a client may take now, and why not the others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from django.db.models import Count, Q
from msgspec import Struct

from loyalty import ledger
from loyalty.engine.calendar import Calendar
from loyalty.engine.quantities import ZERO
from loyalty.models import Account, Exchange, Reward
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.rewards import pictures
from loyalty.standing import NO_RULES, standing_of

# In the order in which they are told: the first that holds.
Reason = Literal["", "off", "not_yet", "over", "out_of_stock", "tier", "per_client", "per_month", "points", "note"]


class Standing(Struct, frozen=True):
    """As much of a client as decides: his tier (its id) and what he may spend."""

    tier: str
    available: Decimal


class Offer(Struct, frozen=True):
    """A gift as a client is shown it. `reason` is empty where he may take it; `missing` are points that he is short
    of. `picture` is its digest, empty where there is none."""

    reward: Reward
    reason: Reason
    missing: Decimal
    picture: str


def offers(
    *, program_id: int, now: dt.datetime, account: Account | None = None, merchant_id: int | None = None
) -> list[Offer]:
    """The catalogue as it is shown: what is switched on and in its dates, in the owner's order; for a client with
    what keeps him from each. Of one merchant, or of all of the programme."""
    rows = Reward.objects.filter(program_id=program_id, enabled=True).select_related("merchant", "program")
    if merchant_id is not None:
        rows = rows.filter(merchant=merchant_id)
    found = [row for row in rows.order_by("position", "price", "pk") if not _out_of_dates(row, _today(row, now))]
    drawn = pictures.digests([row.pk for row in found])
    if account is None:
        return [Offer(row, "out_of_stock" if row.left == 0 else "", ZERO, drawn.get(row.pk, "")) for row in found]
    stands = standing_now(program_id=program_id, account_id=account.pk, now=now)
    taken = taken_by(account_id=account.pk, rewards=found, now=now)
    return [_offer(row, stands, taken.get(row.pk, (0, 0)), drawn.get(row.pk, ""), now) for row in found]


def offer_of(*, reward: Reward, account: Account, now: dt.datetime) -> Offer:
    stands = standing_now(program_id=reward.program_id, account_id=account.pk, now=now)
    taken = taken_by(account_id=account.pk, rewards=[reward], now=now)
    return _offer(reward, stands, taken.get(reward.pk, (0, 0)), pictures.digests([reward.pk]).get(reward.pk, ""), now)


def reason_against(reward: Reward, *, stands: Standing, taken: tuple[int, int], today: dt.date) -> Reason:
    """The first thing that keeps a client from it, the points last; `taken` by him ever, and in this month."""
    if not reward.enabled:
        return "off"
    if dates := _out_of_dates(reward, today):
        return dates
    if reward.left == 0:
        return "out_of_stock"
    if reward.tiers and stands.tier not in reward.tiers:
        return "tier"
    if reward.per_client is not None and taken[0] >= reward.per_client:
        return "per_client"
    if reward.per_month is not None and taken[1] >= reward.per_month:
        return "per_month"
    return "points" if reward.price > stands.available else ""


def taken_by(*, account_id: int, rewards: Sequence[Reward], now: dt.datetime) -> Mapping[int, tuple[int, int]]:
    """By gift: how many he has taken ever, and in the local month. Cancelled ones don't count. One query."""
    if not rewards:
        return {}
    first = rewards[0]
    since = calendar_of(first).start_of(_today(first, now).replace(day=1))
    rows = (
        Exchange.objects.counted()
        .filter(program_id=first.program_id, account=account_id, reward__in=[row.pk for row in rewards])
        .values("reward")
        .annotate(ever=Count("pk"), month=Count("pk", filter=Q(created_at__gte=since)))
    )
    return {row["reward"]: (row["ever"], row["month"]) for row in rows}


def standing_now(*, program_id: int, account_id: int, now: dt.datetime) -> Standing:
    """Without a lock: for showing."""
    state = ledger.read(program_id=program_id, account_id=account_id, now=now)
    try:
        rulebook = rulebook_at(program_id, now)[1]
    except Refused:
        rulebook = NO_RULES
    told = standing_of(state, ledger.books_of(state, now), rulebook, now)
    return Standing(told.tier, told.available)


def calendar_of(reward: Reward) -> Calendar:
    return Calendar(reward.program.time_zone, reward.program.day_starts_at)


def _today(reward: Reward, now: dt.datetime) -> dt.date:
    return calendar_of(reward).day_of(now)


def _out_of_dates(reward: Reward, today: dt.date) -> Literal["", "not_yet", "over"]:
    if reward.first_day is not None and today < reward.first_day:
        return "not_yet"
    return "over" if reward.last_day is not None and today > reward.last_day else ""


def _offer(reward: Reward, stands: Standing, taken: tuple[int, int], picture: str, now: dt.datetime) -> Offer:
    reason = reason_against(reward, stands=stands, taken=taken, today=_today(reward, now))
    return Offer(reward, reason, max(reward.price - stands.available, ZERO), picture)
