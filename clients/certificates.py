"""The certificates that a client holds, and who hears that one ends: the address that it was sent to, or its holder's,
if he agreed to letters."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db.models import Q

from clients import card_links, consents
from clients.models import Client, Consent
from loyalty.certificates import letters, links, wording
from loyalty.models import Certificate
from loyalty.wording import Words
from merchants.models import OutboxMessage

SHOWN: Final = 20


def at_hand(
    *, program_id: int, account_id: int, words: Words, now: datetime, merchant_id: int | None = None
) -> list[tuple[Certificate, str, str, str]]:
    """Those that can still pay, the first to end first: what for, what is left, the secret part of their address."""
    # Of whoever was merged into him, too.
    his = Q(holder=account_id) | Q(holder__merged_into=account_id)
    held = Certificate.objects.good(now).filter(his, program_id=program_id)
    if merchant_id is not None:
        held = held.filter(merchant_id=merchant_id)
    return [
        (one, wording.worth(one, words), wording.rest(one, words), links.token_of(one))
        for one in held.order_by("expires_at", "pk")[:SHOWN]
    ]


def send_warning(message: OutboxMessage, now: datetime) -> None:
    """Payload: `certificate` (key)."""
    found = Certificate.objects.select_related("program", "merchant")
    one = found.filter(program_id=message.program_id, pk=message.payload["certificate"]).first()
    if one is None:
        return
    email = one.email or _of_holder(one)
    if email:
        letters.send_warning(one, email, card_links.site(), now)


def _of_holder(one: Certificate) -> str:
    client = Client.objects.filter(program_id=one.program_id, account=one.holder_id).first()
    if client is None or not client.email:
        return ""
    return client.email if consents.held(client).get(Consent.Kind.NOTICES) else ""
