"""What a client hears of his purchases by e-mail: those who agreed to it, and have an address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from django.core.mail import EmailMultiAlternatives
from django.db.models import OuterRef, Subquery
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clients import card_links
from clients.models import Client, Consent
from loyalty.engine.explanation import Fact
from loyalty.engine.quantities import ZERO
from loyalty.explanations import explain
from loyalty.models import Return, Sale
from loyalty.sales.stored import taken_back
from loyalty.standing import Standing, standing
from loyalty.wording import Words, words_of
from merchants.counters import CacheDownError, counters
from merchants.messages import one_line
from merchants.models import Merchant, OutboxMessage

# Later than this, it is no news but a puzzle: an offline till's receipts, an outage.
FRESH: Final = dt.timedelta(days=1)
REMEMBERED_SECONDS: Final = 2 * 24 * 60 * 60


def send_purchase(message: OutboxMessage, now: dt.datetime) -> None:
    """Payload: `sale` (public id)."""
    sale = _sale(message.program_id, message.payload["sale"])
    # What was voided at once is told by its return alone.
    if sale is None or sale.status != Sale.Status.COMMITTED or now - sale.occurred_at > FRESH:
        return
    client = _reader(sale)
    if client is not None:
        _send(message, client, sale, now=now, kind="purchase", facts=_purchase)


def send_return(message: OutboxMessage, now: dt.datetime) -> None:
    """Payload: `sale` and `return` (public ids)."""
    sale = _sale(message.program_id, message.payload["sale"])
    client = _reader(sale) if sale is not None else None
    if sale is None or client is None:
        return
    back = Return.objects.filter(
        program_id=message.program_id, sale=sale, public_id=message.payload["return"], at__gte=now - FRESH
    ).first()
    if back is not None:
        _send(
            message,
            client,
            sale,
            now=now,
            kind="return",
            facts=lambda *_sale: _returned(back, words_of(sale.program_id)),
        )


def _sale(program_id: int, public_id: str) -> Sale | None:
    """A sale whose client has agreed to hear of it: one query, and mostly nobody has."""
    agreed = (
        Consent.objects.filter(program_id=program_id, client=OuterRef("account__client"), kind=Consent.Kind.NOTICES)
        .order_by("-at", "-pk")
        .values("given")[:1]
    )
    return (
        Sale.objects.filter(program_id=program_id, public_id=public_id, account__isnull=False)
        .exclude(account__client__email="")
        .alias(agreed=Subquery(agreed))
        .filter(agreed=True)
        .first()
    )


def _reader(sale: Sale) -> Client | None:
    return (
        Client.objects.select_related("account", "program")
        .filter(program_id=sale.program_id, account=sale.account_id)
        .first()
    )


def _send(message: OutboxMessage, client: Client, sale: Sale, *, now: dt.datetime, kind: str, facts: Any) -> None:
    key = f"notice:{message.program_id}:{message.topic}:{message.payload.get('return') or sale.public_id}"
    if _is_sent(key):
        return
    program = client.program
    merchant = Merchant.objects.get(pk=sale.merchant_id)
    with translation.override(program.language), timezone.override(program.time_zone):
        words = words_of(program.pk)
        stands: Standing = standing(program_id=program.pk, account_id=client.account_id, now=now)
        site = card_links.site()
        off = site and site + reverse("notices_off", args=[card_links.unsubscribe_token_of(client)])
        context = {
            "kind": kind,
            "shop": merchant.name,
            "name": client.name,
            "at": sale.occurred_at if kind == "purchase" else now,
            "receipt": sale.receipt_number,
            "balance": words.points(stands.available),
            "card": site and card_links.address(client, site),
            "off": off,
            **facts(sale, words),
        }
        subject = _("Purchase at %(shop)s") if kind == "purchase" else _("Return at %(shop)s")
        letter = EmailMultiAlternatives(
            subject=subject % {"shop": one_line(merchant.name)},
            body=render_to_string("clients/public/notice.txt", context),
            to=[client.email],
            headers=_headers(key, off),
        )
        letter.attach_alternative(render_to_string("clients/public/notice.html", context), "text/html")
        letter.send()
    _remember(key)


def _purchase(sale: Sale, words: Words) -> dict[str, Any]:
    return {
        "money": words.money(sale.to_pay),
        "plus": words.points(sale.points_earned) if sale.points_earned else "",
        "minus": words.points(sale.points_redeemed) if sale.points_redeemed else "",
        "why": "; ".join(_reasons(sale, words)),
    }


def _returned(back: Return, words: Words) -> dict[str, Any]:
    taken = taken_back(back.sale).get(back.pk, ZERO)
    return {
        "money": words.money(back.money),
        "plus": words.points(back.points_back) if back.points_back else "",
        "minus": words.points(taken) if taken else "",
        "why": _("Points that paid come back, points earned for what was returned go back."),
    }


def _reasons(sale: Sale, words: Words) -> Iterator[str]:
    """What earned the points: `5 % of the receipt (+17)`."""
    for fact in msgspec.convert(sale.explanation, tuple[Fact, ...]):
        if fact.applied and fact.kind in ("earn", "gift") and fact.points:
            points = words.number(fact.points, words.precision if fact.points % 1 else 0)
            yield f"{explain(fact, words).title} (+{points})"


def _headers(key: str, off: str) -> dict[str, str]:
    # The same message sent twice has the same id: mailboxes show it once.
    domain = urlsplit(card_links.site()).hostname or "localhost"
    headers = {"Message-ID": f"<{key.replace(':', '.')}@{domain}>", "Auto-Submitted": "auto-generated"}
    if off:
        headers |= {"List-Unsubscribe": f"<{off}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return headers


def _is_sent(key: str) -> bool:
    """A worker killed after sending leaves its message in the outbox; the next one asks here. Without the cache the
    mail goes twice: better than not at all."""
    try:
        return counters().read(key)[0] > 0
    except CacheDownError:
        return False


def _remember(key: str) -> None:
    try:
        counters().add(key, seconds=REMEMBERED_SECONDS)
    except CacheDownError:
        return
