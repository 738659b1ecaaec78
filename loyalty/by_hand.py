"""Whose points by hand are. The rule of such an entry is a mark: which merchant's staff did it, and the form's key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from loyalty.models import Entry
from merchants.models import Merchant

DONE: Final = "adjustment:"
UNDONE: Final = "undo:"


def mark_of(*, merchant_id: int | None, once: str = "") -> str:
    """`adjustment:17:<key>`; without a merchant it was the platform's."""
    return f"{DONE}{merchant_id or ''}:{once}" if merchant_id or once else ""


def is_undo(entry: Entry) -> bool:
    return entry.kind == Entry.Kind.ADJUST and entry.rule.startswith(UNDONE)


def of_others(entries: Iterable[Entry], *, merchant_id: int) -> set[int]:
    """The keys of those entries by hand, all of one account, that another merchant's staff made, or whose nobody knows:
    in a programme of one merchant none. One query there, two at the most."""
    by_hand = [entry for entry in entries if entry.kind == Entry.Kind.ADJUST]
    if not by_hand:
        return set()
    account = {"program_id": by_hand[0].program_id, "account_id": by_hand[0].account_id}
    if not Merchant.objects.filter(program_id=account["program_id"]).exclude(pk=merchant_id).exists():
        return set()
    # Whoever did it undoes it.
    done = {entry.pk: _undone_by(entry) or entry.pk for entry in by_hand}
    marks = {entry.pk: entry.rule for entry in by_hand}
    missing = set(done.values()) - set(marks)
    if missing:
        marks |= dict(Entry.objects.filter(**account, pk__in=missing).values_list("pk", "rule"))
    mine = f"{DONE}{merchant_id}:"
    return {key for key, first in done.items() if not marks.get(first, "").startswith(mine)}


def _undone_by(entry: Entry) -> int | None:
    return int(entry.rule.removeprefix(UNDONE)) if is_undo(entry) else None
