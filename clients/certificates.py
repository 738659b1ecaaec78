"""Who hears that a certificate ends: the address that it was sent to, or its holder's, if he agreed to letters."""

from __future__ import annotations

from datetime import datetime

from clients import card_links, consents
from clients.models import Client, Consent
from loyalty.certificates import letters
from loyalty.models import Certificate
from merchants.models import OutboxMessage


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
