"""Phones that show the till page: each has a key of its till, which is revoked like any other.

A manager shows a link (as a QR code); whoever opens it on a phone within a day, and says so, connects that phone. The
link is signed and not stored: it lives as long as it says, for any number of phones.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction

from merchants import audit, tills
from merchants.access import Action, Actor, require, same_tenant, tenant
from merchants.models import Scope, Till

INVITATION_LIVES = timedelta(hours=24)
SCOPES = (Scope.SELL, Scope.ENROL, Scope.READ)
_SALT = "merchants.devices"


def invite(*, till: Till, by: Actor, now: datetime) -> str:
    """The token of a link that connects phones to the till for 24 hours."""
    same_tenant(till)
    require(by, Action.MANAGE_TILLS, merchant=till.merchant)
    return signing.dumps([till.program_id, till.pk, int(now.timestamp())], salt=_SALT)


def till_of(token: str, now: datetime) -> Till | None:
    """The till that the link is for, with its outlet and merchant; None where the token is false or too old, or the
    till, its outlet or its merchant is switched off. Needs no tenant: the token names it."""
    try:
        program_id, till_id, signed_at = signing.loads(token, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if not 0 <= now.timestamp() - signed_at + 1 <= INVITATION_LIVES.total_seconds() + 1:
        return None
    with tenant(program_id):
        return (
            Till.objects.filter(pk=till_id, is_active=True, outlet__is_active=True, merchant__is_active=True)
            .select_related("outlet", "merchant", "program")
            .first()
        )


@transaction.atomic
def connect(*, till: Till, name: str, by: Actor, now: datetime) -> str:
    """A key for a phone with the till page, in plain text, for the only time. `name` is what the team calls it."""
    same_tenant(till)
    require(by, Action.OPEN_TILL, merchant=till.merchant)
    row, key = tills.write_key(till=till, scopes=SCOPES, now=now, device=" ".join(name.split())[:80])
    audit.record(
        program_id=till.program_id,
        action="device.connected",
        at=now,
        by=by,
        subject=row,
        details={"till": till.pk},
    )
    return key
