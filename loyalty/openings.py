"""Accounts that clients bring along from another system: opened in bulk with their cards, counters and balances.

The caller fills the temporary table of this transaction (`table`) and calls `open_all`, which writes all of it by one
statement. For accounts that are new: nobody else can have locked them. The statement compares what it wrote, because
`bulk.loading` passes over the triggers that would.

An opening entry's rule is its mark, `import:<number>`. An account has one living opening at the most, whatever is
loaded how often: one that was taken back has a counter-entry that names it, as adjustments by hand do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from msgspec import Struct

from loyalty import by_hand, ledger
from loyalty.bulk import NotBalancedError
from loyalty.cards import issue_virtual
from loyalty.models import Account, Entry

MARK: Final = "import:"
# A card's number in the table, where it is a virtual one.
VIRTUAL: Final = "v:"

_TABLE: Final = """
    CREATE TEMPORARY TABLE IF NOT EXISTS opening (
        account bigint, tier text, manual_tier text, manual_tier_until timestamptz, spent numeric(14, 2),
        visits integer, birthday date, any_year boolean, tags text[], created_at timestamptz, inactive_at timestamptz,
        points numeric(14, 2), expires_at timestamptz, phone text, cards text[], virtual text
    ) ON COMMIT DELETE ROWS;
    TRUNCATE pg_temp.opening
"""
_OPEN: Final = """
    WITH mine AS MATERIALIZED (
        SELECT o.*, CASE WHEN o.points > 0 THEN nextval(pg_get_serial_sequence('loyalty_lot', 'id')) END AS lot,
               CASE WHEN o.visits > 0 THEN o.visits WHEN o.spent > 0 THEN 1 ELSE 0 END AS purchases
          FROM pg_temp.opening o
    ), accounts AS (
        INSERT INTO loyalty_account (id, program_id, merchant_id, public_id, status, block_reason, points, debt, tier,
               manual_tier, manual_tier_until, tier_gifts, spent, visits, purchases, first_purchase_at, inactive_at,
               birthday, birthday_year_known, tags, created_at)
        SELECT account, %(program)s, %(merchant)s, gen_random_uuid(), 'active', '', coalesce(points, 0), 0,
               coalesce(tier, ''), coalesce(manual_tier, ''), manual_tier_until, '{}', coalesce(spent, 0),
               coalesce(visits, 0), purchases, CASE WHEN purchases > 0 THEN created_at END, inactive_at, birthday,
               any_year IS NOT TRUE, coalesce(tags, '{}'), created_at
          FROM mine ORDER BY account
        RETURNING id AS account, points
    ), brought AS (
        INSERT INTO loyalty_broughtalong (program_id, account_id, spent, visits, purchases, first_purchase_at)
        SELECT %(program)s, account, coalesce(spent, 0), coalesce(visits, 0), purchases, created_at
          FROM mine WHERE purchases > 0
    ), cards AS (
        INSERT INTO loyalty_card (program_id, account_id, kind, number, status, created_at, batch_id)
        SELECT %(program)s, account, 'phone', phone, 'active', %(now)s, NULL FROM mine WHERE phone IS NOT NULL
        UNION ALL
        SELECT %(program)s, account, CASE WHEN c LIKE 'v:%%' THEN 'virtual' ELSE 'plastic' END,
               regexp_replace(c, '^v:', ''), 'active', %(now)s, p.batch_id
          FROM mine CROSS JOIN LATERAL unnest(cards) c
          LEFT JOIN loyalty_plasticcard p ON p.program_id = %(program)s AND p.number = c
    ), lots AS (
        INSERT INTO loyalty_lot (id, program_id, account_id, merchant_id, rule, amount, rest, available_at, expires_at,
               created_at)
        SELECT lot, %(program)s, account, %(merchant)s, 'opening', points, points, %(now)s, expires_at, %(now)s
          FROM mine WHERE points > 0
        RETURNING account_id AS account, rest
    ), entries AS (
        INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, at,
               created_at, actor, reason)
        SELECT %(program)s, account, 'opening', points, points, ARRAY[lot], ARRAY[points], %(mark)s, %(now)s, %(now)s,
               %(actor)s, ''
          FROM mine WHERE points > 0 ORDER BY account
        RETURNING account_id AS account, balance_after
    )
    SELECT count(*), coalesce(sum(a.points), 0),
           min(a.account) FILTER (WHERE a.points <> coalesce(l.rest, 0) OR a.points <> coalesce(e.balance_after, 0))
      FROM accounts a LEFT JOIN lots l USING (account) LEFT JOIN entries e USING (account)
"""
# Another card may have drawn the same number: then this one draws again.
_VIRTUAL: Final = """
    WITH issued AS (
        INSERT INTO loyalty_card (program_id, account_id, kind, number, status, created_at)
        SELECT %(program)s, account, 'virtual', virtual, 'active', %(now)s
          FROM pg_temp.opening WHERE virtual IS NOT NULL
            ON CONFLICT DO NOTHING RETURNING account_id
    )
    SELECT account FROM pg_temp.opening WHERE virtual IS NOT NULL EXCEPT SELECT account_id FROM issued
"""
# The living opening of an account; clients/imports/sql/changes.sql asks the same of many.
_LIVING: Final = """
    SELECT e.id FROM loyalty_entry e
     WHERE e.program_id = %(program)s AND e.kind = 'opening' AND e.rule LIKE 'import:%%'
       AND e.account_id = ANY (
           ARRAY(SELECT m.id FROM loyalty_account m WHERE m.merged_into_id = %(account)s) || %(account)s::bigint)
       AND NOT EXISTS (SELECT FROM loyalty_entry u
                        WHERE u.program_id = %(program)s AND u.account_id = e.account_id AND u.kind = 'adjust'
                          AND u.rule = 'undo:' || e.id)
     LIMIT 1
