"""A client's history: the entries of the account, each with why."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Final, Literal, TypeAlias

import msgspec
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty import by_hand, granting
from loyalty.engine.explanation import Fact
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import explain
from loyalty.models import Entry, ProgramVersion
from loyalty.models.reward import EXCHANGED
from loyalty.programs import rulebook_of
from loyalty.sales.moved import FLAG as MOVED_BY_HAND
from loyalty.sales.moved import REASON as MOVED
from loyalty.wording import Words

# An adjustment keeps the key of its form there, a move that of its merge, which are nobody's business.
_OWN: Final = {Entry.Kind.ADJUST: "adjustment", Entry.Kind.MOVE: "move"}

# Whose eyes: the client reads what was meant for him, the staff also why something was undone, partners nothing.
Reader: TypeAlias = Literal["client", "staff", "partner"]


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
    *,
    program_id: int,
    account_id: int,
    words: Words,
    now: dt.datetime,
    before: int | None = None,
    limit: int = 50,
    merchant_id: int | None = None,
) -> list[Event]:
    """The newest entries of an account (its key, not its public id), from the one below `before` on: for the client,
    or for the merchant's tills, which are not told why a partner gave points by hand."""
    entries = Entry.objects.filter(program_id=program_id, account_id=account_id).select_related("sale")
    if before is not None:
        entries = entries.filter(pk__lt=before)
    rules = RulesOverTime(program_id)
    found = list(entries.order_by("-pk")[:limit])
    hidden = by_hand.of_others(found, merchant_id=merchant_id) if merchant_id is not None else set()
    return [told(entry, words, rules, reader="partner" if entry.pk in hidden else "client") for entry in found]


class RulesOverTime:
    """The rules of a programme at any moment: one query, at the first time that somebody asks."""

    def __init__(self, program_id: int) -> None:
        self._program_id = program_id
        self._versions: list[tuple[dt.datetime, int]] | None = None

    def of(self, entry: Entry) -> Rulebook | None:
        """The rules that an entry came from: those of its sale, or of its moment."""
        if entry.sale is not None and entry.sale.version is not None:
            return self._version(entry.sale.version)
        return self.at(entry.at) if entry.rule and entry.kind != Entry.Kind.ADJUST else None

    def at(self, moment: dt.datetime) -> Rulebook | None:
        if self._versions is None:
            versions = ProgramVersion.objects.filter(program_id=self._program_id).order_by("published_at", "number")
            self._versions = list(versions.values_list("published_at", "number"))
        number = next((number for at, number in reversed(self._versions) if at <= moment), None)
        return None if number is None else self._version(number)

    def _version(self, number: int) -> Rulebook | None:
        try:
            return rulebook_of(self._program_id, number)
        except LookupError:
            return None


def told(entry: Entry, words: Words, rules: RulesOverTime, *, reader: Reader = "client") -> Event:
    """An entry (with its sale) as an event."""
    rulebook = rules.of(entry)
    fact = _fact_of(entry)
    title, why = str(entry.get_kind_display()), _why(entry, reader)
    if entry.rule.startswith(EXCHANGED):
        title = _("Gift: %(gift)s") % {"gift": entry.reason} if entry.reason else _("Gift for points")
        why = _("Taken for points") if entry.kind == Entry.Kind.REDEEM else _("Cancelled: the points are back")
    elif fact is not None:
        said = explain(fact, words, rulebook=rulebook)
        title, why = said.title, said.why
        if entry.sale is not None and MOVED_BY_HAND in entry.sale.flags:
            why = " ".join((f"{why.rstrip('.')}.", _("The receipt was added later.")))
    elif entry.kind == Entry.Kind.EARN and rulebook is not None:
        title = next((rule.title for rule in rulebook.rules if rule.id == entry.rule), title)
    return Event(
        id=entry.pk,
        at=entry.at,
        kind=entry.kind,
        points=entry.points,
        balance_after=entry.balance_after,
        rule=_rule_of(entry),
        title=title,
        why=why,
        sale_id=entry.sale.public_id if entry.sale else None,
    )


def _rule_of(entry: Entry) -> str:
    """Without keys that are nobody's business."""
    if granting.campaign_of(entry.rule) is not None:
        return "campaign"
    return _OWN.get(Entry.Kind(entry.kind), entry.rule)


def _fact_of(entry: Entry) -> Fact | None:
    """Of an earning by a receipt: what its rule said there."""
    if entry.kind not in (Entry.Kind.EARN, Entry.Kind.REDEEM) or entry.sale is None:
        return None
    facts = msgspec.convert(entry.sale.explanation, tuple[Fact, ...])
    if entry.kind == Entry.Kind.REDEEM:
        return next((fact for fact in facts if fact.kind == "redeem" and fact.applied), None)
    return next((fact for fact in facts if fact.rule == entry.rule and fact.applied and fact.points), None)


def _why(entry: Entry, reader: Reader) -> str:
    number = entry.sale.receipt_number if entry.sale else ""
    match entry.kind:
        case Entry.Kind.EXPIRE:
            return _("The points have expired")
        case Entry.Kind.CLAW_BACK if entry.reason == MOVED:
            said = _("Receipt %(number)s went to another client: what it had earned is taken back")
            return said % {"number": number} if number else _("A receipt went to another client: its points with it")
        case Entry.Kind.CLAW_BACK:
            said = _("Earned points taken back: return of receipt %(number)s")
            return said % {"number": number} if number else _("Earned points taken back: return")
        case Entry.Kind.REINSTATE:
            said = _("Points come back: return of receipt %(number)s")
            return said % {"number": number} if number else _("Points come back: return")
        case Entry.Kind.REDEEM:
            return _("Paid for receipt %(number)s") % {"number": number} if number else _("Paid for a receipt")
        case Entry.Kind.ADJUST if by_hand.is_undo(entry):
            shown = entry.reason if reader == "staff" else ""
            return _("Undone: %(reason)s") % {"reason": shown} if shown else _("Undone")
        case Entry.Kind.ADJUST:
            return (entry.reason if reader != "partner" else "") or _("By hand")
        case Entry.Kind.OPENING:
            return _("Balance brought along")
        case Entry.Kind.MOVE:
            return _("From or to another card of the same client")
        case _:
            return entry.reason or _("Given by the programme")
