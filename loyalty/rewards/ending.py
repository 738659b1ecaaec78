"""A gift that was taken is handed over, or cancelled: then its points come back, and it lies in the stock again."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import F

from loyalty import ledger
from loyalty.engine.books import Books, Given
from loyalty.engine.rulebook import Rulebook
from loyalty.kin import kin_of
from loyalty.models import Account, Entry, Exchange, Lot, Reward
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.standing import NO_RULES
from merchants import audit
from merchants.access import Actor, same_tenant

CHUNK: Final = 200
SWEEP: Final = "sweep"


@transaction.atomic
def hand_over(*, exchange: Exchange, now: dt.datetime, by: Actor) -> Exchange:
    """Refused `exchange_decided` where it was handed over or cancelled before, `exchange_over` where its time is up."""
    row = _locked(exchange)
    _refuse_decided(row)
    if row.claim_until is not None and row.claim_until <= now:
        raise Refused("exchange_over")
    _end(row, Exchange.State.HANDED, now, by)
    return row


@transaction.atomic
def cancel(*, exchange: Exchange, now: dt.datetime, by: Actor, reason: str = "") -> Exchange:
    """The points come back as those of a return do: as new lots that name the old ones, with the old expiry, or the
    days of grace where that has passed. Refused `exchange_decided`."""
    program_id = same_tenant(exchange)
    state = ledger.lock(program_id=program_id, account_id=exchange.account_id, now=now)
    row = _locked(exchange)
    if row.account_id != state.id:
        # A merge was undone at this very moment, and the gift went with it.
        state = ledger.lock(program_id=program_id, account_id=row.account_id, now=now)
    _refuse_decided(row)
    if state.status != Account.Status.REMOVED and row.points:
        books = ledger.books_of(state, now)
        _give_back(row, books, _rules(program_id, now), now)
        ledger.post(
            ledger.grouped(
                state,
                books,
                program_id=program_id,
                merchant_id=row.merchant_id,
                at=now,
                now=now,
                actor=str(by),
                reason=row.title,
            )
        )
    _restock(row)
    _end(row, Exchange.State.CANCELLED, now, by, reason)
    return row


def cancel_unclaimed(*, program_id: int, now: dt.datetime) -> int:
    """Those that nobody has come for in time; how many, up to a chunk. Each is a transaction of its own."""
    due = Exchange.objects.overdue(now).filter(program_id=program_id).order_by("claim_until", "pk")
    done = 0
    for row in list(due[:CHUNK]):
        try:
            cancel(exchange=row, now=now, by=SWEEP)
        except Refused:
            continue  # somebody was faster
        done += 1
    return done


def drop_ordered(*, account: Account, now: dt.datetime) -> None:
    """Nobody will come for them: the account is being closed, its points are written off, and what it had taken lies
    in the stock again. The account is locked."""
    waiting = Exchange.objects.waiting().filter(program_id=account.program_id, account=account).order_by("reward", "pk")
    # Who hands one over at this moment does so without the account.
    for row in waiting.select_for_update(no_key=True):
        _restock(row)
        _end(row, Exchange.State.CANCELLED, now, SWEEP)


def _restock(row: Exchange) -> None:
    if row.from_stock:
        mine = Reward.objects.filter(program_id=row.program_id, pk=row.reward_id, left__isnull=False)
        mine.update(left=F("left") + 1)


def _give_back(row: Exchange, books: Books, rulebook: Rulebook, now: dt.datetime) -> None:
    """Last taken first."""
    family = kin_of(row.program_id, [row.account_id])
    entry = Entry.objects.get(program_id=row.program_id, account__in=family, kind="redeem", rule=row.mark)
    day = rulebook.calendar.day_of(now) + dt.timedelta(days=rulebook.points.reinstate_days)
    grace = rulebook.calendar.end_of(day)
    lots = Lot.objects.filter(program_id=row.program_id).in_bulk(entry.lots)
    for lot_id, part in reversed(list(zip(entry.lots, entry.parts, strict=True))):
        lot = lots[lot_id]
        books.credit(
            "reinstate",
            -part,
            rule=lot.rule,
            available_at=max(lot.available_at, now),
            expires_at=grace if lot.expires_at is not None and lot.expires_at <= now else lot.expires_at,
            origin=lot_id,
            mark=row.mark,
            given=Given(merchant_id=lot.merchant_id),
        )


def _end(row: Exchange, state: Exchange.State, now: dt.datetime, by: Actor, reason: str = "") -> None:
    row.state, row.ended_at, row.ended_by, row.reason = state, now, str(by)[:120], reason[:250]
    row.save(update_fields=["state", "ended_at", "ended_by", "reason"])
    audit.record(
        program_id=row.program_id,
        action=f"exchange.{state}",
        at=now,
        by=by,
        subject=row,
        details={"gift": row.title, "points": str(row.points)},
        reason=reason,
    )


def _refuse_decided(row: Exchange) -> None:
    if row.state != Exchange.State.ORDERED:
        raise Refused("exchange_decided", state=row.state)


def _locked(exchange: Exchange) -> Exchange:
    program_id = same_tenant(exchange)
    rows = Exchange.objects.select_for_update(no_key=True, of=("self",)).select_related("reward", "account")
    return rows.get(program_id=program_id, pk=exchange.pk)


def _rules(program_id: int, now: dt.datetime) -> Rulebook:
    try:
        return rulebook_at(program_id, now)[1]
    except Refused:
        return NO_RULES
