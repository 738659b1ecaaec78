"""The one writer of accounts' balances, lots and entries.

Read an account under its lock, let `Books` decide, post what it decided. The SQL stands in `loyalty/sql/books.sql`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
import psycopg
from django.db import connection, transaction

from loyalty.engine import tiers
from loyalty.engine.books import Books, OpenLot, Posting
from loyalty.engine.cart import Used
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook

NOBODY = uuid.UUID(int=0)


class AccountState(msgspec.Struct, kw_only=True):
    """An account as read under its lock. The counters may be changed; posting writes them back."""

    id: int
    public_id: uuid.UUID
    merchant_id: int
    status: str
    points: Decimal
    debt: Decimal
    tier: str
    manual_tier: str
    manual_tier_until: dt.datetime | None
    tier_gifts: list[str]
    spent: Decimal
    visits: int
    purchases: int
    first_purchase_at: dt.datetime | None
    last_purchase_at: dt.datetime | None
    birthday: dt.date | None
    tags: list[str]
    lots: list[OpenLot]
    birthday_year_known: bool = True
    tier_ends_at: dt.datetime | None = None
    inactive_at: dt.datetime | None = None
    created_at: dt.datetime | None = None
    invited: bool = False
    # What the rules look back on; `referred` are the first purchases of those whom the client invited.
    days: list[tuple[dt.date, Decimal, bool]] = []
    used: list[tuple[str, str, Decimal, int, Decimal]] = []
    referred: list[dt.datetime] = []
    # What this write adds to it.
    changes: list[Used] = []


def new_account(
    account_id: int,
    rulebook: Rulebook,
    at: dt.datetime,
    *,
    public_id: uuid.UUID = NOBODY,
    merchant_id: int = 0,
    birthday: dt.date | None = None,
    birthday_year_known: bool = True,
    tags: Iterable[str] = (),
    invited: bool = False,
) -> AccountState:
    """An account at the moment of joining: the lowest tier, and nothing in its books. For accounts that live in
    memory; those of the database are read from it."""
    first = tiers.reached(rulebook)
    return AccountState(
        id=account_id,
        public_id=public_id,
        merchant_id=merchant_id,
        status="active",
        points=ZERO,
        debt=ZERO,
        tier=first.id if first else "",
        manual_tier="",
        manual_tier_until=None,
        tier_gifts=[],
        spent=ZERO,
        visits=0,
        purchases=0,
        first_purchase_at=None,
        last_purchase_at=None,
        birthday=birthday,
        birthday_year_known=birthday_year_known,
        tags=list(tags),
        lots=[],
        created_at=at,
        invited=invited,
    )


class PostingGroup(msgspec.Struct, frozen=True):
    """What one write does to an account, as `loyalty_post` takes it.

    `points`, `debt` and `moved` (by lot) are changes, not results: if the lock ever failed, two writes that both
    began with the same balance would add up to something that the database refuses.
    """

    program_id: int
    account_id: int
    merchant_id: int
    now: dt.datetime
    at: dt.datetime
    actor: str
    reason: str
    points: Decimal
    debt: Decimal
    tier: str
    tier_gifts: list[str]
    spent: Decimal
    visits: int
    purchases: int
    first_purchase_at: dt.datetime | None
    last_purchase_at: dt.datetime | None
    tier_ends_at: dt.datetime | None
    inactive_at: dt.datetime | None
    used: list[Used]
    postings: list[Posting]
    moved: list[tuple[int, Decimal]]
    unreserved: list[tuple[int, Decimal]]


_state = msgspec.json.Decoder(AccountState)


def call(sql: str, parameters: list[Any]) -> Any:
    """The single value that one of our SQL functions returns.

    psycopg's own cursor prepares the statement on the server; Django's sends and plans its text each time.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        row = cursor.execute(sql, parameters, prepare=True).fetchone()
    return row[0] if row else None


def lock(*, program_id: int, account_id: int, now: dt.datetime) -> AccountState:
    """Lock an account until the end of the transaction and read it. LookupError where it is not the programme's."""
    found = call("SELECT loyalty_lock_account(%s, %s)", [program_id, account_id])
    return read(program_id=program_id, account_id=found, now=now)