"""


class Opened(Struct, frozen=True):
    accounts: int
    points: Decimal


def mark_of(number: int) -> str:
    return f"{MARK}{number}"


def table() -> None:
    """The temporary table of this transaction, empty."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)


def open_all(*, program_id: int, merchant_id: int, mark: str, actor: str, now: dt.datetime) -> Opened:
    """Open what stands in the table. Inside `bulk.loading`. IntegrityError where a phone or card is somebody's;
    NotBalancedError if the books would not hold."""
    facts: dict[str, Any] = {
        "program": program_id,
        "merchant": merchant_id,
        "mark": mark,
        "actor": actor[:120],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, facts)
        accounts, points, wrong = cursor.fetchone()
        if wrong is not None:
            raise NotBalancedError(f"account {wrong}")
        cursor.execute(_VIRTUAL, facts)
        for (account,) in cursor.fetchall():
            issue_virtual(account=Account(pk=account, program_id=program_id), now=now)
    return Opened(accounts, points)


@transaction.atomic
def add_opening(
    *,
    program_id: int,
    account_id: int,
    merchant_id: int,
    points: Decimal,
    expires_at: dt.datetime | None,
    mark: str,
    actor: str,
    now: dt.datetime,
) -> int | None:
    """A balance brought along by a client who is here already; the key of the entry. None, and nothing written, where
    one was brought along before. A debt is paid first."""
    state = ledger.lock(program_id=program_id, account_id=account_id, now=now)
    with connection.cursor() as cursor:
        cursor.execute(_LIVING, {"program": program_id, "account": state.id})
        if cursor.fetchone():
            return None
    books = ledger.books_of(state, now)
    books.credit("opening", points, rule="opening", available_at=now, expires_at=expires_at, mark=mark)
    ledger.post(
        ledger.grouped(
            state, books, program_id=program_id, merchant_id=merchant_id, at=now, now=now, actor=actor, reason=""
        )
    )
    entries = Entry.objects.filter(program_id=program_id, account=state.id, kind=Entry.Kind.OPENING, rule=mark)
    return entries.order_by("-pk").values_list("pk", flat=True).first()


# ---------------------------------------------------------------- taken back

_CLOSE: Final = """
    WITH mine AS MATERIALIZED (
        SELECT e.id AS entry, e.account_id, e.lots[1] AS lot, e.points
          FROM loyalty_entry e
         WHERE e.program_id = %(program)s AND e.account_id = ANY (%(accounts)s) AND e.kind = 'opening'
    ), lots AS (
        UPDATE loyalty_lot l SET rest = 0 FROM mine
         WHERE l.program_id = %(program)s AND l.account_id = mine.account_id AND l.id = mine.lot
    ), entries AS (
        INSERT INTO loyalty_entry (program_id, account_id, kind, points, balance_after, lots, parts, rule, at,
               created_at, actor, reason)
        SELECT %(program)s, account_id, 'adjust', -points, 0, ARRAY[lot], ARRAY[-points], 'undo:' || entry, %(now)s,
               %(now)s, %(actor)s, %(reason)s
          FROM mine ORDER BY account_id
    ), cards AS (
        DELETE FROM loyalty_card c WHERE c.program_id = %(program)s AND c.account_id = ANY (%(accounts)s)
    ), codes AS (
        DELETE FROM loyalty_onetimecode c WHERE c.program_id = %(program)s AND c.account_id = ANY (%(accounts)s)
    ), confirmations AS (
        DELETE FROM loyalty_confirmation c WHERE c.program_id = %(program)s AND c.account_id = ANY (%(accounts)s)
    ), referees AS (
        UPDATE loyalty_account r SET referrer_id = NULL
         WHERE r.program_id = %(program)s AND r.referrer_id = ANY (%(accounts)s) AND NOT r.id = ANY (%(accounts)s)
    ), accounts AS (
        UPDATE loyalty_account a
           SET points = 0, status = 'removed', manual_tier = '', referrer_id = NULL, birthday = NULL, tags = '{}',
               inactive_at = NULL
         WHERE a.program_id = %(program)s AND a.id = ANY (%(accounts)s)
    )
    SELECT count(*), coalesce(sum(points), 0) FROM mine
"""


def close_all(
    *, program_id: int, accounts: Sequence[int], actor: str, reason: str, now: dt.datetime
) -> tuple[int, Decimal]:
    """Take back openings of accounts that have nothing else in their books, and remove their clients: the caller has
    locked the accounts and looked at them. How many had a balance, and how many points."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                "program": program_id,
                "accounts": list(accounts),
                "actor": actor[:120],
                "reason": reason[:250],
                "now": now,
            },
        )
        found, points = cursor.fetchone()
    return found, points


@transaction.atomic
def take_back(
    *, program_id: int, account_id: int, entry_id: int, merchant_id: int, actor: str, reason: str, now: dt.datetime
) -> bool:
    """Take back what `add_opening` added, by a counter-entry. False where the books have moved since."""
    state = ledger.lock(program_id=program_id, account_id=account_id, now=now)
    books = ledger.books_of(state, now)
    entries = Entry.objects.filter(program_id=program_id, account=state.id)
    entry = entries.filter(pk=entry_id, kind=Entry.Kind.OPENING).first()
    if entry is None or books.postings or entries.filter(pk__gt=entry_id).exists():
        return False
    books.unadd(entry.points, lot_id=entry.lots[0], mark=f"{by_hand.UNDONE}{entry.pk}")
    ledger.post(
        ledger.grouped(
            state, books, program_id=program_id, merchant_id=merchant_id, at=now, now=now, actor=actor, reason=reason
        )
    )
    return True
