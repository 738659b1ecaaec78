"""Step 7: what follows from a purchase in the same transaction: counters, the tier, its gifts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from loyalty.engine import tiers
from loyalty.engine.books import Books
from loyalty.engine.earning import Earning, one_off
from loyalty.engine.explanation import Fact
from loyalty.engine.rulebook import Rulebook, Tier
from loyalty.ledger import AccountState


def credit(books: Books, earning: Earning) -> None:
    books.credit(
        "earn",
        earning.points,
        rule=earning.rule,
        available_at=earning.available_at,
        expires_at=earning.expires_at,
    )


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
    # Who joined before there were tiers starts at the lowest.
    before = tiers.known(rulebook, account.tier) or next(iter(rulebook.tiers), None)
    after = tiers.earned(rulebook, tier=account.tier, spent=account.spent, visits=account.visits)
    account.tier = after.id if after else account.tier
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


def _reached(tier: Tier, account: AccountState) -> Fact:
    return Fact(tier.rule, "gift", "tier_reached", tier.title, base=account.spent)


def uncount_purchase(account: AccountState, *, paid: Decimal, whole: bool, was_visit: bool) -> None:
    """Take a return off the counters; `whole` where nothing of the sale is left."""
    account.spent = max(account.spent - paid, Decimal(0))
    if whole:
        account.purchases = max(account.purchases - 1, 0)
        account.visits = max(account.visits - was_visit, 0)


def undone_tier(account: AccountState, rulebook: Rulebook, *, before: str, after: str) -> Tier | None:
    """Where the client goes back to, when a sale that raised him from `before` to `after` is taken back.

    None where he stays: the sale did not raise him, he has moved on since, or what is left still reaches the tier.
    """
    was, became = rulebook.tiers_by_id.get(before, 0), rulebook.tiers_by_id.get(after)
    if became is None or became <= was or account.tier != after:
        return None
    reached = tiers.reached(rulebook, spent=account.spent, visits=account.visits)
    target = max(was, rulebook.tiers_by_id[reached.id] if reached else 0)
    return rulebook.tiers[target] if target < became else None
