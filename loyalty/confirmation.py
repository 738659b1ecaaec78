"""The code sent to a client's phone that lets points be spent."""

from __future__ import annotations

import datetime as dt
import hmac
import math
import secrets
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, override

from loyalty.models import Account, Card, Confirmation
from loyalty.refusals import Refused
from merchants import outbox
from merchants.access import same_tenant
from merchants.models import Program

LIVES = dt.timedelta(minutes=10)
ATTEMPTS = 5
PAUSE = dt.timedelta(minutes=1)


@transaction.atomic
def send(*, account: Account, shop: str, points: Decimal | None, now: dt.datetime) -> dt.datetime:
    """Send four digits by SMS, through the outbox. Returns when they expire; an earlier code is dead at once.

    The message names the shop and, where it is known, how many points: a sale may not spend more than that.
    Refused `phone_missing` where the client has no phone, `client_blocked` where he is blocked,
    `confirmation_too_soon` (with the `seconds` to wait) within a minute of an unused one.
    """
    program_id = same_tenant(account)
    if account.status == Account.Status.BLOCKED:
        raise Refused("client_blocked")
    phone = Card.objects.filter(account=account, kind=Card.Kind.PHONE, status=Card.Status.ACTIVE).first()
    if phone is None:
        raise Refused("phone_missing")
    _refuse_too_soon(account, now)
    code = f"{secrets.randbelow(10**4):04}"
    Confirmation.objects.update_or_create(
        program_id=program_id,
        account=account,
        defaults={
            "digest": digest_of(account.pk, code),
            "expires_at": now + LIVES,
            "attempts": 0,
            "points": points,
            "used_at": None,
        },
    )
    text = _text(Program.objects.get(pk=program_id), code, shop, points)
    outbox.put(program_id=program_id, topic="confirmation.send", payload={"phone": phone.number, "text": text}, now=now)
    return now + LIVES


def _refuse_too_soon(account: Account, now: dt.datetime) -> None:
    """Each message costs money and a client's patience, and each new code begins with no failures."""
    last = Confirmation.objects.select_for_update().filter(account=account).first()
    if last is not None and last.used_at is None and now < last.expires_at - LIVES + PAUSE:
        seconds = (last.expires_at - LIVES + PAUSE - now).total_seconds()
        raise Refused("confirmation_too_soon", seconds=math.ceil(seconds))


def digest_of(account_id: int, code: str) -> str:
    """Four digits have no entropy to speak of: the server's secret is what keeps a stolen table useless."""
    return salted_hmac("loyalty.confirmation", f"{account_id}:{code}", algorithm="sha256").hexdigest()


def matches(account_id: int, code: str, digest: str) -> bool:
    return hmac.compare_digest(digest_of(account_id, code), digest)


def count_failure(*, program_id: int, account_id: int) -> None:
    """Remember a wrong code. Called after the sale was rolled back, or the count would go back with it."""
    Confirmation.objects.filter(program_id=program_id, account_id=account_id).update(attempts=F("attempts") + 1)


def _text(program: Program, code: str, shop: str, points: Decimal | None) -> str:
    with override(program.language):
        if points is None:
            return gettext("%(code)s is your code for paying with points at %(shop)s. Tell it only to the cashier.") % {
                "code": code,
                "shop": shop,
            }
        return gettext(
            "%(code)s is your code for paying with %(points)s points at %(shop)s. Tell it only to the cashier."
        ) % {"code": code, "shop": shop, "points": format(points.normalize(), "f")}
