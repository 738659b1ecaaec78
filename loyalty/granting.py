"""Points for many clients at once, as campaigns give them: one statement for a chunk of accounts.

With `loyalty.ledger` and `loyalty.openings` a writer of the books; the SQL stands in `loyalty/sql/granting.sql`. What a
grant was for says the mark of its entry, `campaign:<campaign>:<turn>:<step>`: the database takes each mark once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.db import transaction
from msgspec import Struct

from loyalty import ledger
from loyalty.ledger import call

MARK: Final = "campaign:"


class Grant(Struct, frozen=True):
    account_id: int
    points: Decimal
    mark: str


class Terms(Struct, frozen=True, kw_only=True):
    """What all of a chunk have in common. `rule` is what their lots are of, `reason` what clients read."""

    program_id: int
    merchant_id: int
    rule: str
    reason: str
    actor: str
    expires_at: dt.datetime | None


def rule_of(campaign_id: int) -> str:
    return f"{MARK}{campaign_id}"


def mark_of(campaign_id: int, turn_id: int, step: int) -> str:
    return f"{rule_of(campaign_id)}:{turn_id}:{step}"


def campaign_of(mark: str) -> int | None:
    """The campaign that an entry’s or a lot’s rule names."""
    number = mark.removeprefix(MARK).partition(":")[0] if mark.startswith(MARK) else ""
    return int(number) if number.isdigit() else None


@transaction.atomic
def grant(*, terms: Terms, grants: Sequence[Grant], now: dt.datetime) -> None:
    """Credit accounts, each of them once in a call; they may be spent at once, and a debt is paid first.

    IntegrityError (`entry_granted_once`), and nothing written, where a mark has been used. The accounts are those that
    the caller means: who is blocked, merged or removed is his to leave out.
    """
    if not grants:
        return
    ledger.lock_all(program_id=terms.program_id, accounts=[one.account_id for one in grants])
    late = call(
        "SELECT loyalty_grant(%s, %s, %s::bigint[], %s::numeric[], %s::text[], %s, %s, %s, %s, %s)",
        [
            terms.program_id,
            terms.merchant_id,
            [one.account_id for one in grants],
            [one.points for one in grants],
            [one.mark for one in grants],
            terms.rule,
            terms.expires_at,
            terms.reason[:250],
            terms.actor[:120],
            now,
        ],
    )
    if late:
        behind = set(late)
        for one in grants:
            if one.account_id in behind:
                _grant_one(terms, one, now)


def _grant_one(terms: Terms, one: Grant, now: dt.datetime) -> None:
    """Of an account whose books have something due: that goes first."""
    state = ledger.lock(program_id=terms.program_id, account_id=one.account_id, now=now)
    books = ledger.books_of(state, now)
    books.credit("earn", one.points, rule=terms.rule, available_at=now, expires_at=terms.expires_at, mark=one.mark)
    ledger.post(
        ledger.grouped(
            state,
            books,
            program_id=terms.program_id,
            merchant_id=terms.merchant_id,
            at=now,
            now=now,
            actor=terms.actor,
            reason=terms.reason,
        )
    )
