"""By which channel a client is written to, or why not: read for many accounts at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec import Struct, field

from campaigns.messages.refusing import digest_of
from campaigns.models import Channel, ChannelRefusal, MessageTemplate, PushSubscription, TelegramLink
from clients.models import Client, Consent
from loyalty.kin import kin_of, living_of
from loyalty.models import Account
from merchants import sms
from merchants.gateways import push, telegram
from merchants.gateways.push import Browser

Purpose = MessageTemplate.Purpose
ADVERTISING: Final = Consent.Kind.ADVERTISING
NOTICES: Final = Consent.Kind.NOTICES
_STATUSES: Final = {
    Account.Status.BLOCKED: "blocked",
    Account.Status.MERGED: "merged",
    Account.Status.REMOVED: "gone",
}


class Reach(Struct):
    """What is known of an account that somebody wants to write to. `agreed` are kinds of consents that hold, `refused`
    channels, `dead` channels with digests of addresses."""

    status: str = Account.Status.REMOVED
    client: Client | None = None
    agreed: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    dead: set[tuple[str, str]] = field(default_factory=set)
    chat: int | None = None
    browsers: list[Browser] = field(default_factory=list)


class Way(Struct, frozen=True):
    """A channel with the address there, or `why` there is none."""

    channel: str = ""
    address: str = ""
    browsers: tuple[Browser, ...] = ()
    why: str = ""


def set_up() -> set[str]:
    """The channels that this installation can send by."""
    found: set[str] = {Channel.EMAIL}
    found |= {Channel.SMS} if sms.is_set_up() else set()
    found |= {Channel.TELEGRAM} if telegram.is_set_up() else set()
    return found | ({Channel.PUSH} if push.is_set_up() else set())


def read(program_id: int, accounts: Collection[int]) -> dict[int, Reach]:
    """By account. As many queries for a thousand as for one."""
    ours = {"program_id": program_id}
    found = {key: Reach() for key in accounts}
    for key, status in Account.objects.filter(**ours, pk__in=accounts).values_list("pk", "status"):
        found[key].status = status
    clients = Client.objects.filter(**ours, account__in=accounts).select_related("account", "program")
    by_client = {}
    for client in clients:
        found[client.account_id].client = client
        by_client[client.pk] = client.account_id
    latest = Consent.objects.filter(**ours, client__in=by_client, kind__in=(ADVERTISING, NOTICES))
    for said in latest.order_by("client", "kind", "-at", "-pk").distinct("client", "kind"):
        if said.given:
            found[by_client[said.client_id]].agreed.add(said.kind)
    _read_of_family(program_id, found)
    return found


def _read_of_family(program_id: int, found: dict[int, Reach]) -> None:
    """What merged cards have said, too."""
    ours = {"program_id": program_id}
    living = family(program_id, found)
    for account, channel, address in ChannelRefusal.objects.filter(**ours, account__in=living).values_list(
        "account", "channel", "address"
    ):
        one = found[living[account]]
        if address:
            one.dead.add((channel, address))
        else:
            one.refused.add(channel)
    if telegram.is_set_up():
        for link in TelegramLink.objects.filter(**ours, account__in=living).order_by("linked_at"):
            found[living[link.account_id]].chat = link.chat
    if push.is_set_up():
        for row in PushSubscription.objects.filter(**ours, account__in=living).order_by("pk"):
            found[living[row.account_id]].browsers.append(Browser(row.endpoint, row.p256dh, row.auth))


def way_to(reach: Reach, purpose: str, channels: Sequence[str]) -> Way:
    """The first of the channels by which this client may be written to. `channels` are those of the template that the
    installation has."""
    if reach.status != Account.Status.ACTIVE:
        return Way(why=_STATUSES.get(Account.Status(reach.status), "gone"))
    if reach.client is None:
        return Way(why="gone")
    if purpose == Purpose.ADVERTISING and ADVERTISING not in reach.agreed:
        return Way(why="no_consent")
    obstacle = "no_address"
    for channel in channels:
        way = _address(reach, reach.client, channel)
        if way is None:
            continue
        why = _obstacle(reach, way, purpose)
        if not why:
            return way
        obstacle = why
    return Way(why=obstacle)


def _address(reach: Reach, client: Client, channel: str) -> Way | None:
    match channel:
        case Channel.EMAIL if client.email:
            return Way(channel, client.email)
        case Channel.SMS if client.phone:
            return Way(channel, str(client.phone))
        case Channel.TELEGRAM if reach.chat is not None:
            return Way(channel, str(reach.chat))
        case Channel.PUSH if reach.browsers:
            return Way(channel, browsers=tuple(reach.browsers))
    return None


def _obstacle(reach: Reach, way: Way, purpose: str) -> str:
    if purpose == Purpose.ADVERTISING:
        if way.channel in reach.refused:
            return "refused"
        return "dead_address" if (way.channel, digest_of(way.address)) in reach.dead else ""
    # Whoever has linked a chat, or let his browser be asked, wants to hear; an address was given for other things.
    if way.channel in (Channel.EMAIL, Channel.SMS) and NOTICES not in reach.agreed:
        return "no_consent"
    return ""


def family(program_id: int, accounts: Collection[int]) -> Mapping[int, int]:
    """Each account, and each that was merged into one of them, with the one that it lives on in."""
    kin = set(kin_of(program_id, accounts)) - set(accounts)
    merged = {one: head for one, head in living_of(program_id, kin).items() if head in accounts}
    return {**merged, **{one: one for one in accounts}}
