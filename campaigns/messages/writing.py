"""A message is written for one client, just before it goes: its template with the client's values of this moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from msgspec import Struct

from campaigns.messages import language, refusing, variables
from campaigns.messages.language import Given, Node, TextError
from campaigns.models import Channel, MessageSettings, MessageTemplate
from clients import card_links
from clients.models import Client
from merchants.gateways.push import Browser
from merchants.messages import one_line
from merchants.models import Merchant

CHANNELS: Final = tuple(Channel.values)


class Letter(Struct, frozen=True, kw_only=True):
    """What goes out, as the channel takes it. `key` is the same at each try."""

    channel: str
    address: str = ""
    browsers: tuple[Browser, ...] = ()
    subject: str = ""
    text: str
    html: str = ""
    link: str = ""
    off: str = ""
    sender: str = ""
    reply_to: str = ""
    key: UUID
    again: bool = False


class Parsed(Struct, frozen=True):
    """A template's trees, by channel; `needed` are all their variables."""

    purpose: str
    subject: tuple[Node, ...]
    texts: Mapping[str, tuple[Node, ...]]
    needed: frozenset[str]


def parsed(template: MessageTemplate) -> Parsed:
    """TextError where the template is broken."""
    names = variables.NAMES
    subject = language.parse(template.subject, names)
    texts = {channel: language.parse(template.texts.get(channel, ""), names) for channel in template.channels}
    needed = language.used(subject).union(*(language.used(nodes) for nodes in texts.values()))
    return Parsed(template.purpose, subject, texts, frozenset(needed))


def lacking(one: Parsed, channel: str, values: Mapping[str, Given]) -> set[str]:
    """Variables without which this message says nothing: what it is about is missing."""
    nodes: Sequence[Node] = one.texts.get(channel, ())
    empty = language.missing(nodes, values) | (
        language.missing(one.subject, values) if _has_subject(channel) else set()
    )
    return {name for name in empty if not variables.BY_KEY[name].may_be_empty}


def write(
    one: Parsed,
    *,
    client: Client,
    merchant: Merchant,
    settings: MessageSettings,
    channel: str,
    address: str,
    browsers: tuple[Browser, ...],
    values: Mapping[str, Given],
    source: str,
    key: UUID,
    again: bool = False,
    is_trial: bool = False,
) -> Letter:
    """The programme's language is active. A trial carries no link that acts for the client."""
    spoken = client.program.language
    text = language.written(one.texts[channel], values, spoken).strip()
    subject = one_line(language.written(one.subject, values, spoken)) or merchant.name
    site = card_links.site()
    is_advertising = one.purpose == MessageTemplate.Purpose.ADVERTISING
    off = html = ""
    if channel == Channel.EMAIL:
        if site and not is_trial:
            off = site + _off(client, channel, source, is_advertising=is_advertising)
        html = render_to_string(
            "campaigns/messages/letter.html", {"text": text, "shop": merchant.name, "off": off, "subject": subject}
        )
        if off:
            text = f"{text}\n\n--\n{_('Unsubscribe from letters of %(shop)s:') % {'shop': merchant.name}}\n{off}"
    elif channel == Channel.TELEGRAM and is_advertising:
        text = f"{text}\n\n{_('No more messages: /stop')}"
    return Letter(
        channel=channel,
        address=address,
        browsers=browsers,
        subject=subject,
        text=text,
        html=html,
        link=card_links.address(client, site) if site and channel == Channel.PUSH and not is_trial else "",
        off=off,
        sender=(settings.sms_sender if channel == Channel.SMS else settings.sender_name or merchant.name),
        reply_to=settings.reply_to,
        key=key,
        again=again,
    )


def _off(client: Client, channel: str, source: str, *, is_advertising: bool) -> str:
    """Where such letters end: advertising by this channel, or notices."""
    if not is_advertising:
        return reverse("notices_off", args=[card_links.unsubscribe_token_of(client)])
    token = refusing.token_of(client.program_id, client.account.public_id, channel, source)
    return reverse("unsubscribe", args=[token])


def _has_subject(channel: str) -> bool:
    return channel in (Channel.EMAIL, Channel.PUSH)


class Desk:
    """Where the letters of a batch are written: each template is parsed once, clients' values are read together."""

    def __init__(self, merchant: Merchant, settings: MessageSettings, now: dt.datetime) -> None:
        self.merchant, self.settings, self.now = merchant, settings, now
        self.templates: dict[int, Parsed | None] = {}

    def parse(self, template: MessageTemplate) -> Parsed | None:
        """None for one that is broken: nobody could save it so, but code may have."""
        if template.pk not in self.templates:
            try:
                self.templates[template.pk] = parsed(template)
            except TextError:
                self.templates[template.pk] = None
        return self.templates[template.pk]

    def values(self, clients: Sequence[Client], templates: Sequence[MessageTemplate]) -> dict[int, dict[str, Given]]:
        needed = frozenset().union(*(one.needed for one in map(self.parse, templates) if one is not None))
        return variables.values_of(clients, self.merchant, needed, self.now)
