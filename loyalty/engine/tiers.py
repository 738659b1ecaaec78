"""Which tier a client is in, and what is missing to the next."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from loyalty.engine.cart import Client
from loyalty.engine.rulebook import Rulebook, Tier


def reached(rulebook: Rulebook, *, spent: Decimal, visits: int) -> Tier | None:
    """The highest tier whose threshold is reached; the lowest needs none. None where there are no tiers."""
    tiers = rulebook.tiers
    for tier in reversed(tiers[1:]):
        if tier.reached(spent=spent, visits=visits):
            return tier
    return tiers[0] if tiers else None


def earned(rulebook: Rulebook, *, tier: str, spent: Decimal, visits: int) -> Tier | None:
    """The tier after a purchase: the one reached, never below the one held before (nothing is taken away here)."""
    now = reached(rulebook, spent=spent, visits=visits)
    return higher(rulebook, rulebook.tiers_by_id.get(tier), now)


def effective(rulebook: Rulebook, client: Client, at: dt.datetime) -> Tier | None:
    """The tier that a receipt is computed with: by purchases, or the manual one while it is higher and lasts."""
    tier = earned(rulebook, tier=client.tier, spent=client.spent, visits=client.visits)
    lasts = client.manual_tier_until is None or at < client.manual_tier_until
    manual = rulebook.tiers_by_id.get(client.manual_tier) if client.manual_tier and lasts else None
    return higher(rulebook, manual, tier)


def higher(rulebook: Rulebook, rank: int | None, tier: Tier | None) -> Tier | None:
    """The higher of a tier by rank and a tier; a rank of None is a tier that this version does not know."""
    if rank is None:
        return tier
    if tier is None or rulebook.tiers_by_id[tier.id] < rank:
        return rulebook.tiers[rank]
    return tier


def following(rulebook: Rulebook, tier: Tier | None) -> Tier | None:
    """The next tier up, if there is one."""
    if tier is None:
        return None
    rank = rulebook.tiers_by_id[tier.id] + 1
    return rulebook.tiers[rank] if rank < len(rulebook.tiers) else None


def reached_between(rulebook: Rulebook, before: Tier | None, after: Tier | None) -> tuple[Tier, ...]:
    """The tiers above `before` up to `after`: each gives its gift."""
    if after is None:
        return ()
    first = rulebook.tiers_by_id[before.id] + 1 if before else 0
    return rulebook.tiers[first : rulebook.tiers_by_id[after.id] + 1]


def known(rulebook: Rulebook, tier: str) -> Tier | None:
    """The tier of this id; None where this version does not know it."""
    rank = rulebook.tiers_by_id.get(tier)
    return None if rank is None else rulebook.tiers[rank]
