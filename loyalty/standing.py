"""Where a client stands: what is shown on every surface."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from loyalty import ledger
from loyalty.engine import tiers
from loyalty.engine.books import Books
from loyalty.engine.calendar import Calendar
from loyalty.engine.cart import Client, Day, IdentifiedBy, PersonalCoupon, Upline, Used
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Lifetime, Rulebook
from loyalty.engine.tiers import Counters
from loyalty.ledger import AccountState
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused

NO_RULES = Rulebook()


class Standing(Struct, frozen=True):
    """Where a client stands. Points are in the programme's precision; `debt` is shown as a negative balance.

    `available` may be spent now, `pending` later; `held` is kept by a hold. `next_expiry_points` are gone at
    `next_expiry_at`. `to_next_*` is what is missing to the next tier, by money or by visits.
    """

    account_id: uuid.UUID
    available: Decimal
    pending: Decimal
    held: Decimal
    debt: Decimal
    balance: Decimal
    next_expiry_at: dt.datetime | None = None
    next_expiry_points: Decimal | None = None
    tier: str = ""
    tier_title: str = ""
    next_tier: str = ""
    next_tier_title: str = ""
    to_next_money: Decimal | None = None
    to_next_visits: int | None = None
    tier_ends_at: dt.datetime | None = None


def standing(*, program_id: int, account_id: int, now: dt.datetime) -> Standing:
    """An account's standing at a moment, whether or not the sweep has run. LookupError for a stranger's account."""
    state = ledger.read(program_id=program_id, account_id=account_id, now=now)
    try:
        _number, rulebook = rulebook_at(program_id, now)
    except Refused:
        rulebook = NO_RULES
    return standing_of(state, ledger.books_of(state, now), rulebook, now)


def standing_of(state: AccountState, books: Books, rulebook: Rulebook, now: dt.datetime) -> Standing:
    client = client_of(state, books, rulebook, now)
    held = tiers.held(rulebook, client, now)
    tier = tiers.effective(rulebook, client, now)
    counted = tiers.amounts(rulebook, client, rulebook.calendar.day_of(now))
    following = tiers.following(rulebook, tier)
    expiry = books.next_expiry()
    return Standing(
        account_id=state.public_id,
        available=books.available,
        pending=books.pending,
        held=books.held,
        debt=books.debt,
        balance=books.shown,
        next_expiry_at=expiry[0] if expiry else None,
        next_expiry_points=expiry[1] if expiry else None,
        tier=tier.id if tier else "",
        tier_title=tier.title if tier else "",
        next_tier=following.id if following else "",
        next_tier_title=following.title if following else "",
        to_next_money=max(ZERO, following.spent - counted.spent) if following and following.spent is not None else None,
        to_next_visits=max(0, following.visits - counted.visits)
        if following and following.visits is not None
        else None,
        tier_ends_at=held.ends_at if tier == held.tier else None,
    )


def client_of(
    state: AccountState,
    books: Books,
    rulebook: Rulebook,
    at: dt.datetime,
    *,
    identified_by: IdentifiedBy = "card",
    confirmed: bool = False,
    unproven: bool = False,
    redeemed_today: Decimal = ZERO,
    visited_today: bool = False,
    uplines: Sequence[Upline] = (),
    coupons: Sequence[PersonalCoupon] = (),
) -> Client:
    """The engine's view of an account."""
    calendar = rulebook.calendar
    return Client(
        identified_by=identified_by,
        confirmed=confirmed,
        unproven=unproven,
        available=books.available,
        redeemed_today=redeemed_today,
        tier=state.tier,
        manual_tier=state.manual_tier,
        manual_tier_until=state.manual_tier_until,
        tier_ends_at=state.tier_ends_at,
        tier_gifts=tuple(state.tier_gifts),
        spent=state.spent,
        visits=state.visits,
        purchases=state.purchases,
        referrals=len(state.referred),
        tags=tuple(state.tags),
        birthday=state.birthday,
        birthday_year_known=state.birthday_year_known,
        invited=state.invited,
        joined_on=calendar.day_of(state.created_at) if state.created_at else None,
        last_purchase_on=calendar.day_of(state.last_purchase_at) if state.last_purchase_at else None,
        visited_today=visited_today,
        days=_days_of(state, calendar),
        used=tuple([Used(*one) for one in state.used]),
        uplines=tuple(uplines),
        coupons=tuple(coupons),
    )


def counters_of(state: AccountState, rulebook: Rulebook) -> Counters:
    """As much of `client_of` as a tier is told by."""
    whole_time = isinstance(rulebook.status.window, Lifetime)
    return Counters(
        state.tier,
        state.tier_ends_at,
        state.spent,
        state.visits,
        len(state.referred),
        () if whole_time else _days_of(state, rulebook.calendar),
    )


def _days_of(state: AccountState, calendar: Calendar) -> tuple[Day, ...]:
    days = tuple([Day(*day) for day in state.days])
    return _with_referred(days, state.referred, calendar) if state.referred else days


def _with_referred(days: Sequence[Day], firsts: Sequence[dt.datetime], calendar: Calendar) -> tuple[Day, ...]:
    """The days with the first purchases of those whom the client invited."""
    referred = Counter(calendar.day_of(first) for first in firsts)
    bought = [Day(one.day, one.spent, one.visit, referred.pop(one.day, 0)) for one in days]
    return (*bought, *(Day(day, visit=False, referrals=number) for day, number in referred.items()))
