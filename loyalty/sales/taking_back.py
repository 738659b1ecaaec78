"""What a return does to the client's books, counters and tier."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec
from django.db.models import Max, Min, QuerySet, Sum
from msgspec import Struct

from loyalty.engine.earning import Earning
from loyalty.engine import tiers
from loyalty.engine.giving_back import LineBack, SoldLine
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Entry, Lot, Return, Sale
from loyalty.sales import afterwards, coupons
from loyalty.sales.going_back import GoingBack
from loyalty.sales.locking import LockedSale
from loyalty.standing import client_of


class Outcome(Struct, frozen=True):
    """Earned points: taken from the account (or owed), gone already, let go. Whether the tier went back, and the rules
    whose one-offs did."""

    taken: Decimal = ZERO
    expired: Decimal = ZERO
    forgiven: Decimal = ZERO
    tier_undone: bool = False
    one_offs: tuple[str, ...] = ()


def apply(
    locked: LockedSale, rulebook: Rulebook, sold: Sequence[SoldLine], parts: Sequence[LineBack], *, whole: bool
) -> Outcome:
    """Take earned points back, then the counters and, where it no longer holds, the tier; give spent points back.

    Spent points come last, and pay what taking the earned ones has made the client owe: as lots that are not yet
    written, nothing could be taken from them.
    """
    account = locked.account
    if account is None or locked.books is None:
        return Outcome()
    coming = sum((part.points for part in parts), ZERO)
    outcome = _claw_back(locked, rulebook, sum((part.earned for part in parts), ZERO), coming)
    sale = locked.sale
    was_visit = sale.is_visit and whole and not _pass_visit_on(sale)
    paid = sum((part.money for part in parts), ZERO)
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
        coupons.release(sale=sale)
    _reinstate(locked, rulebook, coming)
    return msgspec.structs.replace(outcome, tier_undone=undone, one_offs=tuple(one_offs))


def _reinstate(locked: LockedSale, rulebook: Rulebook, points: Decimal) -> None:
    """Spent points come back, last taken first, as new lots that name the old ones, with the old expiry."""
    if not points or locked.books is None:
        return
    sale, now = locked.sale, locked.now
    day = rulebook.calendar.day_of(now) + dt.timedelta(days=rulebook.points.reinstate_days)
    grace = rulebook.calendar.end_of(day)
    earlier = Return.objects.filter(program_id=sale.program_id, sale=sale).aggregate(sum=Sum("points_back"))["sum"]
    taken = list(_taken(sale))
    lots = Lot.objects.filter(program_id=sale.program_id).in_bulk([lot_id for lot_id, _part in taken if lot_id])
    for lot_id, part in _last_first(taken, skip=earlier or ZERO, points=points):
        lot = lots.get(lot_id) if lot_id else None
        expires_at = lot.expires_at if lot else grace
        if expires_at is not None and expires_at <= now:
            expires_at = grace
        locked.books.credit(
            "reinstate",
            part,
            rule=lot.rule if lot else "reinstated",
            available_at=max(lot.available_at, now) if lot else now,
            expires_at=expires_at,
            origin=lot_id,
        )


def _taken(sale: Sale) -> Iterator[tuple[int | None, Decimal]]:
    """What the sale spent, in the order of taking; what it made the client owe comes last, without a lot."""
    for entry in Entry.objects.filter(program_id=sale.program_id, sale=sale, kind=Entry.Kind.REDEEM).order_by("id"):
        owed = -entry.points
        for lot_id, part in zip(entry.lots, entry.parts, strict=True):
            yield lot_id, -part
            owed += part
        if owed:
            yield None, owed


def _last_first(
    taken: Sequence[tuple[int | None, Decimal]], *, skip: Decimal, points: Decimal
) -> Iterator[tuple[int | None, Decimal]]:
    for lot_id, amount in reversed(taken):
        passed = min(skip, amount)
        skip -= passed
        part = min(amount - passed, points)
        if part > 0:
            points -= part
            yield lot_id, part


def _claw_back(locked: LockedSale, rulebook: Rulebook, called: Decimal, coming: Decimal) -> Outcome:
    """Take earned points back. What had expired of the sale's own lots counts as taken."""
    if not called or locked.books is None:
        return Outcome()
    sale, books = locked.sale, locked.books
    own = sum((lot.free for lot in books.lots if lot.sale_id == sale.pk and not lot.expired(locked.now)), ZERO)
    expired = min(max(called - own, ZERO), _expired_of(locked, _earned(sale)) - _counted(sale))
    clamp = rulebook.points.debt == "clamp"
    taken = books.take_back(called - expired, sale_id=sale.pk, rule="return", clamp=clamp, coming=coming)
    return Outcome(taken.taken, expired, taken.forgiven)


