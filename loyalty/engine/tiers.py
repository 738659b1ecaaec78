"""Which tier a client is in, what is missing to the next, and until when he keeps it.

The tier by purchases is kept on the account together with the moment at which it is looked at again (`ends_at`); what
has become of it since then is worked out here, whether or not the nightly sweep has been there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from loyalty.engine.cart import Client, Day
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Amounts, CalendarPeriod, LastDays, Rulebook, Tier

_NOTHING = Amounts()


class Counters(Struct, frozen=True):
    """What an account's tier is told by; a client has all of it."""

    tier: str = ""
    tier_ends_at: dt.datetime | None = None
    spent: Decimal = ZERO
    visits: int = 0
    referrals: int = 0
    days: tuple[Day, ...] = ()


Counted = Client | Counters


class Held(Struct, frozen=True):
    """The tier by purchases at a moment, and when it is looked at again (None: never)."""

    tier: Tier | None
    ends_at: dt.datetime | None = None


NONE_HELD = Held(None)


def reached(rulebook: Rulebook, amounts: Amounts = _NOTHING) -> Tier | None:
    """The highest tier whose threshold is reached; the lowest needs none. None where there are no tiers."""
    tiers = rulebook.tiers
    for tier in reversed(tiers[1:]):
        if tier.reached(amounts):
            return tier
    return tiers[0] if tiers else None


def amounts(rulebook: Rulebook, client: Counted, day: dt.date) -> Amounts:
    """What counts for the client's tier on a local day."""
    match rulebook.status.window:
        case LastDays(days=days):
            return _sum(client.days, day - dt.timedelta(days=days - 1), day)
        case CalendarPeriod(unit=unit):
            return _sum(client.days, _first_of(day, unit), day)
    return Amounts(client.spent, client.visits, client.referrals)


def held(rulebook: Rulebook, client: Counted, at: dt.datetime) -> Held:
    """The tier by purchases at a moment: what was reached is kept as long as the rules say, and never less than what
    is reached now."""
    if not rulebook.tiers:
        return NONE_HELD
    rank, ends_at = rulebook.tiers_by_id.get(client.tier, 0), client.tier_ends_at
    falls = rulebook.status.downgrade != "never"
    while falls and rank and ends_at is not None and ends_at <= at:
        rank, ends_at = _reviewed(rulebook, client, rank, ends_at)
    now = _rank(rulebook, reached(rulebook, amounts(rulebook, client, rulebook.calendar.day_of(at))))
    if now > rank or (falls and now == rank and rank):
        rank, ends_at = now, None
    if not falls or not rank:
        ends_at = None
    elif ends_at is None:
        ends_at = _next_review(rulebook, client, rank, at)
    return Held(rulebook.tiers[rank], ends_at)


def effective(rulebook: Rulebook, client: Client, at: dt.datetime) -> Tier | None:
    """The tier that a receipt is computed with: by purchases, or the manual one while it is higher and lasts."""
    tier = held(rulebook, client, at).tier
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


# ---------------------------------------------------------------- how long a tier is kept


def _reviewed(rulebook: Rulebook, client: Counted, rank: int, at: dt.datetime) -> tuple[int, dt.datetime | None]:
    """The rank after a review, and the next one."""
    day = rulebook.calendar.day_of(at)
    belongs = _rank(rulebook, reached(rulebook, amounts(rulebook, client, day)))
    match rulebook.status.window:
        case CalendarPeriod(unit=unit) if rulebook.status.downgrade == "period_end":
            # The period that has ended counts: the review comes a grace after it.
            ended = day - dt.timedelta(days=rulebook.status.grace_days + 1)
            closed = _sum(client.days, _first_of(ended, unit), ended)
            belongs = max(belongs, _rank(rulebook, reached(rulebook, closed)))
    if belongs < rank:
        rank = rank - 1 if rulebook.status.fall == "one_step" else belongs
    return rank, _next_review(rulebook, client, rank, at) if rank else None


def _next_review(rulebook: Rulebook, client: Counted, rank: int, at: dt.datetime) -> dt.datetime | None:
    status, calendar = rulebook.status, rulebook.calendar
    day = calendar.day_of(at)
    match status.window:
        case LastDays(days=days):
            last = _lapses(rulebook, client, rank, day, days)
            grace = status.grace_days if status.downgrade == "period_end" else 0
            return calendar.start_of(last + dt.timedelta(days=grace))
        case CalendarPeriod(unit=unit):
            ends = _next_first(day, unit)
            if status.downgrade == "at_once":
                return calendar.start_of(ends)
            if _rank(rulebook, reached(rulebook, amounts(rulebook, client, day))) >= rank:
                ends = _next_first(ends, unit)
            return calendar.start_of(ends + dt.timedelta(days=status.grace_days))
    return None


def _lapses(rulebook: Rulebook, client: Counted, rank: int, day: dt.date, days: int) -> dt.date:
    """The first day on which the window no longer reaches the tier, if nothing more is bought. Where it does not
    even now (a tier that was given, or kept for one step) the client has a whole window's time."""
    window = dt.timedelta(days=days)
    if _rank(rulebook, reached(rulebook, amounts(rulebook, client, day))) < rank:
        return day + window
    drops = sorted({one.day + window for one in client.days if one.day <= day and one.day + window > day})
    for candidate in drops:
        kept = _sum(
            [one for one in client.days if one.day <= day], candidate - window + dt.timedelta(days=1), candidate
        )
        if _rank(rulebook, reached(rulebook, kept)) < rank:
            return candidate
    return day + window


def _rank(rulebook: Rulebook, tier: Tier | None) -> int:
    return rulebook.tiers_by_id[tier.id] if tier else 0


def _sum(days: Iterable[Day], first: dt.date, last: dt.date) -> Amounts:
    chosen = [day for day in days if first <= day.day <= last]
    return Amounts(
        sum((day.spent for day in chosen), ZERO),
        sum(day.visit for day in chosen),
        sum(day.referrals for day in chosen),
    )


def _first_of(day: dt.date, unit: str) -> dt.date:
    if unit == "year":
        return day.replace(month=1, day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(day=1)


def _next_first(day: dt.date, unit: str) -> dt.date:
    months = {"year": 12, "quarter": 3, "month": 1}[unit]
    first = _first_of(day, unit)
    ahead = first.month - 1 + months
    return dt.date(first.year + ahead // 12, ahead % 12 + 1, 1)
