"""What the outbox sends for this app: each handler does one message, by its topic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from clients import card_links, certificates, notices
from clients.acts import letters
from clients.models import Client
from clients.names import quoted
from merchants import sms
from merchants.models import OutboxMessage
from merchants.outbox import Handler


def send_card_link(message: OutboxMessage, now: datetime) -> None:
    """Payload: `client` (key), `way` («mail», «sms»), `shop`, `site`. Not sent to somebody who is gone, or has no
    address any more."""
    client = Client.objects.select_related("account", "program").filter(pk=message.payload["client"]).first()
    if client is None:
        return
    if message.payload["way"] == "sms":
        send_card_link_by_sms(client, message)
    elif client.email:
        send_card_link_by_mail(client, message)


def send_card_link_by_sms(client: Client, message: OutboxMessage) -> None:
    if not client.phone:
        return
    with translation.override(client.program.language):
        text = _("Your card of %(shop)s: %(link)s") % {
            "shop": quoted(message.payload["shop"]),
            "link": card_links.address(client, message.payload["site"]),
        }
    sms.backend().send(str(client.phone), text)


def send_card_link_by_mail(client: Client, message: OutboxMessage) -> None:
    with translation.override(client.program.language):
        shop = quoted(message.payload["shop"])
        send_mail(
            subject=_("Your card of %(shop)s") % {"shop": shop},
            message=render_to_string(
                "clients/public/card_link_email.txt",
                {"client": client, "shop": shop, "link": card_links.address(client, message.payload["site"])},
            ),
            from_email=None,
            recipient_list=[client.email],
        )


HANDLERS: Mapping[str, Handler] = {
    **letters.HANDLERS,
    "card_link.send": send_card_link,
    "certificate.ends": certificates.send_warning,
    "sale.committed": notices.send_purchase,
    "sale.returned": notices.send_return,
}
