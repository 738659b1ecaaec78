"""Accounts: open, find, block, set a status, adjust by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db import IntegrityError, transaction

from loyalty import hand_limits, ledger
from loyalty.by_hand import mark_of
from loyalty.cards import issue_virtual, refuse_blocked
from loyalty.engine import tiers
from loyalty.engine.books import Books, NotEnoughPoints
from loyalty.engine.earning import lot_dates
from loyalty.engine.effects import Welcome
from loyalty.engine.quantities import unit
from loyalty.engine.rulebook import Rulebook
from loyalty.ledger import AccountState
from loyalty.models import Account, Card, Entry, OneTimeCode
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from loyalty.standing import NO_RULES
from merchants import audit
from merchants.access import Actor, same_tenant


@transaction.atomic
def open_account(
    *,
    program_id: int,
    merchant_id: int,
    phone: str | None,
    now: dt.datetime,
    birthday: dt.date | None = None,
    birthday_year_known: bool = True,
    referrer: Account | None = None,
    tags: Sequence[str] = (),
    actor: str = "",
) -> Account:
    """A new account with a virtual card, its phone (E.164) as another, and the welcome points of the rules in force.

    Refused `client_exists` with the other's `account_id` where the phone is known.
    """
    if referrer is not None:
        same_tenant(referrer)
    rulebook = _rules(program_id, now)
    first = tiers.reached(rulebook)
    account = Account.objects.create(
        program_id=program_id,
        merchant_id=merchant_id,
        tier=first.id if first else "",
        birthday=birthday,
        birthday_year_known=birthday_year_known,
        referrer=referrer,
        tags=list(tags),
        created_at=now,
        inactive_at=_lapses(rulebook, now),
    )
    if phone:
        try:
            with transaction.atomic():
                Card.objects.create(
                    program_id=program_id, account=account, kind=Card.Kind.PHONE, number=phone, created_at=now
                )
        except IntegrityError:
            known = Card.objects.select_related("account").get(program_id=program_id, number=phone)
            raise Refused("client_exists", account_id=known.account.public_id) from None
    issue_virtual(account=account, now=now)
    _welcome(account, rulebook, now, actor)
    return account


def _lapses(rulebook: Rulebook, now: dt.datetime) -> dt.datetime | None:
    days, calendar = rulebook.points.inactivity_days, rulebook.calendar
    return None if days is None else calendar.end_of(calendar.day_of(now) + dt.timedelta(days=days))


def find(*, program_id: int, who: Who, now: dt.datetime) -> Account:
    """The account that a phone, card, living one-time code or public id stands for. Refused `client_not_found`; for a
    card that is of no use any more `card_blocked` or `card_replaced`."""
    account = _find(program_id, who, now)
    if account is None:
        raise Refused("client_not_found")
    while account.merged_into is not None:
        account = account.merged_into
    if account.status == Account.Status.REMOVED:
        # An alias of somebody who was erased.
        raise Refused("client_not_found")
    return account


@transaction.atomic
def block(*, account: Account, reason: str, now: dt.datetime, by: Actor) -> None:
    """A blocked client neither earns nor spends; what he has stays."""
    _set_status(account, Account.Status.BLOCKED, reason, "account.blocked", now, by)


@transaction.atomic
def unblock(*, account: Account, reason: str, now: dt.datetime, by: Actor) -> None:
    _set_status(account, Account.Status.ACTIVE, reason, "account.unblocked", now, by)


@transaction.atomic
def set_manual_tier(
    *, account: Account, tier: str, until: dt.datetime | None, reason: str, now: dt.datetime, by: Actor
) -> None:
    """Hold a client's status at least at `tier` until a moment (None: for ever); an empty tier lifts it."""
    program_id = same_tenant(account)
    if tier and tier not in _rules(program_id, now).tiers_by_id:
        raise Refused("tier_not_found", tier=tier)
    before = Account.objects.select_for_update().get(pk=account.pk).manual_tier
    Account.objects.filter(pk=account.pk).update(manual_tier=tier, manual_tier_until=until)
    audit.record(
        program_id=program_id,
        action="account.tier_set",
        at=now,
        by=by,
        subject=account,
        details={"before": before, "after": tier, "until": until.isoformat() if until else None},
        reason=reason,
    )


