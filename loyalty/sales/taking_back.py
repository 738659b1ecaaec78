"""What a return does to the client's books, counters and tier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec
from msgspec import Struct

from loyalty.engine import tiers
from loyalty.engine.giving_back import LineBack, SoldLine
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.sales import afterwards
from loyalty.sales.going_back import GoingBack
from loyalty.sales.past import Returning, SpentLot
from loyalty.standing import counters_of


class Outcome(Struct, frozen=True):
    """Earned points: taken from the account (or owed), gone already, let go. Whether the tier went back, and the rules
    whose one-offs did."""

    taken: Decimal = ZERO
    expired: Decimal = ZERO
    forgiven: Decimal = ZERO
    tier_undone: bool = False
    one_offs: tuple[str, ...] = ()


def apply(
    locked: Returning,
    rulebook: Rulebook,
    sold: Sequence[SoldLine],
    parts: Sequence[LineBack],
    *,
    whole: bool,
    off: Decimal = ZERO,
) -> Outcome:
    """Take earned points back, then the counters and, where it no longer holds, the tier; give spent points back.

    Spent points come last, and pay what taking the earned ones has made the client owe: as lots that are not yet
    written, nothing could be taken from them. `off` is what goes off the turnover beside the money of the parts.
    """
    account = locked.account
    if account is None or locked.books is None:
        # Nobody’s books, but what all clients share comes back: budgets, codes.
        GoingBack(locked, rulebook, sold, parts, whole=whole).limits()
        if whole:
            locked.past.release_coupons()
        return Outcome()
    coming = sum((part.points for part in parts), ZERO)
    outcome = _claw_back(locked, rulebook, sum((part.earned for part in parts), ZERO), coming)
    sale = locked.sale
    was_visit = sale.is_visit and whole and not locked.past.pass_visit_on()
    paid = sum((part.money for part in parts), off)
    afterwards.uncount_purchase(
        account, paid=paid, whole=whole, was_visit=was_visit, day=rulebook.calendar.day_of(sale.occurred_at)
    )
    if whole:
        _redate(locked)
    undone = _undo_tier(locked, rulebook, coming)
    afterwards.set_lapse(account, locked.books, rulebook)
    back = GoingBack(locked, rulebook, sold, parts, whole=whole)
    one_offs = back.one_offs(coming)
    back.steps(coming, earned=sum((part.earned for part in parts), ZERO))
    back.awards()
    back.limits()
    if whole:
        locked.past.release_coupons()
    _reinstate(locked, rulebook, coming)
    return msgspec.structs.replace(outcome, tier_undone=undone, one_offs=tuple(one_offs))


def _reinstate(locked: Returning, rulebook: Rulebook, points: Decimal) -> None:
    """Spent points come back, last taken first, as new lots that name the old ones, with the old expiry."""
    if not points or locked.books is None:
        return
    now = locked.now
    day = rulebook.calendar.day_of(now) + dt.timedelta(days=rulebook.points.reinstate_days)
    grace = rulebook.calendar.end_of(day)
    for lot, part in _last_first(locked.past.taken(), skip=locked.past.points_back(), points=points):
        expires_at = lot.expires_at if lot else grace
        if expires_at is not None and expires_at <= now:
            expires_at = grace
        locked.books.credit(
            "reinstate",
            part,
            rule=lot.rule if lot else "reinstated",
            available_at=max(lot.available_at, now) if lot else now,
            expires_at=expires_at,
            origin=lot.id if lot else None,
        )


def _last_first(
    taken: Sequence[tuple[SpentLot | None, Decimal]], *, skip: Decimal, points: Decimal
) -> Iterator[tuple[SpentLot | None, Decimal]]:
    for lot, amount in reversed(taken):
        passed = min(skip, amount)
        skip -= passed
        part = min(amount - passed, points)
        if part > 0:
            points -= part
            yield lot, part


def _claw_back(locked: Returning, rulebook: Rulebook, called: Decimal, coming: Decimal) -> Outcome:
    """Take earned points back. What had expired of the sale's own lots counts as taken."""
    if not called or locked.books is None:
        return Outcome()
    sale, books = locked.sale, locked.books
    own = sum((lot.free for lot in books.lots if lot.sale_id == sale.pk and not lot.expired(locked.now)), ZERO)
    expired = min(max(called - own, ZERO), locked.past.expired() - locked.past.expired_counted())
    clamp = rulebook.points.debt == "clamp"
    taken = books.take_back(called - expired, sale_id=sale.pk, rule="return", clamp=clamp, coming=coming)
    return Outcome(taken.taken, expired, taken.forgiven)


def _redate(locked: Returning) -> None:
    """The dates of the first and the last purchase, without the sale that is no more."""
    account, sale = locked.account, locked.sale
    if account is None or sale.occurred_at not in (account.first_purchase_at, account.last_purchase_at):
        return
    first, account.last_purchase_at = locked.past.dates_without()
    if first is None and account.purchases:
        # Those that were brought along have no receipts; the first of them counts from the account's beginning.
        first = account.created_at
    elif sale.occurred_at != account.first_purchase_at:
        first = account.first_purchase_at
    account.first_purchase_at = first


def _undo_tier(locked: Returning, rulebook: Rulebook, coming: Decimal) -> bool:
    """An upgrade that this sale caused goes back with its gifts when what is left no longer reaches it."""
    account, sale, books = locked.account, locked.sale, locked.books
    if account is None or books is None:
        return False
    if locked.past.tier_was_undone():
        return False
    counters = counters_of(account, rulebook)
    counted = tiers.amounts(rulebook, counters, rulebook.calendar.day_of(locked.now))
    target = afterwards.undone_tier(account, rulebook, counted, before=sale.tier_before, after=sale.tier_after)
    if target is None:
        return False
    account.tier, account.tier_ends_at = target.id, None
    gifts = {earning.rule: earning for earning in locked.earnings if earning.one_off}
    for tier in rulebook.tiers[rulebook.tiers_by_id[target.id] + 1 :]:
        gift = gifts.get(tier.gift_rule)
        if gift is not None and tier.id in account.tier_gifts:
            account.tier_gifts.remove(tier.id)
            clamp = rulebook.points.debt == "clamp"
            left = gift.points - locked.past.expired(gift.rule)
            books.take_back(left, sale_id=sale.pk, rule=gift.rule, clamp=clamp, coming=coming)
    return True
