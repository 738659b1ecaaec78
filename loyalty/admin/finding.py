"""Rows by what a person has at hand, always by an index.

The unique indexes of the books begin with the programme. There are few of those, so naming all of them turns a search
across programmes into one look-up each.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from phonenumber_field.phonenumber import to_python

from loyalty.models import Account, Card, Return, Sale
from merchants.models import Program, Till

RECEIPT_DAYS = 31
_RECEIPT_OF_A_DAY = re.compile(r"(?P<number>.+?)\s+(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})")


def programs() -> list[int]:
    return list(Program.objects.values_list("pk", flat=True))


def accounts(term: str) -> list[tuple[int, int]]:
    """Programme and key of each account with this phone, card number or public id."""
    public_id = as_uuid(term)
    if public_id is not None:
        found = Account.objects.filter(program__in=programs(), public_id=public_id)
        return list(found.values_list("program_id", "pk"))
    cards = Card.objects.filter(program__in=programs(), number__in=numbers(term))
    return list(cards.values_list("program_id", "account_id").distinct())


def of_accounts(queryset: QuerySet[Any], term: str) -> QuerySet[Any]:
    """Rows of the accounts that a term names, for tables indexed by programme and account."""
    found = accounts(term)
    if not found:
        return queryset.none()
    return queryset.filter(reduce(or_, (Q(program=program, account=account) for program, account in found)))


def sales(term: str) -> QuerySet[Sale]:
    """Receipts by public id, or by number: of the last month, or of the day that follows the number."""
    public_id = as_uuid(term)
    if public_id is not None:
        return Sale.objects.filter(program__in=programs(), public_id=public_id)
    number, days = receipt(term)
    tills = Till.objects.values_list("pk", flat=True)
    return Sale.objects.filter(
        program__in=programs(), till__in=list(tills), local_day__in=days, receipt_number=number
    ).exclude(status=Sale.Status.ENDED)


def returns(term: str) -> Q:
    """Returns by their own public id, or by the receipt's."""
    mine = Q(pk__in=[])
    public_id = as_uuid(term)
    if public_id is not None:
        found = Return.objects.filter(program__in=programs(), public_id=public_id)
        mine = Q(pk__in=list(found.values_list("pk", flat=True)))
    pairs = sales(term).values_list("program_id", "pk")[:100]
    return reduce(or_, (Q(program=program, sale=sale) for program, sale in pairs), mine)


def numbers(term: str) -> list[str]:
    """The term as it may stand on a card: as typed, without spaces, and as a phone."""
    phone = to_python(term)
    candidates = {term, re.sub(r"[\s()-]", "", term)}
    if phone and phone.is_valid():
        candidates.add(phone.as_e164)
    return sorted(candidates)


def receipt(term: str) -> tuple[str, list[dt.date]]:
    match = _RECEIPT_OF_A_DAY.fullmatch(term)
    if match:
        try:
            day = dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
        except ValueError:
            pass
        else:
            return match["number"], [day]
    # A day's grace on either side: programmes live in different zones.
    today = timezone.now().date() + dt.timedelta(days=1)
    return term, [today - dt.timedelta(days=n) for n in range(RECEIPT_DAYS + 2)]


def as_uuid(term: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(term)
    except ValueError:
        return None
