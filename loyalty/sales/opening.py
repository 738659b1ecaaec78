"""The first half of every sale: who is it, under which rules, with what at hand. One round trip to the database."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Literal

import msgspec

from loyalty import confirmation, ledger
from loyalty.engine import codes as spelling
from loyalty.engine.books import Books
from loyalty.engine.calendar import Calendar
from loyalty.engine.cart import Certificate, Client, PersonalCoupon, PromoCode
from loyalty.engine.conditions.receipt import spelled
from loyalty.engine.limits import Spent
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.goods.marking import Article
from loyalty.ledger import AccountState
from loyalty.programs import rulebook_of
from loyalty.promo import audiences
from loyalty.refusals import Refused
from loyalty.sales.consequences import upline_of
from loyalty.sales.request import Idempotency, SaleRequest
from loyalty.standing import client_of
from merchants.authentication import Caller

AHEAD = dt.timedelta(minutes=5)


class Stored(msgspec.Struct):
    """The answer that the key was given before."""

    digest: str
    status: int
    text: str


class SameReceipt(msgspec.Struct):
    """A receipt of this till with the same number; `held` while it is a hold."""

    digest: str
    id: uuid.UUID
    held: bool


class Day(msgspec.Struct):
    """What the client did on the receipt's day: whether he has been counted as a visitor, points spent."""

    visited: bool
    redeemed: Decimal


class Sent(msgspec.Struct):
    """The living confirmation code of the client."""

    digest: str
    attempts: int
    points: Decimal | None


class Opened(msgspec.Struct):
    alive: bool
    version: int | None
    code_id: int | None
    stored: Stored | None
    receipt: SameReceipt | None
    day: Day | None
    confirmation: Sent | None
    account: AccountState | None
    # Of a card that finds nobody any more: `blocked` or `replaced`.
    card: Literal["blocked", "replaced"] | None = None
    # The card was bound without the client's own code, and he has not confirmed anything by it since.
    unproven: bool = False
    # Those who invited, nearest first; what budgets have given, by rule; the coupons that the cart names.
    uplines: list[AccountState] = []
    budgets: dict[str, tuple[Decimal, int]] = {}
    coupons: list[PersonalCoupon] = []
    # What the directory says of the articles on the receipt.
    goods: list[Article] = []
    certificates: list[Certificate] = []
    # The codes of batches that the cart names, with their terms.
    promo: list[PromoCode] = []

    @property
    def spent(self) -> dict[str, Spent]:
        return {rule: Spent(given, uses) for rule, (given, uses) in self.budgets.items()}


class WrongConfirmation(Refused):
    """Carries the account, so that the failure is counted after the rollback."""

    def __init__(self, account_id: int) -> None:
        super().__init__("confirmation_invalid")
        self.account_id = account_id


_opened = msgspec.json.Decoder(Opened)
_OPEN = "SELECT loyalty_open_sale(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"


def open_sale(
    *,
    caller: Caller,
    request: SaleRequest,
    now: dt.datetime,
    lock: bool,
    key: Idempotency | None = None,
    exact: bool = False,
    by_staff: bool = False,
) -> Opened:
    """Read, and with `lock` lock, all that the sale needs. Refused `key_revoked` where the till may no longer sell,
    unless it is written by the staff, who have no key.

    With `exact` the budgets of rules are locked, too: no other till takes anything out of them until the end.
    """
    who = request.client
    text = ledger.call(
        _OPEN,
        [
            caller.program_id,
            caller.till_id,
            caller.key_id,
            key.key if key else "",
            who.by if who else "",
            who.value if who else "",
            local_day(caller, request.occurred_at),
            request.receipt_number,
            request.occurred_at,
            now,
            lock,
            sorted({way(code) for code in request.cart.promo_codes for way in (spelled, spelling.read)}),
            exact,
            sorted({line.sku for line in request.cart.lines if line.sku}),
            [one.code for one in request.cart.certificates],
        ],
    )
    opened = _opened.decode(text)
    if not opened.alive and not by_staff:
        raise Refused("key_revoked")
    if opened.promo:
        account_id = opened.account.id if opened.account else None
        opened.promo = audiences.narrowed(opened.promo, caller.program_id, account_id, request.occurred_at)
    return opened


def local_day(caller: Caller, at: dt.datetime) -> dt.date:
    return Calendar(caller.time_zone, caller.day_starts_at).day_of(at)


def rules_for(opened: Opened, caller: Caller, request: SaleRequest, now: dt.datetime) -> tuple[int, Rulebook]:
    """The version in force at the receipt's time. Refused where there is none, or the time is out of bounds."""
    if request.occurred_at > now + AHEAD:
        raise Refused("occurred_at_in_future")
    if opened.version is None:
        raise Refused("program_not_published")
    rulebook = rulebook_of(caller.program_id, opened.version)
    if request.occurred_at < now - dt.timedelta(days=rulebook.points.late_days):
        raise Refused("occurred_at_too_old", days=rulebook.points.late_days)
    return opened.version, rulebook


def account_of(opened: Opened, request: SaleRequest) -> AccountState | None:
    """The client's account; None for a receipt without a client. Refused for an unknown or blocked one."""
    if request.client is None:
        return None
    if opened.card is not None:
        raise Refused("card_replaced" if opened.card == "replaced" else "card_blocked")
    if opened.account is None or opened.account.status == "removed":
        raise Refused("client_not_found")
    if opened.account.status == "blocked":
        raise Refused("client_blocked")
    return opened.account


def client_for(
    opened: Opened,
    account: AccountState | None,
    books: Books | None,
    request: SaleRequest,
    caller: Caller,
    rulebook: Rulebook,
) -> Client | None:
    """The engine's view of the client, with the confirmation checked."""
    if account is None or books is None or request.client is None:
        return None
    return client_of(
        account,
        books,
        rulebook,
        request.occurred_at,
        identified_by=request.client.by,
        confirmed=_is_confirmed(opened, account, request, caller),
        unproven=opened.unproven,
        redeemed_today=opened.day.redeemed if opened.day else ZERO,
        visited_today=opened.day is not None and opened.day.visited,
        uplines=[
            upline_of(state, n + 1, local_day(caller, request.occurred_at)) for n, state in enumerate(opened.uplines)
        ],
        coupons=opened.coupons,
    )


def _is_confirmed(opened: Opened, account: AccountState, request: SaleRequest, caller: Caller) -> bool:
    if request.override.strip():
        if "adjust" not in caller.scopes:
            raise Refused("override_not_allowed")
        return True
    if not request.confirmation:
        return False
    sent = opened.confirmation
    if sent is None or sent.attempts >= confirmation.ATTEMPTS:
        raise Refused("confirmation_invalid")
    if not confirmation.matches(account.id, request.confirmation, sent.digest):
        raise WrongConfirmation(account.id)
    points = request.cart.points
    if sent.points is not None and isinstance(points, Decimal) and points > sent.points:
        raise Refused("confirmation_invalid")
    return True
