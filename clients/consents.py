"""Consents: the texts that people are asked to agree to, and what each client has agreed to.

A consent is a row with its time, its place and the version of the text; the newest row of a kind is what holds. The
texts are built in (templates/clients/public/texts) until a merchant writes his own: each of those is a numbered
version, and an empty one means the built-in text again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.template.loader import render_to_string
from django.utils.translation import gettext, override
from msgspec import Struct

from clients.models import Client, Consent, ConsentText
from clients.names import quoted
from loyalty import ledger
from loyalty.accounts import block
from loyalty.models import Account
from loyalty.wording import spoken
from merchants import audit
from merchants.access import Actor, same_tenant
from merchants.models import Merchant, Outlet

Kind = Consent.Kind

# Those that a client may be asked for, in the order of the form; the one for partners only where there are some, or
# where the merchant has written a text for it.
ASKED: Final = (Kind.PROCESSING, Kind.ADVERTISING, Kind.PARTNERS, Kind.NOTICES)
# To be raised when a built-in text is changed: consents say which one was read.
BUILT_IN_VERSION: Final = 1


class Text(Struct, frozen=True):
    """What a person is shown. `number` is 0 for the built-in text."""

    kind: Kind
    text: str
    version: str
    number: int = 0
    written_at: dt.datetime | None = None


def texts_in_force(merchant: Merchant) -> dict[Kind, Text]:
    """The texts of a merchant in the active language; his own are in the language that he wrote them in."""
    newest = (
        ConsentText.objects.filter(program_id=merchant.program_id, merchant=merchant)
        .order_by("kind", "-version")
        .distinct("kind")
    )
    own = {Kind(row.kind): row for row in newest if row.text}
    others = partners_of(merchant)
    return {
        kind: Text(kind, row.text, f"m{merchant.pk}-{row.version}", row.version, row.created_at)
        if (row := own.get(kind))
        else built_in(merchant, kind, others)
        for kind in ASKED
        if kind != Kind.PARTNERS or others or kind in own
    }


def partners_of(merchant: Merchant) -> list[str]:
    """Those who share the programme, by name: they see its clients, and a consent has to name them."""
    others = Merchant.objects.filter(program_id=merchant.program_id, is_active=True).exclude(pk=merchant.pk)
    return list(others.order_by("name").values_list("name", flat=True))


def built_in(merchant: Merchant, kind: Kind, others: Sequence[str] | None = None) -> Text:
    """The text that comes with the product, with the merchant's legal name and contacts in it."""
    language = spoken()
    if others is None:
        others = partners_of(merchant)
    text = render_to_string(
        f"clients/public/texts/{kind}.{language}.txt",
        {
            "operator": merchant.legal_name or merchant.name,
            "shop": quoted(merchant.name),
            "contacts": merchant.contacts,
            "others": ", ".join(others),
        },
    ).strip()
    # English is a translation of the same version: the name says which of the two was read.
    version = f"default-{BUILT_IN_VERSION}" + ("" if language == "ru" else f"-{language}")
    return Text(kind, text, version)


def place_of(outlet: Outlet) -> str:
    """Where a consent was given by word of mouth, or on paper."""
    return outlet.address or outlet.name


@transaction.atomic
def write_text(*, merchant: Merchant, kind: Kind, text: str, by: Actor, now: dt.datetime) -> ConsentText | None:
    """Ask for this consent with the merchant's own words from now on, or with the built-in ones where `text` is empty.

    None, and nothing written, where that is what is asked already.
    """
    program_id = same_tenant(merchant)
    # One edit at a time: versions are counted.
    Merchant.objects.select_for_update().get(pk=merchant.pk)
    rows = ConsentText.objects.filter(program_id=program_id, merchant=merchant, kind=kind)
    latest = rows.order_by("-version").first()
    asked = " ".join(text.split()) and text.strip().replace("\r\n", "\n")
    if asked == built_in(merchant, kind).text:
        asked = ""
    if asked == (latest.text if latest else ""):
        return None
    number = rows.aggregate(Max("version"))["version__max"] or 0
    row = ConsentText.objects.create(
        program_id=program_id, merchant=merchant, kind=kind, version=number + 1, text=asked, created_at=now
    )
    audit.record(
        program_id=program_id,
        action="consent_text.changed",
        at=now,
        by=by,
        subject=row,
        details={"merchant": merchant.pk, "kind": str(kind), "version": row.version, "built_in": not asked},
    )
    return row


def held(client: Client) -> dict[Kind, bool]:
    """What the client has said last, by kind; nothing of what he was never asked."""
    latest = (
        Consent.objects.filter(program_id=client.program_id, client=client)
        .order_by("kind", "-at", "-pk")
        .distinct("kind")
    )
    return {Kind(consent.kind): consent.given for consent in latest}


@transaction.atomic
def say(
    *,
    client: Client,
    said: Mapping[Kind, bool],
    texts: Mapping[Kind, Text],
    source: str,
    now: dt.datetime,
    address: str = "",
) -> list[Consent]:
    """Write down what the client says now, where it is not what he said before. `address` is the network that it came
    from, or the place where it was said."""
    same_tenant(client)
    # Two pages of one client at once must not both find the same thing missing.
    Client.objects.select_for_update().get(pk=client.pk)
    before = held(client)
    return Consent.objects.bulk_create(
        Consent(
            program_id=client.program_id,
            client=client,
            kind=kind,
            given=given,
            at=now,
            source=source[:60],
            address=address[:120],
            text_version=texts[kind].version if kind in texts else "",
        )
        for kind, given in said.items()
        # Of what a client was never asked: his data are processed all the same, and nothing is sent to him.
        if before.get(kind, kind == Kind.PROCESSING) != given
    )


@transaction.atomic
def withdraw_processing(*, client: Client, source: str, now: dt.datetime, address: str = "") -> str:
    """The client wants to be forgotten: he is told nothing more, and his card works no longer. The shop erases him: it
    finds him among those who ask for it (`clients.personal.requests`).

    The words with which his card is blocked; empty where it was blocked before, and keeps its own.
    """
    # Accounts are locked before anything else: see docs/architecture.md.
    state = ledger.lock(program_id=same_tenant(client), account_id=client.account_id, now=now)
    say(client=client, said=dict.fromkeys(ASKED, False), texts={}, source=source, now=now, address=address)
    if state.status == Account.Status.BLOCKED:
        return ""
    with override(client.program.language):
        reason = gettext("Consent to processing withdrawn")
    block(account=client.account, reason=reason, now=now, by=source)
    return reason
