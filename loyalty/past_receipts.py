"""What is known of receipts of the system before this one; `clients.imports.receipts` writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, Sum
from msgspec import Struct

from loyalty.models import Account, PastReceipt


class Summary(Struct, frozen=True):
    number: int
    first: dt.date | None
    last: dt.date | None


class OfClient(Struct, frozen=True):
    """The newest of them, how many there are, and for what sum."""

    newest: Sequence[PastReceipt]
    number: int
    total: Decimal


def summary(program_id: int) -> Summary:
    found = PastReceipt.objects.filter(program_id=program_id).aggregate(
        number=Count("pk"), first=Min("local_day"), last=Max("local_day")
    )
    return Summary(**found)


def of_client(account: Account, *, seen: Q, size: int) -> OfClient:
    """Those that a reader may see: `seen` names the merchant, and the outlets where not all of them."""
    rows = PastReceipt.objects.filter(seen, program_id=account.program_id, account=account)
    newest = list(rows.select_related("outlet").order_by("-occurred_at", "-pk")[:size])
    if len(newest) < size:
        return OfClient(newest, len(newest), sum((one.total for one in newest), Decimal(0)))
    found = rows.aggregate(number=Count("pk"), total=Sum("total"))
    return OfClient(newest, **found)
