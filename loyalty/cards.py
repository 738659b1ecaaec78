"""Numbers and codes by which a till finds a client."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import connection

from loyalty.models import Account, Card, OneTimeCode
from loyalty.refusals import Refused
from merchants import barcodes

CODE_LIVES = dt.timedelta(minutes=10)
# EAN-13 reserves 20–29 for a shop's own use, so that no product on sale has such a number. Plastic cards with numbers
# of ours begin with 28: the number that a virtual card draws is none that waits in a batch.
_OWN_USE = "29"
PLASTIC = "28"


def new_number() -> str:
    """A card number that any scanner reads: EAN-13 with ten random digits and the check digit."""
    return card_with(secrets.randbelow(10**10))


def card_with(number: int, use: str = _OWN_USE) -> str:
    """The card number with these ten digits."""
    return with_check_digit(f"{use}{number:010}")


def with_check_digit(twelve: str) -> str:
    """An EAN-13 out of its first twelve digits."""
    return twelve + barcodes.check_digit(twelve)


def refuse_blocked(card: Card) -> None:
    if card.status == Card.Status.BLOCKED:
        raise Refused("card_replaced" if card.block_why == Card.Why.REPLACED else "card_blocked")


def issue_virtual(*, account: Account, now: dt.datetime) -> Card:
    return Card.objects.create(
        program_id=account.program_id, account=account, kind=Card.Kind.VIRTUAL, number=new_number(), created_at=now
    )


def issue_code(*, account: Account, now: dt.datetime) -> OneTimeCode:
    """Six digits that stand for the client for ten minutes, once. Unique among the programme's living codes.

    A dead code's row is taken over: the table stays as small as the number of codes alive at once.
    """
    while True:
        code = f"{secrets.randbelow(10**6):06}"
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_CODE, [account.program_id, account.pk, code, now + CODE_LIVES, now])
            row = cursor.fetchone()
        if row:
            return OneTimeCode.objects.get(pk=row[0])


_TAKE_CODE = """
    INSERT INTO loyalty_onetimecode AS mine (program_id, account_id, code, expires_at)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (program_id, code) DO UPDATE
       SET account_id = excluded.account_id, expires_at = excluded.expires_at, sale_id = NULL, shown_to = NULL
     WHERE mine.expires_at <= %s
    RETURNING id
"""
