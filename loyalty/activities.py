"""Points for what a client did elsewhere: a review, a repost. Recorded once, at once or after somebody has looked."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Sum
from msgspec import Struct, structs

from loyalty import ledger
from loyalty.engine import limits
from loyalty.engine.books import Books
from loyalty.engine.earning import lot_dates
from loyalty.engine.effects import Activity as ForActivity
from loyalty.engine.limits import Spent
from loyalty.engine.quantities import ZERO, floor
from loyalty.engine.rulebook import Rule, Rulebook
from loyalty.ids import uuid7
from loyalty.ledger import AccountState
from loyalty.models import Account, Activity, BudgetShare, RuleUse
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.sales.opening import AHEAD
from loyalty.standing import client_of
from merchants import audit
from merchants.access import Actor, same_tenant

# Budgets are lent by till; what is given at none has a share of its own.
NO_TILL: Final = 0


class Offer(Struct, frozen=True):
    """What a rule gives for an action now: nothing, where `limit` says so."""

    rule: Rule
    points: Decimal
    approval: bool = False
    limit: str = ""


@transaction.atomic
def record(
    *,
    program_id: int,
    merchant_id: int,
    account: Account,
    action: str,
    reference: str,
    now: dt.datetime,
    actor: str,
    at: dt.datetime | None = None,
) -> Activity:
    """What a client did at `at` (now, unless said), and its points by the rules of then: at once, or when approved.

    The same reference again gives what is known of it. Of several rules for the action the one that gives most counts.
    Refused `activity_unknown` where no rule is about it, `activity_limit` (with `limit`) where none gives anything,
    `client_blocked`, `occurred_at_in_future`, `occurred_at_too_old`.
    """
    same_tenant(account)
    at = at or now
    state = ledger.lock(program_id=program_id, account_id=account.pk, now=now)
    known = Activity.objects.filter(
        program_id=program_id, account_id=state.id, action=action, reference=reference
    ).first()
    if known is not None:
        return known
    if state.status != Account.Status.ACTIVE:
        raise Refused("client_blocked")
    if at > now + AHEAD:
        raise Refused("occurred_at_in_future")
    _number, rulebook = rulebook_at(program_id, at)
    if at < now - dt.timedelta(days=rulebook.points.late_days):
        raise Refused("occurred_at_too_old", days=rulebook.points.late_days)
    books = ledger.books_of(state, now)
    offer = _best([_offer(rule, effect, state, books, rulebook, at) for rule, effect in _rules_for(rulebook, action)])
    activity = Activity(
        program_id=program_id,
        merchant_id=merchant_id,
        account_id=state.id,
        public_id=uuid7(now),
        action=action,
        reference=reference,
        rule=offer.rule.id,
        points=offer.points,
        status=Activity.Status.WAITING if offer.approval else Activity.Status.GIVEN,
        at=at,
    )
    if not offer.approval:
        activity.decided_at = now
        _give(activity, offer, state, books, rulebook, at=at, now=now, actor=actor)
    activity.save(force_insert=True)
    return activity


@transaction.atomic
def approve(*, activity: Activity, now: dt.datetime, by: Actor) -> Activity:
    """Give the points that wait. Refused `activity_decided` the second time, `activity_limit`, `client_blocked`."""
    activity, state = _locked(activity, now)
    if state.status != Account.Status.ACTIVE:
        raise Refused("client_blocked")
    offer, rulebook = promised(activity, state, now)
    if not offer.points:
        raise Refused("activity_limit", limit=offer.limit)
    books = ledger.books_of(state, now)
    _give(activity, offer, state, books, rulebook, at=now, now=now, actor=str(by))
    activity.points = offer.points
    _decide(activity, Activity.Status.GIVEN, "activity.approved", now, by, "")
    return activity


@transaction.atomic
def refuse(*, activity: Activity, reason: str, now: dt.datetime, by: Actor) -> Activity:
    """No points for it. Refused `activity_decided` the second time."""
    activity, _state = _locked(activity, now)
    _decide(activity, Activity.Status.REFUSED, "activity.refused", now, by, reason)
    return activity


def promised(activity: Activity, state: AccountState, now: dt.datetime) -> tuple[Offer, Rulebook]:
    """What approving would give now, by the rules of the day when it was done: never more than was promised then."""
    _number, rulebook = rulebook_at(activity.program_id, activity.at)
    rule, effect = next((rule, effect) for rule, effect in rulebook.rules_that(ForActivity) if rule.id == activity.rule)
    books = ledger.books_of(state, now)
    offer = _offer(rule, structs.replace(effect, points=activity.points), state, books, rulebook, now)
    return offer, rulebook


def foresee(*, activity: Activity, now: dt.datetime) -> Offer:
    """What approving would give now; nothing is written. Refused as `approve` is, but for a blocked client."""
    if activity.status != Activity.Status.WAITING:
        raise Refused("activity_decided", status=activity.status)
    state = ledger.read(program_id=same_tenant(activity), account_id=activity.account_id, now=now)
    offer = promised(activity, state, now)[0]
    if not offer.points:
        raise Refused("activity_limit", limit=offer.limit)
    return offer


def _rules_for(rulebook: Rulebook, action: str) -> list[tuple[Rule, ForActivity]]:
    found = [(rule, effect) for rule, effect in rulebook.rules_that(ForActivity) if effect.action == action]
    if not found:
        raise Refused("activity_unknown", action=action)
    return found


def _best(offers: list[Offer]) -> Offer:
    best = max(offers, key=lambda offer: offer.points)
    if not best.points:
        raise Refused("activity_limit", limit=best.limit)
    return best


def _offer(
    rule: Rule, effect: ForActivity, state: AccountState, books: Books, rulebook: Rulebook, at: dt.datetime
) -> Offer:
    """By the rule's own limits, then the programme's, which know no receipt here."""
    day = rulebook.calendar.day_of(at)
    uses = RuleUse.objects.filter(
        account_id=state.id, rule__in=[rule.id, limits.PROGRAMME], period__in=limits.periods(day).values()
    )
    state.used = list(uses.values_list("rule", "period", "given", "times", "measure"))
    client = client_of(state, books, rulebook, at)
    caps = structs.replace(rulebook.points.caps, per_receipt=None)
    points, limit = effect.points, ""
    for left in (limits.left(rule, client, day, _spent(rule)), limits.left_of_programme(caps, client, day)):
        if left.most is not None and left.most < points:
            points, limit = floor(left.most, rulebook.program.precision), left.limit
    return Offer(rule, max(points, ZERO), effect.approval, limit)


def _spent(rule: Rule) -> dict[str, Spent]:
    if rule.limits.budget is None and rule.limits.uses is None:
        return {}
    shares = BudgetShare.objects.filter(budget__rule=rule.id)
    given = shares.aggregate(given=Sum("given", default=ZERO), uses=Sum("uses", default=0))
    return {rule.id: Spent(given["given"], given["uses"])}


def _give(
    activity: Activity,
    offer: Offer,
    state: AccountState,
    books: Books,
    rulebook: Rulebook,
    *,
    at: dt.datetime,
    now: dt.datetime,
    actor: str,
) -> None:
    rule, day = offer.rule, rulebook.calendar.day_of(at)
    available_at, expires_at = lot_dates(rulebook, at, rule)
    books.credit("earn", offer.points, rule=rule.id, available_at=available_at, expires_at=expires_at)
    state.changes += limits.counted(rule, offer.points, day)
    state.changes += limits.counted_for_programme(rulebook.points.caps, offer.points, day)
    group = ledger.grouped(
        state,
        books,
        program_id=activity.program_id,
        merchant_id=activity.merchant_id,
        at=at,
        now=now,
        actor=actor,
    )
    ledger.post(group)
    if rule.limits.budget is not None or rule.limits.uses is not None:
        _take_budget(activity.program_id, rule, offer.points)


def _take_budget(program_id: int, rule: Rule, points: Decimal) -> None:
    """Last, as sales do it: what all share is held for the shortest time."""
    taken = ledger.call(
        "SELECT loyalty_take_budget(%s, %s, %s, %s, %s, %s)",
        [program_id, rule.id, NO_TILL, points, rule.limits.budget, rule.limits.uses],
    )
    if not taken:
        raise Refused("activity_limit", limit="budget")


def _locked(activity: Activity, now: dt.datetime) -> tuple[Activity, AccountState]:
    """The account first, as every write does; then what stands of the action behind its lock."""
    program_id = same_tenant(activity)
    state = ledger.lock(program_id=program_id, account_id=activity.account_id, now=now)
    activity = Activity.objects.select_for_update().get(program_id=program_id, pk=activity.pk)
    if activity.status != Activity.Status.WAITING:
        raise Refused("activity_decided", status=activity.status)
    return activity, state


def _decide(activity: Activity, status: Activity.Status, said: str, now: dt.datetime, by: Actor, reason: str) -> None:
    activity.status, activity.decided_at, activity.reason = status, now, reason[:250]
    activity.decided_by = str(by)[:120]
    activity.save(update_fields=["status", "points", "decided_at", "decided_by", "reason"])
    audit.record(
        program_id=activity.program_id,
        action=said,
        at=now,
        by=by,
        subject=activity.account,
        details={"activity": str(activity.public_id), "points": str(activity.points)},
        reason=reason,
    )
