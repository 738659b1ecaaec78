"""A shop that writes to clients: who they are, what is sent, and a local gateway that takes it."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from campaigns.messages.queueing import Receiver, queue
from campaigns.messages.sending import send_due
from campaigns.models import Message, MessageTemplate
from clients.enrolment import Consented, enrol
from clients.models import Client, Consent
from merchants.access import tenant
from tests.cast import Shop

# One in the afternoon in Moscow: nobody sleeps.
NOON = dt.datetime(2026, 3, 12, 10, tzinfo=dt.UTC)


_numbers = itertools.count(1)


class Writing:
    """`now` is what the worker's clock says."""

    def __init__(self, shop: Shop, now: dt.datetime = NOON) -> None:
        self.shop, self.now = shop, now

    def client(self, name: str = "Анна", *agreed: str, **more: Any) -> Client:
        """With an e-mail and a phone, and consents to advertising and notices unless others are named."""
        number = next(_numbers)
        with tenant(self.shop.program.pk):
            client = enrol(
                program_id=self.shop.program.pk,
                merchant_id=self.shop.merchant.pk,
                phone=f"+7916123{number:04}",
                name=name,
                source="test",
                consents=[
                    Consented(Consent.Kind(kind)) for kind in ("processing", *(agreed or ("advertising", "notices")))
                ],
                now=self.now - dt.timedelta(days=30),
            )
            email = more.pop("email", f"client{number}@example.org")
            Client.objects.filter(pk=client.pk).update(email=email, **more)
            client.refresh_from_db()
            return client

    def template(self, *channels: str, purpose: str = "advertising", **more: Any) -> MessageTemplate:
        with tenant(self.shop.program.pk):
            number = next(_numbers)
            return MessageTemplate.objects.create(
                program=self.shop.program,
                merchant=self.shop.merchant,
                name=f"Шаблон {number}",
                purpose=purpose,
                channels=list(channels or ("email",)),
                texts=more.pop("texts", dict.fromkeys(channels or ("email",), "Привет, {имя}!")),
                subject=more.pop("subject", "Новости"),
            )

    def ask(
        self, template: MessageTemplate, *clients: Client, details: dict[str, str] | None = None, **more: Any
    ) -> None:
        with tenant(self.shop.program.pk):
            number = next(_numbers)
            occasion = more.pop("occasion", f"test:{number}")
            queue(
                merchant=self.shop.merchant,
                template=template,
                receivers=[Receiver(one.account_id, f"{occasion}:{one.account_id}", details or {}) for one in clients],
                source=more.pop("source", "test"),
                now=self.now,
                **more,
            )

    def send(self) -> int:
        return send_due(clock=lambda: self.now)

    def later(self, **how: int) -> Writing:
        self.now += dt.timedelta(**how)
        return self

    def states(self) -> list[tuple[str, str]]:
        with tenant(self.shop.program.pk):
            return list(Message.objects.order_by("pk").values_list("state", "why"))
