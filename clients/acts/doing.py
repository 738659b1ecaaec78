"""A client's turn: the act itself, and its undoing. Accounts are locked by the caller, in the order of their ids."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

from clients.acts.asking import Kind, Terms
from clients.consents import held
from clients.models import Client, ClientAct, ClientActLine, Consent
from clients.models.client import ClientQuerySet
from clients.segments.conditions.profile import Consented
from clients.segments.definition import Clause, Definition, narrowed
from clients.segments.looking import look_of
from loyalty import accounts
from loyalty.by_hand import mark_of
from loyalty.certificates import changing, issuing
from loyalty.models import Account, Certificate, Entry
from loyalty.refusals import Refused
from loyalty.undoing import CannotUndo, undo_adjustment
from merchants.access import Actor
from merchants.models import Merchant

Outcome = ClientActLine.Outcome
# As many as the form of a client takes.
MOST_TAGS: Final = 20

# What was in the way, beside the reasons of `CannotUndo`: `gone` (merged or removed), `short` of points, `late` (the
# points would have expired already), `had` the tag, `had_not`, `many` tags already, `changed` since, `tier` is no more,
# a certificate was `used`.
Do = Callable[[ClientAct, Terms, ClientActLine, dt.datetime, Actor], str]


def do(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> None:
    gone = line.account.status in (Account.Status.REMOVED, Account.Status.MERGED)
    line.why = "gone" if gone else _DO[Kind(act.kind)](act, terms, line, now, by)
    line.outcome = Outcome.LEFT if line.why else Outcome.DONE


def undo(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> None:
    """A line that stays done says why."""
    gone = line.account.status in (Account.Status.REMOVED, Account.Status.MERGED)
    line.why = "gone" if gone else _UNDO[Kind(act.kind)](act, terms, line, now, by)
    line.outcome = Outcome.DONE if line.why else Outcome.UNDONE


def _points(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    once = act.public_id.hex
    try:
        accounts.adjust_within(
            account=line.account,
            points=terms.points,
            reason=act.reason,
            now=now,
            by=by,
            merchant_id=act.merchant_id,
            once=once,
            expires_at=terms.expires_at,
        )
    except Refused as refused:
        known = {"insufficient_points": "short", "points_expired": "late"}
        if refused.code not in known:
            raise
        return known[refused.code]
    mark = mark_of(merchant_id=act.merchant_id, once=once)
    entries = Entry.objects.filter(program_id=act.program_id, account=line.account_id, rule=mark)
    line.entry = entries.values_list("pk", flat=True).first()
    return ""


def _points_back(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    entry = Entry.objects.select_related("account").get(program_id=act.program_id, pk=line.entry or 0)
    try:
        undo_adjustment(entry=entry, reason=act.reason, now=now, by=by, merchant_id=act.merchant_id)
    except CannotUndo as cannot:
        # Somebody has undone it at the client's page.
        return "" if cannot.why == "done" else cannot.why
    return ""


def _tier(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    account = line.account
    until = account.manual_tier_until
    line.before = [account.manual_tier, until.isoformat() if until else None]
    return _set_tier(account, terms.tier, terms.until, act.reason, now, by)


def _tier_back(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    account = line.account
    if (account.manual_tier, account.manual_tier_until) != (terms.tier, terms.until):
        return "changed"
    tier, until = line.before
    return _set_tier(account, tier, dt.datetime.fromisoformat(until) if until else None, act.reason, now, by)


def _set_tier(account: Account, tier: str, until: dt.datetime | None, reason: str, now: dt.datetime, by: Actor) -> str:
    try:
        accounts.set_manual_tier(account=account, tier=tier, until=until, reason=reason, now=now, by=by)
    except Refused as refused:
        if refused.code != "tier_not_found":
            raise
        return "tier"
    return ""


def _tag(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    tags = line.account.tags
    if terms.tag in tags:
        return "had"
    if len(tags) >= MOST_TAGS:
        return "many"
    return _set_tags(line.account, [*tags, terms.tag])


def _untag(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    tags = line.account.tags
    if terms.tag not in tags:
        return "had_not"
    return _set_tags(line.account, [tag for tag in tags if tag != terms.tag])


def _set_tags(account: Account, tags: list[str]) -> str:
    Account.objects.filter(pk=account.pk).update(tags=tags)
    return ""


def _gift(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    if terms.until is not None and terms.until <= now:
        return "late"
    asked = issuing.Terms(
        kind="sum" if terms.amount else "percent",
        amount=terms.amount,
        percent=terms.percent,
        expires_at=terms.until or now + dt.timedelta(days=365),
        title=terms.title,
        wish=terms.wish,
    )
    [one] = issuing.issue(merchant=act.merchant, terms=asked, now=now, by=by, holder=line.account, is_approved=True)
    line.entry = one.pk
    if terms.email:
        client = Client.objects.filter(program_id=act.program_id, account=line.account_id).first()
        if client is not None and client.email and held(client).get(Consent.Kind.ADVERTISING):
            changing.send(certificate=one, email=client.email, site=terms.site, now=now, by=by)
    return ""


def with_letters(rows: ClientQuerySet, merchant: Merchant, now: dt.datetime) -> ClientQuerySet:
    """Those who would get a letter with their certificate: a gift is advertising, and they have agreed to that."""
    agreed = Definition((Clause(Consented(to="advertising")),))
    return narrowed(rows.exclude(email=""), agreed, look_of(merchant, now))


def _gift_back(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
    one = Certificate.objects.get(program_id=act.program_id, pk=line.entry or 0)
    if one.cancelled_at is not None:
        return ""
    if one.rest != one.nominal:
        return "used"
    try:
        changing.cancel(certificate=one, now=now, by=by, reason=act.reason)
    except Refused:
        return "used"  # an unfinished receipt keeps some of it
    return ""


def _already(put_back: Do) -> Do:
    """Of tags: what is as it was needs no putting back."""

    def back(act: ClientAct, terms: Terms, line: ClientActLine, now: dt.datetime, by: Actor) -> str:
        why = put_back(act, terms, line, now, by)
        return "" if why in {"had", "had_not"} else why

    return back


_DO: Final[Mapping[Kind, Do]] = {
    Kind.POINTS: _points,
    Kind.TIER: _tier,
    Kind.TAG: _tag,
    Kind.UNTAG: _untag,
    Kind.GIFT: _gift,
}
_UNDO: Final[Mapping[Kind, Do]] = {
    Kind.POINTS: _points_back,
    Kind.TIER: _tier_back,
    Kind.TAG: _already(_untag),
    Kind.UNTAG: _already(_tag),
    Kind.GIFT: _gift_back,
}
