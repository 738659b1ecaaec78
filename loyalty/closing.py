"""An account whose person is erased: it is closed, and its books stay whole and nobody's.

What it had is written off, so that nothing is owed to nobody. Cards, codes and coupons go; receipts, entries and lots
stay, without the words that people have written to them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import pgtrigger
from django.db import transaction
from django.db.models import CharField, Q
from django.db.models.functions import Cast
from msgspec import Struct

from loyalty import ledger
from loyalty.models import (
    Account,
    AccountMerge,
    Activity,
    AdjustmentRequest,
    Card,
    Certificate,
    CertificateEntry,
    Confirmation,
    Entry,
    Exchange,
    OneTimeCode,
    PersonalCoupon,
    PlasticCard,
    Return,
    Sale,
)
from loyalty.rewards import ending
from merchants.access import Actor, same_tenant

# What entries of a closing are known by.
MARK: Final = "erased"
# Reasons that are codes of ours, and nobody's words.
_CODES: Final = ("", "correction", "moved")
# Words are no figures: to blank them changes nothing that was booked. Everything else stays refused.
_WORDS_MAY_GO: Final = (
    "loyalty.Entry:append_only",
    "loyalty.Return:append_only",
    "loyalty.CertificateEntry:append_only",
)


class ClosedAlreadyError(Exception):
    """The account is closed, or has been merged into another one: close that."""


class Closing(Struct, frozen=True):
    """What a closing takes and what stays. `points` are all that there are, held and pending ones too."""

    points: Decimal
    debt: Decimal
    holds: int
    coupons: int
    certificates: int
    receipts: int
    invited: int


def foresee(*, account: Account, now: dt.datetime) -> Closing:
    """What closing would do now; nothing is written."""
    program_id = same_tenant(account)
    books = ledger.books_of(ledger.read(program_id=program_id, account_id=account.pk, now=now), now)
    sales = Sale.objects.filter(program_id=program_id, account=account)
    return Closing(
        points=books.points,
        debt=books.debt,
        holds=sales.filter(status=Sale.Status.HELD, hold_until__gt=now).count(),
        coupons=PersonalCoupon.objects.good(now).filter(program_id=program_id, account=account).count(),
        certificates=Certificate.objects.good(now).filter(program_id=program_id, holder=account).count(),
        receipts=sales.exclude(status__in=(Sale.Status.HELD, Sale.Status.ENDED)).count(),
        invited=Account.objects.filter(program_id=program_id, referrer=account).count(),
    )


@transaction.atomic
def close(*, account: Account, reason: str, now: dt.datetime, by: Actor) -> Closing:
    """Close an account for ever. Raises ClosedAlreadyError. `reason` stands at the entries that write off."""
    done, held = begin(account=account, reason=reason, now=now, by=by)
    refill_budgets(held)
    return done


@transaction.atomic
def begin(
    *, account: Account, reason: str, now: dt.datetime, by: Actor, certificates: Sequence[int] = ()
) -> tuple[Closing, list[int]]:
    """`close` as a part of something larger: all but the budgets, which are refilled with the holds that it gives as
    the very last thing. `certificates` are others that the caller is about to write: locked with those of the account.
    """
    program_id = same_tenant(account)
    state = ledger.lock(program_id=program_id, account_id=account.pk, now=now)
    if state.id != account.pk or state.status == Account.Status.REMOVED:
        raise ClosedAlreadyError
    done = foresee(account=account, now=now)
    held = _free_holds(program_id, account.pk)
    aliases = aliases_of(account)
    # The order of locks in docs/architecture.md: receipts, certificates by id, and then everything else.
    ours = Q(holder__in=[account.pk, *aliases]) | Q(pk__in=certificates)
    locked = Certificate.objects.filter(ours, program_id=program_id).order_by("pk").select_for_update(no_key=True)
    list(locked.values_list("pk", flat=True))
    # Read anew: the holds have kept some of it.
    write_off(program_id=program_id, account_id=account.pk, reason=reason, now=now, by=by)
    _end_what_waits(program_id, account, now)
    family = {"program_id": program_id, "account__in": [account.pk, *aliases]}
    _keep_blocked(program_id, family["account__in"])
    for model in (Card, OneTimeCode, Confirmation):
        model._default_manager.filter(**family).delete()
    Account.objects.filter(program_id=program_id, pk__in=[account.pk, *aliases]).update(
        birthday=None, tags=[], block_reason="", manual_tier="", manual_tier_until=None
    )
    Account.objects.filter(pk=account.pk).update(status=Account.Status.REMOVED, inactive_at=None, tier_ends_at=None)
    _forget_words(program_id, [account.pk, *aliases])
    account.refresh_from_db()
    return done, held


def refill_budgets(held: Sequence[int]) -> None:
    """What these holds had taken out of budgets, in the order of their rules. Nothing may be locked after it."""
    ledger.call("SELECT loyalty_refill_budgets_of(%s)", [list(held)])


def _keep_blocked(program_id: int, accounts: Any) -> None:
    """A card that was lost or stolen is no blank one again."""
    blocked = Card.objects.filter(program_id=program_id, account__in=accounts, status=Card.Status.BLOCKED)
    numbers = PlasticCard.objects.filter(program_id=program_id, number__in=blocked.values("number"))
    numbers.update(blocked=True)


def write_off(*, program_id: int, account_id: int, reason: str, now: dt.datetime, by: Actor) -> tuple[Decimal, Decimal]:
    """Points and a debt that belong to nobody any more; how many of each. A late return may leave some behind."""
    state = ledger.lock(program_id=program_id, account_id=account_id, now=now)
    books = ledger.books_of(state, now)
    points, debt = books.points, books.debt
    books.write_off(mark=MARK)
    if books.postings:
        merchant = state.merchant_id
        ledger.post(
            ledger.grouped(
                state,
                books,
                program_id=program_id,
                merchant_id=merchant,
                at=now,
                now=now,
                actor=str(by),
                reason=reason,
            )
        )
    return points, debt


def aliases_of(account: Account) -> list[int]:
    """The accounts that live on in this one, however long the way."""
    found: list[int] = []
    look_at = [account.pk]
    while look_at:
        into = Account.objects.filter(program_id=account.program_id, merged_into__in=look_at)
        look_at = [key for key in into.order_by("pk").values_list("pk", flat=True) if key not in found]
        found += look_at
    return found


def _free_holds(program_id: int, account_id: int) -> list[int]:
    """What receipts under way have kept is free; their tills hear `hold_ended`. Budgets are the caller's."""
    holds = Sale.objects.filter(program_id=program_id, account=account_id, status=Sale.Status.HELD)
    keys = list(holds.order_by("pk").values_list("pk", flat=True))
    return [key for key in keys if ledger.call("SELECT loyalty_free_hold(%s)", [key])]


