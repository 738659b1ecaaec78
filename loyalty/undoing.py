"""An adjustment by hand is undone by a counter-entry, once, within a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

from django.db import transaction
from msgspec import Struct

from loyalty import by_hand, ledger
from loyalty.by_hand import is_undo
from loyalty.engine.books import Books
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import AccountState
from loyalty.models import Entry, Lot
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Actor, same_tenant

UNDONE_WITHIN: Final = dt.timedelta(days=30)


class CannotUndo(Exception):  # noqa: N818  # it reads: `raise CannotUndo("done")`
    """`not_yours` but another merchant's, `done` already, `late`, `nothing` of it left (all has expired), `spent` (and
    this programme keeps no debts)."""

    def __init__(self, why: Literal["not_by_hand", "not_yours", "done", "late", "nothing", "spent"]) -> None:
        super().__init__(why)
        self.why = why


class Undoing(Struct, frozen=True):
    """What undoing changes. Of an addition: what had expired already, what was spent and is taken of other points
    (or, for want of them, owed). Of a deduction: the points that come back, each with its expiry."""

    change: Decimal
    before: Decimal
    after: Decimal
    expired: Decimal = ZERO
    spent: Decimal = ZERO
    owed: Decimal = ZERO
    back: tuple[tuple[Decimal, dt.datetime | None], ...] = ()


@transaction.atomic
def undo_adjustment(
    *, entry: Entry, reason: str, now: dt.datetime, by: Actor, merchant_id: int | None = None
) -> Undoing:
    """Raises CannotUndo. Two at once do it once: the counter-entry names the entry, and is looked for behind the
    account's lock. A merchant's staff name their merchant, and undo nobody else's; the platform undoes all."""
    program_id = same_tenant(entry)
    if merchant_id is not None and by_hand.of_others([entry], merchant_id=merchant_id):
        raise CannotUndo("not_yours")
    state = ledger.lock(program_id=program_id, account_id=entry.account_id, now=now)
    books = ledger.books_of(state, now)
    undoing = _undo(entry, state, books, now)
    group = ledger.grouped(
        state,
        books,
        program_id=program_id,
        merchant_id=_giver(entry) or state.merchant_id,
        at=now,
        now=now,
        actor=str(by),
        reason=reason,
    )
    ledger.post(group)
    audit.record(
        program_id=program_id,
        action="account.adjustment_undone",
        at=now,
        by=by,
        subject=entry.account,
        details={"entry": entry.pk, "points": str(undoing.change), "balance": str(books.balance)},
        reason=reason,
    )
    return undoing


def foresee(*, entry: Entry, now: dt.datetime) -> Undoing:
    """What undoing would change now; nothing is written. Raises CannotUndo."""
    program_id = same_tenant(entry)
    state = ledger.read(program_id=program_id, account_id=entry.account_id, now=now)
    return _undo(entry, state, ledger.books_of(state, now), now)


def undoable(entries: Iterable[Entry], now: dt.datetime) -> set[int]:
    """The keys of those entries, all of one account, that may be undone still. One query."""
    young = [entry for entry in entries if _by_hand(entry) and entry.created_at > now - UNDONE_WITHIN]
    if not young:
        return set()
    account = {"program_id": young[0].program_id, "account_id": young[0].account_id}
    marks = [f"{by_hand.UNDONE}{entry.pk}" for entry in young]
    done = set(Entry.objects.filter(**account, rule__in=marks).values_list("rule", flat=True))
    return {entry.pk for entry in young if f"{by_hand.UNDONE}{entry.pk}" not in done}


def _by_hand(entry: Entry) -> bool:
    return entry.kind == Entry.Kind.ADJUST and not is_undo(entry)


def _undo(entry: Entry, state: AccountState, books: Books, now: dt.datetime) -> Undoing:
    if not _by_hand(entry):
        raise CannotUndo("not_by_hand")
    mark = f"{by_hand.UNDONE}{entry.pk}"
    if Entry.objects.filter(program_id=entry.program_id, account=state.id, rule=mark).exists():
        raise CannotUndo("done")
    if entry.created_at <= now - UNDONE_WITHIN:
        raise CannotUndo("late")
    rulebook = _rules(entry.program_id, now)
    if entry.points > 0:
        return _take_back(entry, books, rulebook, mark)
    return _give_back(entry, books, rulebook, now, mark)


def _take_back(entry: Entry, books: Books, rulebook: Rulebook, mark: str) -> Undoing:
    """What had expired of the addition is gone already and counts as taken back."""
    before, lot_id = books.balance, entry.lots[0]
    expired = _expired(entry, books, lot_id)
    called = entry.points - expired
    if not called:
        raise CannotUndo("nothing")
    spent, owed = books.unadd(called, lot_id=lot_id, mark=mark)
    if owed and rulebook.points.debt == "clamp":
        raise CannotUndo("spent")
    return Undoing(-called, before, books.balance, expired=expired, spent=spent, owed=owed)


def _give_back(entry: Entry, books: Books, rulebook: Rulebook, now: dt.datetime, mark: str) -> Undoing:
    """The points come back last taken first, as new lots with the old expiry, or the grace of a return after it."""
    before = books.balance
    day = rulebook.calendar.day_of(now) + dt.timedelta(days=rulebook.points.reinstate_days)
    grace = rulebook.calendar.end_of(day)
    lots = Lot.objects.filter(program_id=entry.program_id).in_bulk(entry.lots)
    back = []
    for lot_id, part in reversed(list(zip(entry.lots, entry.parts, strict=True))):
        lot = lots[lot_id]
        expires_at = grace if lot.expires_at is not None and lot.expires_at <= now else lot.expires_at
        books.credit("adjust", -part, rule=lot.rule, available_at=now, expires_at=expires_at, origin=lot_id, mark=mark)
        back.append((-part, expires_at))
    return Undoing(-entry.points, before, books.balance, back=tuple(back))


def _expired(entry: Entry, books: Books, lot_id: int) -> Decimal:
    """What of the lot has expired, this very moment included: that stands in the books and not yet in the table."""
    gone = Entry.objects.filter(
        program_id=entry.program_id, account=entry.account_id, pk__gt=entry.pk, kind="expire", lots__contains=[lot_id]
    )
    moved = [(row.lots, row.parts) for row in gone]
    moved += [(list(p.lots), list(p.parts)) for p in books.postings if p.kind == "expire"]
    return sum((-part for lots, parts in moved for lot, part in zip(lots, parts, strict=True) if lot == lot_id), ZERO)


def _giver(entry: Entry) -> int | None:
    """Whoever gave the points that come back, for the books between partners."""
    return Lot.objects.filter(pk__in=entry.lots).values_list("merchant_id", flat=True).first()


def _rules(program_id: int, now: dt.datetime) -> Rulebook:
    try:
        return rulebook_at(program_id, now)[1]
    except Refused:
        return Rulebook()
