"""Channels that a client opens himself, from the page of his card: a chat with the bot, a browser's push messages."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import uuid
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature
from django.db import transaction
from msgspec import Struct

from campaigns.models import Channel, ChannelRefusal, PushSubscription, TelegramLink
from clients.card_links import ShortSigner
from clients.models import Client
from loyalty.kin import kin_of
from loyalty.models import Account
from merchants.access import every_tenant, tenant
from merchants.gateways import push
from merchants.gateways.push import Browser

SALT: Final = "campaigns.telegram"
# A start code is good for so long after the page was opened.
GOOD_FOR: Final = dt.timedelta(hours=2)
MOST_BROWSERS: Final = 5
_SIGNATURE: Final = 22


class Links(Struct, frozen=True):
    chat: int | None
    browsers: int


def of(client: Client) -> Links:
    family = {"program_id": client.program_id, "account__in": kin_of(client.program_id, [client.account_id])}
    chat = TelegramLink.objects.filter(**family).values_list("chat", flat=True).first()
    return Links(chat, PushSubscription.objects.filter(**family).count())


def start_link(client: Client, now: dt.datetime) -> str:
    return f"https://t.me/{settings.TELEGRAM_BOT}?start={start_code(client, now)}"


def start_code(client: Client, now: dt.datetime) -> str:
    """Up to 64 letters, digits, `_` and `-`: all that Telegram passes on."""
    minute = int(now.timestamp()) // 60
    value = minute.to_bytes(4, "big") + client.account.public_id.bytes + client.program_id.to_bytes(4, "big")
    packed = base64.urlsafe_b64encode(value).decode().rstrip("=")
    return ShortSigner(salt=SALT, sep=".").sign(packed).replace(".", "")


def client_of(code: str, now: dt.datetime) -> Client | None:
    """Whose start code it is; None for one that is too old or made up."""
    if not code.isascii() or not _SIGNATURE < len(code) <= 64:
        return None
    try:
        packed = ShortSigner(salt=SALT, sep=".").unsign(f"{code[:-_SIGNATURE]}.{code[-_SIGNATURE:]}")
        value = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
    except (BadSignature, binascii.Error, ValueError):
        return None
    made = dt.datetime.fromtimestamp(int.from_bytes(value[:4], "big") * 60, dt.UTC)
    if not made <= now < made + GOOD_FOR:
        return None
    program_id = int.from_bytes(value[20:], "big")
    with tenant(program_id):
        found = Client.objects.select_related("account__merchant", "program")
        return found.filter(
            program_id=program_id,
            account__public_id=uuid.UUID(bytes=value[4:20]),
            account__status=Account.Status.ACTIVE,
        ).first()


@transaction.atomic
def link(*, client: Client, chat: int, now: dt.datetime) -> None:
    """Write to this chat from now on; a chat linked before is let go."""
    TelegramLink.objects.update_or_create(
        program_id=client.program_id, account_id=client.account_id, defaults={"chat": chat, "linked_at": now}
    )
    # Whoever comes back wants to hear again.
    ChannelRefusal.objects.filter(
        program_id=client.program_id,
        account__in=kin_of(client.program_id, [client.account_id]),
        channel=Channel.TELEGRAM,
    ).delete()


@transaction.atomic
def unlink(*, client: Client) -> None:
    TelegramLink.objects.filter(
        program_id=client.program_id, account__in=kin_of(client.program_id, [client.account_id])
    ).delete()


def unlink_chat(chat: int) -> int:
    """Whatever shops it was linked to: /stop, or the bot was blocked."""
    with every_tenant():
        deleted, _by_model = TelegramLink.objects.filter(chat=chat).delete()
    return deleted


@transaction.atomic
def subscribe(*, client: Client, browser: Browser, now: dt.datetime) -> bool:
    """False, and nothing kept, where it is no push service that we know, or its keys are none."""
    if not push.is_known(browser.endpoint) or not push.are_keys(browser):
        return False
    PushSubscription.objects.update_or_create(
        program_id=client.program_id,
        account_id=client.account_id,
        digest=hashlib.sha256(browser.endpoint.encode()).hexdigest(),
        defaults={
            "endpoint": browser.endpoint,
            "p256dh": browser.p256dh,
            "auth": browser.auth,
            "created_at": now,
        },
    )
    rows = PushSubscription.objects.filter(program_id=client.program_id, account=client.account_id)
    newest = list(rows.order_by("-created_at", "-pk").values_list("pk", flat=True)[:MOST_BROWSERS])
    rows.exclude(pk__in=newest).delete()
    return True


@transaction.atomic
def forget_browsers(*, client: Client, endpoint: str = "") -> None:
    """One of them, or all."""
    rows = PushSubscription.objects.filter(
        program_id=client.program_id, account__in=kin_of(client.program_id, [client.account_id])
    )
    (rows.filter(endpoint=endpoint) if endpoint else rows).delete()
