"""Step 7: what follows from a purchase in the same transaction: counters, the tier, its gifts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from loyalty.engine import tiers
from loyalty.engine.books import Books
from loyalty.engine.earning import Earning, one_off
from loyalty.engine.explanation import Fact
from loyalty.engine.rewarding import Award
from loyalty.engine.rulebook import Amounts, Rulebook, Tier
from loyalty.ledger import AccountState, PostingGroup, books_of, grouped
from loyalty.sales.consequences import Given, counted_for
from loyalty.standing import counters_of


def credit(books: Books, given: Earning | Award) -> None:
    books.credit("earn", given.points, rule=given.rule, available_at=given.available_at, expires_at=given.expires_at)


def credit_invited(state: AccountState, books: Books, given: Sequence[Given], day: dt.date) -> list[Award]:
    """What a sale of this local day gives to somebody who invited its client: into his books, and into what his month
    remembers. Returns what he got; what is given to others is left."""
    mine = [one for one in given if one.account == state.id]
    for one in mine:
        credit(books, one.award)
        state.changes.append(counted_for(one, day))
    return [one.award for one in mine]


def count_purchase(
    account: AccountState,
    books: Books,
    rulebook: Rulebook,
    *,
    paid: Decimal,
    is_visit: bool,
    at: dt.datetime,
    facts: list[Fact],
) -> list[Earning]:
    """Count a purchase, raise the tier at once where its threshold is reached, give the gifts of new tiers.

    Returns the gifts; the reasons are added to `facts`.
    """
    account.spent += paid
    account.purchases += 1
    account.visits += is_visit
    account.first_purchase_at = min(account.first_purchase_at or at, at)
    account.last_purchase_at = max(account.last_purchase_at or at, at)
    _remember_day(account, rulebook.calendar.day_of(at), paid, is_visit=is_visit)
    # Who joined before there were tiers starts at the lowest.
    before = tiers.known(rulebook, account.tier) or next(iter(rulebook.tiers), None)
    held = tiers.held(rulebook, counters_of(account, rulebook), at) if rulebook.tiers else tiers.NONE_HELD
    after = held.tier
    account.tier = after.id if after else account.tier
    account.tier_ends_at = held.ends_at
    set_lapse(account, books, rulebook)
    gifts = []
    for tier in tiers.reached_between(rulebook, before, after):
        facts.append(_reached(tier, account))
        if tier.gift and tier.id not in account.tier_gifts:
            gift = one_off(rulebook, tier.gift_rule, tier.gift, at)
            credit(books, gift)
            account.tier_gifts.append(tier.id)
            gifts.append(gift)
            facts.append(Fact(gift.rule, "gift", "tier_gift", tier.title, points=gift.points))
    return gifts


def awarded(
    state: AccountState,
    given: Sequence[Given],
    *,
    program_id: int,
    merchant_id: int,
    day: dt.date,
    at: dt.datetime,
    now: dt.datetime,
    actor: str,
) -> PostingGroup | None:
    """What a sale writes into the books of somebody who invited its client; None for nothing."""
    if not any(one.account == state.id for one in given):
        return None
    books = books_of(state, now)
    credit_invited(state, books, given, day)
    return grouped(state, books, program_id=program_id, merchant_id=merchant_id, at=at, now=now, actor=actor)


def set_lapse(account: AccountState, books: Books, rulebook: Rulebook) -> None:
    """When all points go for want of purchases: some local days after the last one, or after joining."""
    last = account.last_purchase_at or account.created_at
    days = rulebook.points.inactivity_days
    account.inactive_at = None
    if days is not None and last is not None:
        calendar = rulebook.calendar
        account.inactive_at = calendar.end_of(calendar.day_of(last) + dt.timedelta(days=days))
    books.lapses(account.inactive_at)


def _remember_day(account: AccountState, day: dt.date, paid: Decimal, *, is_visit: bool) -> None:
    """Add a purchase to the history that was read, for what is decided after it."""
    known = next((one for one in account.days if one[0] == day), None)
    if known is not None:
        account.days.remove(known)
    spent, visit = (known[1], known[2]) if known else (Decimal(0), False)
    account.days.append((day, spent + paid, visit or is_visit))


def _reached(tier: Tier, account: AccountState) -> Fact:
    return Fact(tier.rule, "gift", "tier_reached", tier.title, base=account.spent)


def uncount_purchase(account: AccountState, *, paid: Decimal, whole: bool, was_visit: bool, day: dt.date) -> None:
    """Take a return of a sale of this local day off the counters; `whole` where nothing of the sale is left."""
    account.days = [
        (known, spent - paid, visit and not (whole and was_visit)) if known == day else (known, spent, visit)
        for known, spent, visit in account.days
    ]
    account.spent = max(account.spent - paid, Decimal(0))
    if whole:
        account.purchases = max(account.purchases - 1, 0)
        account.visits = max(account.visits - was_visit, 0)


def undone_tier(account: AccountState, rulebook: Rulebook, counted: Amounts, *, before: str, after: str) -> Tier | None:
    """Where the client goes back to, when a sale that raised him from `before` to `after` is taken back; `counted` is
    what is left to count for the tier.

    None where he stays: the sale did not raise him, he has moved on since, or what is left still reaches the tier.
    """
    was, became = rulebook.tiers_by_id.get(before, 0), rulebook.tiers_by_id.get(after)
    if became is None or became <= was or account.tier != after:
        return None
    reached = tiers.reached(rulebook, counted)
    target = max(was, rulebook.tiers_by_id[reached.id] if reached else 0)
    return rulebook.tiers[target] if target < became else None
