"""What a client's page has for the till: a one-time code that lives long enough to be typed in, whenever the page is
looked at, and the number of the card."""

from __future__ import annotations

import datetime as dt
from typing import Final

from loyalty.cards import issue_code
from loyalty.models import Account, Card, OneTimeCode

# With less than this left, the page shows a new code; the old one still works until its end.
LEFT_AT_LEAST: Final = dt.timedelta(seconds=90)


def current(*, account: Account, now: dt.datetime) -> OneTimeCode:
    """The newest code that is neither used nor about to die; a new one where there is none."""
    living = OneTimeCode.objects.living(now).filter(
        program_id=account.program_id, account=account, expires_at__gt=now + LEFT_AT_LEAST
    )
    return living.order_by("-expires_at").first() or issue_code(account=account, now=now)


def renew(*, account: Account, now: dt.datetime) -> OneTimeCode:
    """A new code; those that somebody may have seen are dead. One that a sale is using stays with the sale."""
    living = OneTimeCode.objects.living(now).filter(program_id=account.program_id, account=account)
    OneTimeCode.objects.filter(pk__in=list(living.values_list("pk", flat=True))).update(expires_at=now)
    return issue_code(account=account, now=now)


def number_of(account: Account) -> str:
    """The number that the barcode holds: the newest card on the phone that works; empty where there is none."""
    cards = Card.objects.filter(program_id=account.program_id, account=account, kind=Card.Kind.VIRTUAL)
    newest = cards.filter(status=Card.Status.ACTIVE).order_by("-pk")
    return newest.values_list("number", flat=True).first() or ""
