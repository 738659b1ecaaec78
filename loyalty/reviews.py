"""What time makes of tiers, and what a new version makes of accounts that nobody buys with."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from loyalty import ledger
from loyalty.engine import tiers
from loyalty.engine.rulebook import Rulebook
from loyalty.models import Account, Adoption, ProgramVersion
from loyalty.programs import rulebook_at, rulebook_of
from loyalty.refusals import Refused
from loyalty.standing import counters_of

CHUNK = 500


def review_tiers(*, program_id: int, now: dt.datetime) -> int:
    """One chunk of accounts whose tier is due for a look: keep it or let it fall, as `tiers.held` says. Everybody has
    seen it so since the moment itself; this writes it down. Returns how many."""
    try:
        _number, rulebook = rulebook_at(program_id, now)
    except Refused:
        return 0
    due = Account.objects.filter(program_id=program_id, tier_ends_at__lte=now).order_by("tier_ends_at")
    with transaction.atomic():
        keys = sorted(due.values_list("pk", flat=True)[:CHUNK])
        ledger.lock_all(program_id=program_id, accounts=keys)
        for key in keys:
            _settle(program_id, key, rulebook, now)
    return len(keys)


def adopt(*, program_id: int, now: dt.datetime) -> int:
    """One chunk of bringing accounts under the version in force: a review of the tier where tiers may end now, a day on
    which points lapse where they may, none where they no longer do. Nobody loses anything overnight: both terms begin
    with the version. Returns how many accounts; 0 when all are done."""
    number = ProgramVersion.objects.in_force(program_id, now)
    if number is None:
        return 0
    with transaction.atomic():
        mark, _made = Adoption.objects.select_for_update().get_or_create(
            program_id=program_id, defaults={"number": number}
        )
        if mark.number != number:
            mark.number, mark.account_id, mark.done = number, 0, False
        if mark.done:
            return 0
        accounts = Account.objects.filter(program_id=program_id, pk__gt=mark.account_id).order_by("pk")
        keys = list(accounts.values_list("pk", flat=True)[:CHUNK])
        version = ProgramVersion.objects.defer("document").get(program_id=program_id, number=number)
        _adopt(program_id, keys, rulebook_of(program_id, number), version.published_at, now)
        mark.account_id, mark.done = keys[-1] if keys else mark.account_id, len(keys) < CHUNK
        mark.save()
    return len(keys)


def _adopt(program_id: int, keys: list[int], rulebook: Rulebook, since: dt.datetime, now: dt.datetime) -> None:
    days, falls = rulebook.points.inactivity_days, rulebook.status.downgrade != "never"
    ledger.lock_all(program_id=program_id, accounts=keys)
    accounts = Account.objects.filter(program_id=program_id, pk__in=keys)
    if not falls:
        accounts.exclude(tier_ends_at=None).update(tier_ends_at=None)
    if days is None:
        accounts.exclude(inactive_at=None).update(inactive_at=None)
    calendar = rulebook.calendar
    lowest = rulebook.tiers[0].id if rulebook.tiers else ""
    for account in accounts if days is not None or falls else ():
        if falls and account.tier_ends_at is None and account.tier not in ("", lowest):
            _settle(program_id, account.pk, rulebook, now)
        if days is not None:
            last = max(account.last_purchase_at or account.created_at, since)
            ends = calendar.end_of(calendar.day_of(last) + dt.timedelta(days=days))
            Account.objects.filter(pk=account.pk).update(inactive_at=ends)


def _settle(program_id: int, account_id: int, rulebook: Rulebook, now: dt.datetime) -> None:
    state = ledger.read(program_id=program_id, account_id=account_id, now=now)
    held = tiers.held(rulebook, counters_of(state, rulebook), now)
    tier = held.tier.id if held.tier else state.tier
    Account.objects.filter(program_id=program_id, pk=account_id).update(tier=tier, tier_ends_at=held.ends_at)
