"""A client is erased: his messages, chats, browsers and refusals go with him. And what the dossier says of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from campaigns.messages.reasons import say
from campaigns.models import ChannelRefusal, Message, PushSubscription, TelegramLink
from clients.personal.dossier import Asked, Section
from clients.personal.traces import Known
from merchants.access import every_tenant

# The list of who was sent what is kept for so long.
KEPT: Final = dt.timedelta(days=400)
CHUNK: Final = 5_000


def forget(known: Known) -> None:
    for model in (Message, ChannelRefusal, TelegramLink, PushSubscription):
        model._default_manager.filter(program_id=known.program_id, account__in=known.accounts).delete()


def purge(*, now: dt.datetime) -> int:
    """Messages that ended long ago; a chunk."""
    with every_tenant():
        old = Message.objects.filter(ended_at__lt=now - KEPT) | Message.objects.filter(sent_at__lt=now - KEPT)
        keys = list(old.exclude(state__in=Message.OPEN).values_list("pk", flat=True)[:CHUNK])
        return Message.objects.filter(pk__in=keys).delete()[0]


def _sent(asked: Asked) -> Iterator[Sequence[Any]]:
    rows = Message.objects.filter(**asked.his()).select_related("template").order_by("pk")
    if asked.merchant_id is not None:
        rows = rows.filter(merchant=asked.merchant_id)
    for one in rows.iterator(500):
        yield one.created_at, one.channel, one.template.name, one.state, say(one.why), one.sent_at or ""


def _channels(asked: Asked) -> Iterator[Sequence[Any]]:
    for one in ChannelRefusal.objects.filter(**asked.his()).order_by("pk"):
        yield one.channel, _("unreachable") if one.address else _("refused"), one.at
    for link in TelegramLink.objects.filter(**asked.his()).order_by("pk"):
        yield "telegram", str(link.chat), link.linked_at
    for browser in PushSubscription.objects.filter(**asked.his()).order_by("pk"):
        yield "push", browser.endpoint, browser.created_at


SECTIONS: Final = (
    Section(
        "messages",
        _("Messages"),
        {
            "at": _("When"),
            "channel": _("Channel"),
            "about": _("Template"),
            "state": _("State"),
            "why": _("Why"),
            "sent_at": _("Sent"),
        },
        _sent,
    ),
    Section("channels", _("Channels"), {"channel": _("Channel"), "what": _("What"), "at": _("When")}, _channels),
)
