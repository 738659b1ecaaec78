"""A client's history: the entries of the account, each with why."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import msgspec
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.engine.explanation import Fact
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import explain
from loyalty.models import Entry
from loyalty.programs import rulebook_at, rulebook_of
from loyalty.refusals import Refused
from loyalty.wording import Words


class Event(Struct, frozen=True):
    """One change of the balance. `points` is signed; `sale_id` is the public id of the receipt behind it."""

    id: int
    at: dt.datetime
    kind: str
    points: Decimal
    balance_after: Decimal
    rule: str
    title: str
    why: str
    sale_id: uuid.UUID | None


def history(
    *, program_id: int, account_id: int, words: Words, now: dt.datetime, before: int | None = None, limit: int = 50
) -> list[Event]:
    """The newest entries of an account (its key, not its public id), from the one below `before` on."""
    entries = Entry.objects.filter(program_id=program_id, account_id=account_id).select_related("sale")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return [_event(entry, words, _rules_of(entry, program_id, now)) for entry in entries.order_by("-pk")[:limit]]


def _rules_of(entry: Entry, program_id: int, now: dt.datetime) -> Rulebook | None:
    try:
        if entry.sale is not None and entry.sale.version is not None:
            return rulebook_of(program_id, entry.sale.version)
        return rulebook_at(program_id, entry.at)[1] if entry.rule else None
    except (Refused, LookupError):
        return None


def _event(entry: Entry, words: Words, rulebook: Rulebook | None) -> Event:
    fact = _fact_of(entry)
    title, why = str(entry.get_kind_display()), _why(entry)
    if fact is not None:
        said = explain(fact, words, rulebook=rulebook)
        title, why = said.title, said.why
    elif entry.kind == Entry.Kind.EARN and rulebook is not None:
        title = next((rule.title for rule in rulebook.rules if rule.id == entry.rule), title)
    return Event(
        id=entry.pk,
        at=entry.at,
        kind=entry.kind,
        points=entry.points,
        balance_after=entry.balance_after,
        rule=entry.rule,
        title=title,
        why=why,
        sale_id=entry.sale.public_id if entry.sale else None,
    )


def _fact_of(entry: Entry) -> Fact | None:
    """Of an earning by a receipt: what its rule said there."""
    if entry.kind not in (Entry.Kind.EARN, Entry.Kind.REDEEM) or entry.sale is None:
        return None
    facts = msgspec.convert(entry.sale.explanation, tuple[Fact, ...])
    if entry.kind == Entry.Kind.REDEEM:
        return next((fact for fact in facts if fact.kind == "redeem" and fact.applied), None)
    return next((fact for fact in facts if fact.rule == entry.rule and fact.applied and fact.points), None)


def _why(entry: Entry) -> str:
    number = entry.sale.receipt_number if entry.sale else ""
    match entry.kind:
        case Entry.Kind.EXPIRE:
            return _("The points have expired")
        case Entry.Kind.CLAW_BACK:
            said = _("Earned points taken back: return of receipt %(number)s")
            return said % {"number": number} if number else _("Earned points taken back: return")
        case Entry.Kind.REINSTATE:
            said = _("Points come back: return of receipt %(number)s")
            return said % {"number": number} if number else _("Points come back: return")
        case Entry.Kind.REDEEM:
            return _("Paid for receipt %(number)s") % {"number": number} if number else _("Paid for a receipt")
        case Entry.Kind.ADJUST:
            return entry.reason or _("By hand")
        case Entry.Kind.OPENING:
            return _("Balance brought along")
        case _:
            return entry.reason or _("Given by the programme")
