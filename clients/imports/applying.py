"""Loading: lines become clients, a thousand at a time. Each chunk is a transaction that moves the mark, so a worker
that is killed leaves whole chunks behind, and the next one goes on after them.

Accounts that are there are locked in the order of their ids, those that are new nobody can have locked. If somebody
joined with a phone of the file since the dry run, the chunk is looked through again and then loaded.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import IntegrityError, transaction

from clients.imports import staging
from clients.imports.choices import Choices, choices_of, rules_at
from clients.imports.keeper import Keeper
from clients.imports.staging import Span
from clients.models import ClientImport
from loyalty import bulk, ledger, openings

CHUNK: Final = 1000
ATTEMPTS: Final = 5


def source_of(one: ClientImport) -> str:
    """Who wrote it, in the books and in consents."""
    return f"import:{one.pk}"


def apply(one: ClientImport, keeper: Keeper) -> None:
    """Load what is not loaded yet: new and known clients first, then who invited whom."""
    choices, last = choices_of(one), last_row(one)
    while one.mark < last:
        span = Span.of(one, one.mark + 1, min(one.mark + CHUNK, last))
        _persist(one, span, choices, keeper)
    while one.mark < one.lines:
        first = one.mark - last + 1
        span = Span.of(one, first, min(first + CHUNK - 1, last))
        with transaction.atomic():
            keeper.move(one.mark + span.last - span.first + 1)
            _lock(span, "l.outcome = 'fresh' AND l.invited_by IS NOT NULL")
            staging.run(staging.sql_of("invite"), span)


def last_row(one: ClientImport) -> int:
    """The work has a second half where the file says who invited."""
    return one.lines // 2 if "referrer" in one.columns else one.lines


def _persist(one: ClientImport, span: Span, choices: Choices, keeper: Keeper) -> None:
    for attempt in range(ATTEMPTS):
        before = one.mark
        try:
            with transaction.atomic():
                keeper.move(span.last)
                if attempt:
                    staging.find_known(span)
                _load(one, span, choices, keeper.clock())
            return
        except IntegrityError:
            one.mark = before
            if attempt == ATTEMPTS - 1:
                raise


def _load(one: ClientImport, span: Span, choices: Choices, now: dt.datetime) -> None:
    if _lock(span, "l.outcome IN ('same', 'change')"):
        staging.compare(span, choices)
        _change(one, span, now)
    rules, until = rules_at(one.program_id, now), choices.tier_until
    tier_until = None if until is None else rules.rulebook.calendar.end_of(until)
    openings.table()
    fill = staging.sql_of("fill_openings")
    if not staging.run(fill, span, now=now, tier_until=tier_until, inactive_at=rules.inactive_at()):
        return
    with bulk.loading():
        openings.open_all(
            program_id=one.program_id,
            merchant_id=one.merchant_id,
            mark=openings.mark_of(one.pk),
            actor=source_of(one),
            now=now,
        )
        staging.run(staging.sql_of("fresh_people"), span, now=now, source=source_of(one))


def _change(one: ClientImport, span: Span, now: dt.datetime) -> None:
    staging.run(staging.sql_of("known_people"), span, now=now, source=source_of(one))
    for line, account, points, expires_at in staging.read(
        "SELECT l.id, l.account, l.points, l.expires_at FROM clients_clientimportline l"
        " WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome = 'change' AND l.changes ? 'points'"
        " ORDER BY l.account",
        span,
    ):
        entry = openings.add_opening(
            program_id=one.program_id,
            account_id=account,
            merchant_id=one.merchant_id,
            points=points,
            expires_at=expires_at,
            mark=openings.mark_of(one.pk),
            actor=source_of(one),
            now=now,
        )
        staging.run("UPDATE clients_clientimportline SET entry = %(entry)s WHERE id = %(line)s", entry=entry, line=line)


def _lock(span: Span, which: str) -> bool:
    """Lock the accounts of these lines, in the order of their ids. Whether there are any."""
    found = staging.read(
        "SELECT l.account FROM clients_clientimportline l"  # noqa: S608  # `which` is ours
        f" WHERE l.id BETWEEN %(first)s AND %(last)s AND {which}",
        span,
    )
    if found:
        ledger.lock_all(program_id=span.program_id, accounts=[account for (account,) in found])
    return bool(found)