def _earned(sale: Sale) -> QuerySet[Lot]:
    """The sale's lots without its gifts, which are called for by themselves."""
    gifts = [earning["rule"] for earning in sale.earnings if earning["one_off"]]
    lots = Lot.objects.filter(program_id=sale.program_id, sale=sale, account=sale.account_id)
    return lots.exclude(rule__in=gifts)


def _expired_of(locked: LockedSale, lots: QuerySet[Lot]) -> Decimal:
    """Points of these lots that have expired."""
    sale = locked.sale
    ids = set(lots.values_list("id", flat=True))
    entries = Entry.objects.filter(
        program_id=sale.program_id, account=sale.account_id, kind=Entry.Kind.EXPIRE, lots__overlap=list(ids)
    )
    gone = [(entry.lots, entry.parts) for entry in entries]
    # Those that this very write expires stand in the books and not yet in the table.
    if locked.books is not None:
        gone += [(list(p.lots), list(p.parts)) for p in locked.books.postings if p.kind == "expire"]
    return sum((-part for moved, parts in gone for lot, part in zip(moved, parts, strict=True) if lot in ids), ZERO)


def _counted(sale: Sale) -> Decimal:
    """Expired points that earlier returns have called for."""
    counted = Return.objects.filter(program_id=sale.program_id, sale=sale).aggregate(sum=Sum("earned_expired"))["sum"]
    return counted or ZERO


def _pass_visit_on(sale: Sale) -> bool:
    """The day stays a visit if the client bought something else on it: that sale counts from now on."""
    others = Sale.objects.same_day(sale).filter(status=Sale.Status.COMMITTED, is_visit=False)
    other = others.order_by("id").first()
    if other is None:
        return False
    Sale.objects.filter(program_id=sale.program_id, pk=sale.pk).update(is_visit=False)
    Sale.objects.filter(program_id=sale.program_id, pk=other.pk).update(is_visit=True)
    return True


def _redate(locked: LockedSale) -> None:
    """The dates of the first and the last purchase, without the sale that is no more."""
    account, sale = locked.account, locked.sale
    if account is None or sale.occurred_at not in (account.first_purchase_at, account.last_purchase_at):
        return
    others = Sale.objects.filter(program_id=sale.program_id, account=sale.account_id, status=Sale.Status.COMMITTED)
    dates = others.exclude(pk=sale.pk).aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    account.first_purchase_at, account.last_purchase_at = dates["first"], dates["last"]


def _undo_tier(locked: LockedSale, rulebook: Rulebook, coming: Decimal) -> bool:
    """An upgrade that this sale caused goes back with its gifts when what is left no longer reaches it."""
    account, sale, books = locked.account, locked.sale, locked.books
    if account is None or books is None:
        return False
    if Return.objects.filter(program_id=sale.program_id, sale=sale, tier_undone=True).exists():
        return False
    client = client_of(account, books, rulebook, locked.now)
    counted = tiers.amounts(rulebook, client, rulebook.calendar.day_of(locked.now))
    target = afterwards.undone_tier(
        account, rulebook, counted, before=sale.tier_before, after=sale.tier_after
    )
    if target is None:
        return False
    account.tier, account.tier_ends_at = target.id, None
    gifts = {earning["rule"]: msgspec.convert(earning, Earning) for earning in sale.earnings if earning["one_off"]}
    for tier in rulebook.tiers[rulebook.tiers_by_id[target.id] + 1 :]:
        gift = gifts.get(tier.gift_rule)
        if gift is not None and tier.id in account.tier_gifts:
            account.tier_gifts.remove(tier.id)
            clamp = rulebook.points.debt == "clamp"
            lots = Lot.objects.filter(program_id=sale.program_id, sale=sale, rule=gift.rule)
            left = gift.points - _expired_of(locked, lots)
            books.take_back(left, sale_id=sale.pk, rule=gift.rule, clamp=clamp, coming=coming)
    return True
