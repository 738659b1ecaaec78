"""Where a client stands, in every answer about a client."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated

from msgspec import Meta, Struct

from cashier.api.answers.quantities import MoneyText, PointsText, places
from loyalty.standing import Standing


class Tier(Struct, frozen=True):
    id: str
    title: str


class NextTier(Struct, frozen=True):
    """What is missing to it, by money or by visits, whichever comes first."""

    id: str
    title: str
    money_missing: MoneyText | None
    visits_missing: int | None


class Expiry(Struct, frozen=True):
    """Gone from this moment on: the end of a day of the programme."""

    at: dt.datetime
    points: PointsText


class ClientStanding(Struct, frozen=True):
    """Points spendable now, later, and those that a hold keeps; a negative balance is owed."""

    id: uuid.UUID
    balance: PointsText
    available: PointsText
    pending: PointsText
    held: Annotated[PointsText, Meta(description="Kept by holds; not in `available`.")]
    tier: Tier | None
    next_tier: NextTier | None
    next_expiry: Expiry | None


def client_standing(standing: Standing, *, currency_digits: int, precision: int) -> ClientStanding:
    money, points = places(currency_digits), places(precision)
    next_tier = None
    if standing.next_tier:
        next_tier = NextTier(
            standing.next_tier,
            standing.next_tier_title,
            None if standing.to_next_money is None else money(standing.to_next_money),
            standing.to_next_visits,
        )
    expiry = None
    if standing.next_expiry_at is not None and standing.next_expiry_points is not None:
        expiry = Expiry(standing.next_expiry_at, points(standing.next_expiry_points))
    return ClientStanding(
        id=standing.account_id,
        balance=points(standing.balance),
        available=points(standing.available),
        pending=points(standing.pending),
        held=points(standing.held),
        tier=Tier(standing.tier, standing.tier_title) if standing.tier else None,
        next_tier=next_tier,
        next_expiry=expiry,
    )