@transaction.atomic
def name_referrer(*, account: Account, referrer: Account, now: dt.datetime, by: Actor) -> None:
    """Who invited a client: named once, before his first purchase. Refused `referrer_refused` (with `why`) where it is
    himself or somebody whom he invited, where another is named already, or where he has bought something."""
    program_id = same_tenant(account, referrer)
    ledger.lock_all(program_id=program_id, accounts=[account.pk, referrer.pk])
    account.refresh_from_db(fields=["referrer", "purchases", "first_purchase_at"])
    if account.referrer_id is not None:
        if account.referrer_id == referrer.pk:
            return
        raise Refused("referrer_refused", why="named")
    if account.first_purchase_at is not None:
        raise Refused("referrer_refused", why="bought")
    above, seen = referrer, {referrer.pk}
    while True:
        if above.pk == account.pk:
            raise Refused("referrer_refused", why="himself" if referrer.pk == account.pk else "circle")
        following = above.merged_into or above.referrer
        if following is None or following.pk in seen:
            break
        seen.add(following.pk)
        above = following
    Account.objects.filter(pk=account.pk).update(referrer=referrer)
    account.referrer = referrer
    audit.record(
        program_id=program_id,
        action="account.referrer_named",
        at=now,
        by=by,
        subject=account,
        details={"referrer": str(referrer.public_id)},
    )


@transaction.atomic
def adjust(
    *,
    account: Account,
    points: Decimal,
    reason: str,
    now: dt.datetime,
    by: Actor,
    expires_at: dt.datetime | None = None,
    merchant_id: int | None = None,
    once: str = "",
) -> bool:
    """Add points by hand, or deduct them where `points` is negative; they are usable at once.

    Refused `insufficient_points` where more is to be deducted than is available, `points_invalid` where the
    programme does not count so finely, `points_expired` where what is added would have expired already. What was added
    expires at `expires_at`, or as the programme's points do, and was given by the merchant, or by the one where the
    client joined.

    Refused `adjustment_limit` where whoever acts may not move so many at once, or in a day: see `hand_limits`.

    With `once`, a key of the caller's (36 characters at most), a repeat changes nothing and gives False: the entry
    keeps the merchant and the key, and they are looked for behind the account's lock.
    """
    program_id = same_tenant(account)
    given_by = _adjust(account, points, reason, now, by, expires_at, merchant_id, once)
    if given_by is None:
        return False
    hand_limits.take(program_id=program_id, merchant_id=given_by, points=points, now=now, by=by)
    return True


@transaction.atomic
def adjust_within(
    *,
    account: Account,
    points: Decimal,
    reason: str,
    now: dt.datetime,
    by: Actor,
    merchant_id: int,
    once: str,
    expires_at: dt.datetime | None = None,
) -> bool:
    """`adjust` as a part of something larger, whose limits were counted for all of it: here there are none."""
    same_tenant(account)
    return _adjust(account, points, reason, now, by, expires_at, merchant_id, once) is not None


@transaction.atomic
def adjust_all(
    *,
    accounts: Sequence[Account],
    points: Decimal,
    reason: str,
    now: dt.datetime,
    by: Actor,
    merchant_id: int,
    once: str,
    expires_at: dt.datetime | None = None,
) -> int:
    """`adjust` for each of some clients, so many points each: for all of them or for none. Returns for how many.

    The limits hold for all of it together. Refused as `adjust` is; `insufficient_points` names the `account_id`.
    """
    program_id = same_tenant(*accounts)
    ledger.lock_all(program_id=program_id, accounts=[account.pk for account in accounts])
    done = 0
    for account in sorted(accounts, key=lambda one: one.pk):
        try:
            done += _adjust(account, points, reason, now, by, expires_at, merchant_id, once) is not None
        except Refused as refused:
            raise Refused(refused.code, account_id=account.public_id, **refused.facts) from None
    if done:
        hand_limits.take(program_id=program_id, merchant_id=merchant_id, points=points * done, now=now, by=by)
    return done


