"""Gifts and exchanges, as the till is told."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from django.urls import reverse
from msgspec import Meta, Struct

from cashier.api.answers.quantities import PointsText, places
from loyalty.models import Exchange
from loyalty.rewards import codes
from loyalty.rewards.offering import Offer, Reason
from merchants.authentication import Caller


class RewardAnswer(Struct, frozen=True, kw_only=True):
    """A gift of the catalogue. With a client, `obstacle` is what keeps him from it and `missing` the points that he is
    short of; without one it says only whether there are any."""

    id: uuid.UUID
    title: str
    text: str
    price: PointsText
    left: Annotated[int | None, Meta(description="How many there are; null: no end of them.")]
    service: Annotated[bool, Meta(description="Not a thing: a donation, an invitation, a delivery.")]
    asks: Annotated[str, Meta(description="What the client has to say for it, as `note`; empty: nothing.")]
    picture: str
    obstacle: Reason
    missing: PointsText


class RewardPage(Struct, frozen=True):
    """All that is shown now, in the owner's order."""

    rewards: list[RewardAnswer]


class ExchangeAnswer(Struct, frozen=True, kw_only=True):
    """A gift that a client has taken. `code` is what he shows when he comes for it."""

    id: uuid.UUID
    client: uuid.UUID
    reward: uuid.UUID
    title: str
    points: PointsText
    status: Literal["ordered", "handed", "cancelled"]
    code: str
    note: str
    created_at: dt.datetime
    claim_until: Annotated[dt.datetime | None, Meta(description="Not come for by then: the points go back.")]
    ended_at: dt.datetime | None


def reward_answer(offer: Offer, *, caller: Caller, site: str) -> RewardAnswer:
    reward, points = offer.reward, places(caller.precision)
    picture = reverse("reward_picture", args=[reward.merchant_id, offer.picture]) if offer.picture else ""
    return RewardAnswer(
        id=reward.public_id,
        title=reward.title,
        text=reward.text,
        price=points(reward.price),
        left=reward.left,
        service=reward.is_service,
        asks=reward.asks,
        picture=f"{site.rstrip('/')}{picture}" if picture else "",
        obstacle=offer.reason,
        missing=points(offer.missing),
    )


def exchange_answer(row: Exchange, *, caller: Caller) -> ExchangeAnswer:
    return ExchangeAnswer(
        id=row.public_id,
        client=row.account.public_id,
        reward=row.reward.public_id,
        title=row.title,
        points=places(caller.precision)(row.points),
        status=row.state,  # type: ignore[arg-type]
        code=codes.shown(row.code),
        note=row.note,
        created_at=row.created_at,
        claim_until=row.claim_until,
        ended_at=row.ended_at,
    )