def _end_what_waits(program_id: int, account: Account, now: dt.datetime) -> None:
    his = {"program_id": program_id, "account": account}
    PersonalCoupon.objects.good(now).filter(**his).update(cancelled_at=now)
    Activity.objects.filter(**his, status=Activity.Status.WAITING).update(
        status=Activity.Status.REFUSED, decided_at=now
    )
    ending.drop_ordered(account=account, now=now)
    waiting = AdjustmentRequest.objects.filter(**his, state=AdjustmentRequest.State.WAITING)
    waiting.update(state=AdjustmentRequest.State.EXPIRED, decided_at=now)


def _forget_words(program_id: int, accounts: Sequence[int]) -> None:
    """Whatever people have typed in beside the figures, where a name could stand."""
    his: dict[str, Any] = {"program_id": program_id, "account__in": accounts}
    AdjustmentRequest.objects.filter(**his).update(reason="", words="")
    Exchange.objects.filter(**his).update(note="", reason="", once="")
    # An action counts once by its reference, which may be the address of somebody's page.
    Activity.objects.filter(**his).update(reason="", reference=Cast("public_id", CharField()))
    certificates = Certificate.objects.filter(program_id=program_id, holder__in=accounts)
    held = list(certificates.values_list("pk", flat=True))
    certificates.update(for_whom="", wish="", email="")
    for merge in AccountMerge.objects.filter(Q(kept__in=accounts) | Q(dropped__in=accounts), program_id=program_id):
        merge.moved = {**merge.moved, "tags": []}
        merge.save(update_fields=["moved"])
    with pgtrigger.ignore(*_WORDS_MAY_GO):
        Entry.objects.filter(**his).exclude(reason__in=_CODES).exclude(rule=MARK).update(reason="")
        returns = Return.objects.filter(program_id=program_id, sale__account__in=accounts)
        returns.exclude(reason__in=_CODES).update(reason="")
        entries = CertificateEntry.objects.filter(program_id=program_id, certificate__in=held)
        entries.exclude(reason="").update(reason="")