def _adjust(
    account: Account,
    points: Decimal,
    reason: str,
    now: dt.datetime,
    by: Actor,
    expires_at: dt.datetime | None,
    merchant_id: int | None,
    once: str,
) -> int | None:
    """The merchant whose points they are; None where it was done before. The limits are the caller's."""
    program_id = account.program_id
    rulebook = _rules(program_id, now)
    if not points or points % unit(rulebook.program.precision):
        raise Refused("points_invalid", precision=rulebook.program.precision)
    state = ledger.lock(program_id=program_id, account_id=account.pk, now=now)
    if state.status == Account.Status.REMOVED:
        raise Refused("client_not_found")
    mark = mark_of(merchant_id=merchant_id, once=once)
    if once and Entry.objects.filter(program_id=program_id, account=state.id, rule=mark).exists():
        return None
    books = ledger.books_of(state, now)
    if points > 0:
        _available, expires = lot_dates(rulebook, now)
        until = expires_at or expires
        if until is not None and until <= now:
            # The rules know one day for all points, and it is over: they would be gone as they come.
            raise Refused("points_expired", until=until)
        books.credit("adjust", points, rule="adjustment", available_at=now, expires_at=until, mark=mark)
    else:
        try:
            books.spend(-points, kind="adjust", mark=mark)
        except NotEnoughPoints:
            raise Refused("insufficient_points", available=books.available) from None
    _post(state, books, program_id, now, by, reason, merchant_id)
    audit.record(
        program_id=program_id,
        action="account.adjusted",
        at=now,
        by=by,
        subject=account,
        details={"points": str(points), "balance": str(books.balance)},
        reason=reason,
    )
    return merchant_id or state.merchant_id


def _rules(program_id: int, now: dt.datetime) -> Rulebook:
    """A client may join before the first publication: he just gets nothing yet."""
    try:
        return rulebook_at(program_id, now)[1]
    except Refused:
        return NO_RULES


def _welcome(account: Account, rulebook: Rulebook, now: dt.datetime, actor: str) -> None:
    gifts = rulebook.rules_that(Welcome)
    if not gifts:
        return
    state = ledger.lock(program_id=account.program_id, account_id=account.pk, now=now)
    books = ledger.books_of(state, now)
    available_at, expires_at = lot_dates(rulebook, now)
    for rule, effect in gifts:
        books.credit("earn", effect.points, rule=rule.id, available_at=available_at, expires_at=expires_at)
    _post(state, books, account.program_id, now, actor, "")
    account.points = books.points


def _post(
    state: AccountState,
    books: Books,
    program_id: int,
    now: dt.datetime,
    by: Actor,
    reason: str,
    merchant_id: int | None = None,
) -> None:
    ledger.post(
        ledger.grouped(
            state,
            books,
            program_id=program_id,
            merchant_id=merchant_id or state.merchant_id,
            at=now,
            now=now,
            actor=str(by),
            reason=reason,
        )
    )


def _find(program_id: int, who: Who, now: dt.datetime) -> Account | None:
    accounts = Account.objects.filter(program_id=program_id).select_related("merged_into")
    match who.by:
        case "id":
            try:
                return accounts.exclude(status=Account.Status.REMOVED).filter(public_id=uuid.UUID(who.value)).first()
            except ValueError:
                return None
        case "code":
            code = OneTimeCode.objects.living(now).filter(program_id=program_id, code=who.value).first()
            return accounts.get(pk=code.account_id) if code else None
        case by:
            kinds = [Card.Kind.PHONE] if by == "phone" else [Card.Kind.VIRTUAL, Card.Kind.PLASTIC]
            card = Card.objects.filter(program_id=program_id, number=who.value, kind__in=kinds).first()
            if card is None:
                return None
            refuse_blocked(card)
            return accounts.get(pk=card.account_id)


def _set_status(
    account: Account, status: Account.Status, reason: str, action: str, now: dt.datetime, by: Actor
) -> None:
    program_id = same_tenant(account)
    # The lock that sales take: a sale under way ends before the block, the next one sees it.
    if ledger.lock(program_id=program_id, account_id=account.pk, now=now).status == Account.Status.REMOVED:
        raise Refused("client_not_found")
    blocked = status == Account.Status.BLOCKED
    Account.objects.filter(pk=account.pk).update(status=status, block_reason=reason if blocked else "")
    account.status = status
    audit.record(program_id=program_id, action=action, at=now, by=by, subject=account, reason=reason)
