"""What a programme would cost a month, from a few figures: for a shop that has no receipts to try it on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from msgspec import Struct

from loyalty.engine.cart import Cart, Client, line
from loyalty.engine.quantities import HUNDRED, half_up
from loyalty.engine.quote import quote
from loyalty.engine.rulebook import Rulebook


class OfTier(Struct, frozen=True):
    """One average receipt of a client in this tier."""

    title: str
    discount: Decimal
    points: Decimal
    cost: Decimal


class Costs(Struct, frozen=True):
    """A month in money. `cost` lies between the lowest and the highest tier; `revenue` is what more has to be sold for
    the margin to pay for it (None: without a margin nothing does), `share` of the present revenue."""

    tiers: list[OfTier]
    receipts: Decimal
    turnover: Decimal
    least: Decimal
    most: Decimal
    extra_least: Decimal | None
    extra_most: Decimal | None
    receipts_least: Decimal | None
    receipts_most: Decimal | None


def reckon(
    rulebook: Rulebook,
    *,
    receipts: int,
    average: Decimal,
    margin: Decimal,
    with_card: Decimal,
    spent: Decimal,
    at: dt.datetime,
) -> Costs:
    """Each tier's average receipt goes through the engine; points cost what will be spent of them."""
    tiers = [_of_tier(rulebook, tier, average, spent, at) for tier in _tiers(rulebook)]
    number = receipts * with_card / HUNDRED
    least = half_up(min(tier.cost for tier in tiers) * number, 2)
    most = half_up(max(tier.cost for tier in tiers) * number, 2)
    extra = [_extra(cost, margin) for cost in (least, most)]
    more = [None if one is None or not average else (one / average).to_integral_value("ROUND_CEILING") for one in extra]
    return Costs(tiers, half_up(number, 0), receipts * average, least, most, extra[0], extra[1], more[0], more[1])


def _extra(cost: Decimal, margin: Decimal) -> Decimal | None:
    return half_up(cost * HUNDRED / margin, 2) if margin else None


def _tiers(rulebook: Rulebook) -> list[tuple[str, str]]:
    return [(tier.id, tier.title) for tier in rulebook.tiers] or [("", "")]


def _of_tier(rulebook: Rulebook, tier: tuple[str, str], average: Decimal, spent: Decimal, at: dt.datetime) -> OfTier:
    client = Client(purchases=5, visits=5, tier=tier[0], manual_tier=tier[0])
    made = quote(rulebook, client, Cart((line(price=average, digits=rulebook.program.currency_digits),)), at)
    points_cost = half_up(made.earned * rulebook.points.value * spent / HUNDRED, 2)
    return OfTier(tier[1], made.discount, made.earned, made.discount + points_cost)