def read(*, program_id: int, account_id: int, now: dt.datetime) -> AccountState:
    """An account, its open lots and what the rules in force look back on, not locked."""
    text = call("SELECT loyalty_account_with_history(%s, %s, %s)::text", [program_id, account_id, now])
    if text is None:
        raise LookupError(f"no account {account_id} in programme {program_id}")
    return _state.decode(text)


def books_of(state: AccountState, now: dt.datetime) -> Books:
    """The account's books, with what is due already expired."""
    books = Books(points=state.points, debt=state.debt, lots=state.lots, now=now)
    books.expire_due()
    if state.inactive_at is not None and state.inactive_at <= now:
        # What there was has lapsed; what is given from now on has not.
        state.inactive_at = None
    return books


def grouped(
    state: AccountState,
    books: Books,
    *,
    program_id: int,
    merchant_id: int,
    at: dt.datetime,
    now: dt.datetime,
    actor: str,
    reason: str = "",
) -> PostingGroup:
    """All that the books and the counters have become, to be written at once. `at` is when it happened."""
    return PostingGroup(
        program_id=program_id,
        account_id=state.id,
        merchant_id=merchant_id,
        now=now,
        at=at,
        actor=actor[:120],
        reason=reason[:250],
        points=books.points - state.points,
        debt=books.debt - state.debt,
        tier=state.tier,
        tier_gifts=state.tier_gifts,
        spent=state.spent,
        visits=state.visits,
        purchases=state.purchases,
        first_purchase_at=state.first_purchase_at,
        last_purchase_at=state.last_purchase_at,
        tier_ends_at=state.tier_ends_at,
        inactive_at=state.inactive_at,
        used=summed(state.changes),
        postings=books.postings,
        moved=list(books.moved.items()),
        unreserved=list(books.unreserved.items()),
    )


def summed(changes: Iterable[Used]) -> list[Used]:
    """One change for each rule and period."""
    found: dict[tuple[str, str], Used] = {}
    for one in changes:
        known = found.get((one.rule, one.period), Used(one.rule, one.period))
        found[one.rule, one.period] = Used(
            one.rule, one.period, known.given + one.given, known.times + one.times, known.measure + one.measure
        )
    return [one for one in found.values() if one.given or one.times or one.measure]


def lock_all(*, program_id: int, accounts: Iterable[int]) -> None:
    """Lock several accounts until the end of the transaction, in the order of their ids."""
    call("SELECT loyalty_lock_accounts(%s, %s)", [program_id, sorted(set(accounts))])


def lock_with_uplines(*, program_id: int, accounts: Iterable[int]) -> None:
    """Lock accounts and those who invited them, as far up as any rules go, in the order of their ids."""
    call("SELECT loyalty_lock_with_uplines(%s, %s)", [program_id, sorted(set(accounts))])


def lapse_inactive(*, program_id: int, now: dt.datetime, chunk: int = 1000) -> int:
    """One chunk of accounts whose points lapse for want of purchases: their lots become due. Returns how many."""
    with transaction.atomic():
        return int(call("SELECT loyalty_lapse_inactive(%s, %s, %s)", [program_id, now, chunk]))


def post(group: PostingGroup, *, sale_id: int | None = None, return_id: int | None = None) -> None:
    """Write a group. The account must be locked by this transaction."""
    text = msgspec.json.encode(group).decode()
    call("SELECT loyalty_post(%s::jsonb, %s, %s)", [text, sale_id, return_id])


def expire_due(*, program_id: int, now: dt.datetime, chunk: int = 1000) -> int:
    """One chunk of the sweep: expire what is due of up to `chunk` accounts. Returns how many lots; 0 when done.

    The accounts are locked first, in the order of their ids, like every other write of theirs: a set-based expiry
    that does not would race against redemptions. Tills wait for one chunk at the most.
    """
    with transaction.atomic():
        return int(call("SELECT loyalty_expire_due(%s, %s, %s)", [program_id, now, chunk]))


def end_due_holds(*, program_id: int, now: dt.datetime, chunk: int = 1000) -> int:
    """End holds whose time has passed. They had no effect since; this tidies up. Returns how many."""
    with transaction.atomic():
        return int(call("SELECT loyalty_end_due_holds(%s, %s, %s)", [program_id, now, chunk]))
