"""The secret link to a client's card, and the one that ends his notices.

A link is signed and stands nowhere: it names the programme, the account and the version of the card, and a client
whose `card_version` has moved on has made it worthless. Short, because it is printed as a QR code.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from typing import Final, Literal, TypeAlias

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from msgspec import Struct

from clients.models import Client
from merchants import audit, outbox
from merchants.access import Actor, same_tenant, tenant
from merchants.messages import one_line

Way: TypeAlias = Literal["mail", "sms"]

LONGEST: Final = 100
_VERSION, _ACCOUNT = 2, 16


class ShortSigner(Signer):
    """128 bits of a signature are as many as nobody guesses."""

    def signature(self, value: str | bytes, key: str | bytes | None = None) -> str:
        return super().signature(value, key)[:22]


class Named(Struct, frozen=True):
    """What a link names."""

    program_id: int
    account_id: uuid.UUID
    version: int


def token_of(client: Client) -> str:
    """The secret part of the card's address."""
    return _sign("clients.card", client, client.card_version)


def client_of(token: str) -> Client | None:
    """The client whose card this is, with account, programme and merchant; None for a link that is dead or made up."""
    named = _read("clients.card", token)
    if named is None:
        return None
    return _find(named, card_version=named.version)


def invite_token_of(client: Client) -> str:
    """Says who invites and opens nothing: it may be shown to anybody."""
    return _sign("clients.invite", client, 0)


def inviter(token: str) -> Client | None:
    named = _read("clients.invite", token)
    return _find(named) if named else None


def unsubscribe_token_of(client: Client) -> str:
    """Ends notices and shows nothing: it works as long as the client exists, whatever becomes of his card's links."""
    return _sign("clients.notices", client, 0)


def client_to_unsubscribe(token: str) -> Client | None:
    named = _read("clients.notices", token)
    return _find(named) if named else None


@transaction.atomic
def kill_older(*, client: Client, by: Actor, now: dt.datetime, reason: str = "") -> None:
    """All links given out so far stop working; the next one is new."""
    program_id = same_tenant(client)
    Client.objects.filter(pk=client.pk).update(card_version=F("card_version") + 1)
    client.refresh_from_db(fields=["card_version"])
    audit.record(program_id=program_id, action="client.card_link_renewed", at=now, by=by, subject=client, reason=reason)


def note_shown(*, client: Client, by: Actor, now: dt.datetime) -> None:
    """Whoever sees the link could spend the client's points: the log knows who did."""
    audit.record(program_id=client.program_id, action="client.card_link_shown", at=now, by=by, subject=client)


@transaction.atomic
def send(*, client: Client, way: Way, shop: str, site: str, by: Actor, now: dt.datetime) -> None:
    """Send the link through the outbox. ValueError where the client has no address of that kind."""
    if not (client.email if way == "mail" else client.phone):
        raise ValueError(f"no address for {way}")
    outbox.put(
        program_id=same_tenant(client),
        topic="card_link.send",
        # The link itself is made when the message goes: the outbox keeps no secrets.
        payload={"client": client.pk, "way": way, "shop": one_line(shop), "site": site},
        now=now,
    )
    audit.record(
        program_id=client.program_id,
        action="client.card_link_sent",
        at=now,
        by=by,
        subject=client,
        details={"by": way},
    )


def address(client: Client, site: str) -> str:
    """The whole link. `site` is where we live, as in `https://kopilka.example`."""
    return site.rstrip("/") + reverse("card", args=[token_of(client)])


def site() -> str:
    """Where we live, for messages that no request is behind; empty where the settings don't say."""
    return str(settings.SITE_URL).rstrip("/")


def _sign(salt: str, client: Client, version: int) -> str:
    program = client.program_id.to_bytes((client.program_id.bit_length() + 7) // 8, "big")
    value = version.to_bytes(_VERSION, "big") + client.account.public_id.bytes + program
    return ShortSigner(salt=salt, sep=".").sign(base64.urlsafe_b64encode(value).decode().rstrip("="))


def _read(salt: str, token: str) -> Named | None:
    if len(token) > LONGEST or not token.isascii():
        return None
    try:
        text = ShortSigner(salt=salt, sep=".").unsign(token)
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (BadSignature, binascii.Error, ValueError):
        return None
    version, account, program = value[:_VERSION], value[_VERSION : _VERSION + _ACCOUNT], value[_VERSION + _ACCOUNT :]
    return Named(int.from_bytes(program, "big"), uuid.UUID(bytes=account), int.from_bytes(version, "big"))


def _find(named: Named, **also: int) -> Client | None:
    with tenant(named.program_id):
        return (
            Client.objects.select_related("account__merchant", "program")
            .filter(program_id=named.program_id, account__public_id=named.account_id, **also)
            .first()
        )
