"""Points for a gift: the points are spent, and the gift is the client's, or neither.

Everything is decided behind the account's lock, and the gift's row comes after it: the last one is given once, however
many tills ask at the same time.
"""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import F

from loyalty import ledger
from loyalty.engine.calendar import Calendar
from loyalty.ids import uuid7
from loyalty.ledger import AccountState
from loyalty.models import Account, Exchange, Reward
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.rewards import codes
from loyalty.rewards.offering import Standing, calendar_of, reason_against, taken_by
from loyalty.standing import standing_of
from merchants import audit
from merchants.access import same_tenant


@transaction.atomic
def exchange(
    *,
    reward: Reward,
    account: Account,
    channel: Exchange.Channel,
    now: dt.datetime,
    by: str,
    note: str = "",
    once: str = "",
    outlet_id: int | None = None,
    handed: bool = False,
) -> Exchange:
    """Take the points and keep the gift for the client; `handed` where he has it in his hands already. Whoever calls
    this has made sure that it is the client who asks. With `once` a repeat is answered with the first exchange.

    Refused `client_blocked`, `reward_refused` (`why` as `reason` in `Offer`, or `note` where he has to say something
    and does not), `insufficient_points` (with what is `available`), `program_not_published`.
    """
    same_tenant(reward, account)
    state = lock(account, now)
    if once:
        known = Exchange.objects.filter(program_id=reward.program_id, account=state.id, once=once).first()
        if known is not None:
            return known
    return take(
        reward, state, channel=channel, now=now, by=by, note=note, once=once, outlet_id=outlet_id, handed=handed
    )


def lock(account: Account, now: dt.datetime) -> AccountState:
    """Refused `client_blocked`, `client_not_found` for one who is no more."""
    state = ledger.lock(program_id=account.program_id, account_id=account.pk, now=now)
    if state.status == Account.Status.BLOCKED:
        raise Refused("client_blocked")
    if state.status != Account.Status.ACTIVE:
        raise Refused("client_not_found")
    return state


def take(
    reward: Reward,
    state: AccountState,
    *,
    channel: Exchange.Channel,
    now: dt.datetime,
    by: str,
    note: str = "",
    once: str = "",
    outlet_id: int | None = None,
    handed: bool = False,
) -> Exchange:
    """`exchange` for an account that this transaction has locked."""
    program_id = reward.program_id
    rulebook = rulebook_at(program_id, now)[1]
    books = ledger.books_of(state, now)
    told = standing_of(state, books, rulebook, now)
    calendar = calendar_of(reward)
    today = calendar.day_of(now)
    # As it is now: it may have been changed while this one waited.
    fresh = Reward.objects.select_related("program").get(program_id=program_id, pk=reward.pk)
    reason = reason_against(
        fresh,
        stands=Standing(told.tier, told.available),
        taken=taken_by(account_id=state.id, rewards=[fresh], now=now).get(fresh.pk, (0, 0)),
        today=today,
    )
    if reason == "points":
        raise Refused("insufficient_points", available=told.available)
    if reason:
        raise Refused("reward_refused", why=reason)
    note = " ".join(note.split())[:250]
    if fresh.asks and not note:
        raise Refused("reward_refused", why="note")
    row = Exchange(
        program_id=program_id,
        merchant_id=fresh.merchant_id,
        reward=fresh,
        account_id=state.id,
        outlet_id=outlet_id,
        public_id=uuid7(now),
        code=_free_code(program_id),
        once=once,
        title=fresh.title,
        points=fresh.price,
        state=Exchange.State.HANDED if handed else Exchange.State.ORDERED,
        channel=channel,
        from_stock=fresh.left is not None,
        note=note,
        claim_until=_claim_until(fresh, calendar, today),
        created_at=now,
        actor=by[:120],
        ended_at=now if handed else None,
        ended_by=by[:120] if handed else "",
    )
    books.spend(fresh.price, mark=row.mark)
    ledger.post(
        ledger.grouped(
            state,
            books,
            program_id=program_id,
            merchant_id=fresh.merchant_id,
            at=now,
            now=now,
            actor=by,
            reason=fresh.title,
        )
    )
    if row.from_stock:
        # The lock order: the account, then the gift. Whoever waited here looks at what is left then.
        left = Reward.objects.filter(program_id=program_id, pk=fresh.pk, left__gt=0).update(left=F("left") - 1)
        if not left:
            raise Refused("reward_refused", why="out_of_stock")
    row.save()
    if handed:
        _record(row, "exchange.handed", now, by)
    return row


def _claim_until(reward: Reward, calendar: Calendar, today: dt.date) -> dt.datetime | None:
    if reward.claim_days is None:
        return None
    return calendar.end_of(today + dt.timedelta(days=reward.claim_days))


def _free_code(program_id: int) -> str:
    while True:
        code = codes.new_code()
        if not Exchange.objects.filter(program_id=program_id, code=code).exists():
            return code


def _record(row: Exchange, action: str, now: dt.datetime, by: str) -> None:
    audit.record(
        program_id=row.program_id,
        action=action,
        at=now,
        by=by,
        subject=row,
        details={"gift": row.title, "points": str(row.points)},
    )


def find(*, program_id: int, merchant_id: int, exchange_id: uuid.UUID | None = None, code: str = "") -> Exchange:
    """By its id or its code, at the merchant whose gift it is. Refused `exchange_not_found`."""
    rows = Exchange.objects.filter(program_id=program_id, merchant=merchant_id).select_related("reward", "account")
    row = rows.filter(public_id=exchange_id).first() if exchange_id is not None else None
    if exchange_id is None and (spelled := codes.read(code)):
        row = rows.filter(code=spelled).first()
    if row is None:
        raise Refused("exchange_not_found")
    return row
