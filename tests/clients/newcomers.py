"""People who join by themselves, for tests: what they type, and the codes that they are sent."""

from __future__ import annotations

from typing import Any

from django.test import Client as Browser

from clients.models import Client
from merchants.access import tenant
from merchants.models import OutboxMessage
from tests.cast import Shop

PHONE = "+79161234567"


def form(**fields: Any) -> dict[str, Any]:
    return {"phone": "8 916 123-45-67", "name": "Анна", "birthday": "", "email": "", "processing": "on", **fields}


def texts_sent(shop: Shop) -> list[tuple[str, str]]:
    """Phone and text of the SMS that wait in the outbox, oldest first."""
    with tenant(shop.program.pk):
        rows = OutboxMessage.objects.filter(topic="confirmation.send").order_by("pk")
        return [(row.payload["phone"], row.payload["text"]) for row in rows]


def code_sent(shop: Shop) -> str:
    return texts_sent(shop)[-1][1].partition(" ")[0]


def clients(shop: Shop) -> list[Client]:
    with tenant(shop.program.pk):
        return list(Client.objects.select_related("account").order_by("pk"))


def join(shop: Shop, browser: Browser | None = None, **fields: Any) -> Client:
    """All the way from the form to the card."""
    browser = browser or Browser()
    answer = browser.post(f"/join/{shop.merchant.pk}/", form(**fields))
    assert answer.status_code == 302, answer.content.decode().replace("\xa0", " ")
    answer = browser.post(f"/join/{shop.merchant.pk}/code/", {"code": code_sent(shop)})
    assert answer["Location"].startswith("/card/")
    return clients(shop)[-1]
