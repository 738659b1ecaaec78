"""What clients do not want: advertising by a channel. The secret of a link says whose word it is, and of which channel.

A refusal stands beside the consent to advertising and takes nothing from it: whoever unsubscribes from letters may
still get the text messages that he agreed to. What a merged card has refused holds for the card that it became.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from typing import Final

from django.core.signing import BadSignature
from django.db import transaction
from django.utils.crypto import salted_hmac
from msgspec import Struct

from campaigns.models import Channel, ChannelRefusal
from clients.card_links import ShortSigner
from clients.models import Client
from loyalty.kin import kin_of
from merchants.access import tenant

SALT: Final = "campaigns.unsubscribe"
LONGEST: Final = 200
_ACCOUNT, _PROGRAM = 16, 6
_CHANNELS: Final = tuple(Channel.values)


class Named(Struct, frozen=True):
    """What a link names: `source` is what the message was sent for."""

    program_id: int
    account: uuid.UUID
    channel: Channel
    source: str


def token_of(program_id: int, account: uuid.UUID, channel: str, source: str) -> str:
    """Ends one channel and shows nothing: it works as long as the client exists."""
    head = bytes([_CHANNELS.index(channel)]) + account.bytes + program_id.to_bytes(_PROGRAM, "big")
    value = base64.urlsafe_b64encode(head + source.encode()).decode().rstrip("=")
    return ShortSigner(salt=SALT, sep=".").sign(value)


def named_by(token: str) -> Named | None:
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        text = ShortSigner(salt=SALT, sep=".").unsign(token)
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        channel, rest = Channel(_CHANNELS[value[0]]), value[1:]
        program = int.from_bytes(rest[_ACCOUNT : _ACCOUNT + _PROGRAM], "big")
        return Named(program, uuid.UUID(bytes=rest[:_ACCOUNT]), channel, rest[_ACCOUNT + _PROGRAM :].decode())
    except (BadSignature, binascii.Error, ValueError, IndexError):
        return None


def client_of(named: Named) -> Client | None:
    """The client whose link it is; of a card that was merged, the client who has it now."""
    with tenant(named.program_id):
        found = Client.objects.select_related("account__merchant", "program").filter(program_id=named.program_id)
        client = found.filter(account__public_id=named.account).first()
        return client or found.filter(account__aliases__public_id=named.account).first()


@transaction.atomic
def refuse(*, client: Client, channel: Channel, source: str, now: dt.datetime) -> bool:
    """No more advertising by this channel; False where that was said before."""
    _row, is_new = ChannelRefusal.objects.get_or_create(
        program_id=client.program_id,
        account_id=client.account_id,
        channel=channel,
        address="",
        defaults={"at": now, "source": source[:40]},
    )
    return is_new


@transaction.atomic
def take_back(*, client: Client, channel: Channel) -> None:
    """The channel is welcome again, also where a merged card had refused it."""
    family = kin_of(client.program_id, [client.account_id])
    ChannelRefusal.objects.filter(
        program_id=client.program_id, account__in=family, channel=channel, address=""
    ).delete()


def refused_by(client: Client) -> set[str]:
    """The channels that the client has refused himself."""
    family = kin_of(client.program_id, [client.account_id])
    rows = ChannelRefusal.objects.filter(program_id=client.program_id, account__in=family, address="")
    return set(rows.values_list("channel", flat=True))


def note_dead(*, program_id: int, account_id: int, channel: str, address: str, source: str, now: dt.datetime) -> None:
    """Nobody is at this address (its digest): advertising is not sent there again. To another of the client's it is."""
    ChannelRefusal.objects.get_or_create(
        program_id=program_id,
        account_id=account_id,
        channel=channel,
        address=address,
        defaults={"at": now, "source": source[:40]},
    )


def digest_of(address: str) -> str:
    return salted_hmac("campaigns.address", address.strip().casefold(), algorithm="sha256").hexdigest()[:32]
