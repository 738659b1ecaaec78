"""The list of clients: how it is narrowed, and what its columns say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db.models import Max, Q, Sum
from msgspec import Struct

from clients.models import Client
from loyalty.engine import cart, tiers
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Lifetime, Rulebook
from loyalty.models import Account, Lot, Return, Sale

BIRTHDAY_AHEAD: Final = 14


class Row(Struct, frozen=True):
    """A client as a line of the list. `points` are the balance, what has expired left out."""

    client: Client
    tier: str
    points: Decimal
    last_purchase_at: dt.datetime | None
    spent: Decimal


class Purchases(Struct, frozen=True):
    last_at: dt.datetime | None = None
    spent: Decimal = ZERO


def rows_of(clients: Sequence[Client], rulebook: Rulebook, now: dt.datetime, *, only: Q | None) -> list[Row]:
    """The lines of a page; clients with their accounts. `only` limits the purchases to those that the reader may see;
    None means all of them, which the accounts know by themselves. One query, or three."""
    accounts = [client.account for client in clients]
    rests = rests_of(accounts, now)
    bought = purchases_of(accounts, only) if only is not None else {}
    rows = []
    for client in clients:
        account = client.account
        known = Purchases(account.last_purchase_at, account.spent)
        mine = known if only is None else bought.get(account.pk, Purchases())
        tier = tier_of(account, rulebook, now)
        points = rests.get(account.pk, ZERO) - account.debt
        rows.append(Row(client, tier, points, mine.last_at, mine.spent))
    return rows


def rests_of(accounts: Collection[Account], now: dt.datetime) -> dict[int, Decimal]:
    """What is left of the points of each account, whether or not the sweep has run."""
    lots = Lot.objects.filter(account__in=accounts, rest__gt=0).exclude(expires_at__lte=now)
    return dict(lots.order_by().values("account").annotate(sum=Sum("rest")).values_list("account", "sum"))


def purchases_of(accounts: Collection[Account], only: Q) -> Mapping[int, Purchases]:
    sales = Sale.objects.filter(only, account__in=accounts, status__in=(Sale.Status.COMMITTED, Sale.Status.VOIDED))
    sums = sales.order_by().values("account").annotate(paid=Sum("to_pay"))
    lasts = sales.filter(status=Sale.Status.COMMITTED).order_by().values("account").annotate(at=Max("occurred_at"))
    returned = Return.objects.filter(sale__in=sales).order_by().values("sale__account").annotate(sum=Sum("money"))
    back = dict(returned.values_list("sale__account", "sum"))
    last = dict(lasts.values_list("account", "at"))
    return {
        account: Purchases(last.get(account), paid - back.get(account, ZERO))
        for account, paid in sums.values_list("account", "paid")
    }


def tier_of(account: Account, rulebook: Rulebook, now: dt.datetime) -> str:
    tier = tiers.effective(
        rulebook,
        cart.Client(
            tier=account.tier,
            manual_tier=account.manual_tier,
            manual_tier_until=account.manual_tier_until,
            spent=account.spent,
            visits=account.visits,
        ),
        now,
    )
    return tier.title if tier else ""


def in_tier(tier: str, rulebook: Rulebook, now: dt.datetime) -> Q:
    """Clients whose tier it is at this moment; nobody's where the rules have no such tier."""
    rank = rulebook.tiers_by_id.get(tier)
    if rank is None:
        return Q(pk__in=())
    higher = _at_least(rank + 1, rulebook, now) if rank + 1 < len(rulebook.tiers) else Q(pk__in=())
    return (_at_least(rank, rulebook, now) if rank else Q()) & ~higher


def _at_least(rank: int, rulebook: Rulebook, now: dt.datetime) -> Q:
    """`tiers.effective` as a condition: held before, set by hand, or reached by purchases."""
    above = rulebook.tiers[rank:]
    ids = [tier.id for tier in above]
    lasts = Q(account__manual_tier_until=None) | Q(account__manual_tier_until__gt=now)
    found = Q(account__tier__in=ids) | Q(account__manual_tier__in=ids) & lasts
    # Within a window of time only the account's own tier is known here: the sweep and each purchase keep it.
    for tier in above if isinstance(rulebook.status.window, Lifetime) else ():
        if tier.spent is not None:
            found |= Q(account__spent__gte=tier.spent)
        if tier.visits is not None:
            found |= Q(account__visits__gte=tier.visits)
    return found


def birthday_soon(today: dt.date) -> Q:
    found = Q(pk__in=())
    for ahead in range(BIRTHDAY_AHEAD + 1):
        day = today + dt.timedelta(days=ahead)
        found |= Q(birthday__month=day.month, birthday__day=day.day)
        if (day.month, day.day) == (3, 1):
            found |= Q(birthday__month=2, birthday__day=29)
    return found
