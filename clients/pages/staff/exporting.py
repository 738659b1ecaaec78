"""The clients of the list as a file, under the names that the import knows: what was taken out can be loaded again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clients import listing
from clients.imports.columns import TITLES
from clients.models import Client, Consent
from clients.pages.staff.forms import FindForm
from clients.pages.staff.lists import narrowed
from clients.pages.staff.scope import own_sales, rules_now
from loyalty.models import Card
from merchants import audit, exports
from merchants.access import Action
from merchants.doors import Workplace, members_only

COLUMNS = (
    *("name", "phone", "email", "birthday", "points", "tier", "spent", "visits", "card", "virtual", "tags"),
    *("advertising", "note", "joined"),
)


@members_only(Action.EXPORT)
@require_safe
def clients_export(request: HttpRequest, place: Workplace, kind: exports.Kind) -> HttpResponseBase:
    """What the list shows, as CSV or XLSX. It leaves a line in the log: whose base it was, and who has it now."""
    now, zone = timezone.now(), ZoneInfo(place.program.time_zone)
    rulebook, only = rules_now(place, now), own_sales(place)
    form = FindForm(request.GET, rulebook=rulebook)
    rows, part = narrowed(form, rulebook, now)
    rows = rows.select_related("account")
    if part:
        rows = rows.matching(part)

    def told(page: Sequence[Client]) -> list[exports.Line]:
        cards = _cards([client.account_id for client in page])
        agreed = _agreed([client.pk for client in page])
        return [
            _line(
                row,
                cards.get(row.client.account_id, {}),
                zone,
                precision=place.program.precision,
                agreed=row.client.pk in agreed,
                whole=only is None,
            )
            for row in listing.rows_of(page, rulebook, now, only=only)
        ]

    titles = [*(str(TITLES[column]) for column in COLUMNS), _("Last purchase"), _("Blocked because")]
    body = exports.lines(rows, told, program_id=place.program.pk)
    try:
        found = exports.answer(kind, name=f"clients-{now.astimezone(zone):%Y-%m-%d}", titles=titles, body=body)
    except exports.TooManyRowsError:
        said = _("An XLSX holds %(most)d rows at most: narrow the list, or take a CSV.")
        messages.error(request, said % {"most": exports.MOST_IN_XLSX})
        return redirect("clients", place.merchant.pk)
    audit.record(
        program_id=place.program.pk,
        action="clients.exported",
        at=now,
        by=place.user,
        subject=place.merchant,
        details={"kind": kind, "narrowed": bool(part or form.asked("tier") or form.asked("show"))},
    )
    return found


def _line(
    row: listing.Row, cards: dict[str, list[str]], zone: ZoneInfo, *, precision: int, agreed: bool, whole: bool
) -> exports.Line:
    """`whole`: the reader sees all purchases, so those that the account counts may be told."""
    client, account = row.client, row.client.account
    step = Decimal(1).scaleb(-precision)
    return (
        client.name,
        str(client.phone or ""),
        client.email,
        client.birthday,
        row.points.quantize(step),
        row.tier,
        row.spent,
        account.visits if whole else None,
        ", ".join(cards.get(Card.Kind.PLASTIC, [])),
        ", ".join(cards.get(Card.Kind.VIRTUAL, [])),
        ", ".join(account.tags),
        _("yes") if agreed else _("no"),
        client.note,
        client.created_at.astimezone(zone).date(),
        _local(row.last_purchase_at, zone),
        account.block_reason if account.status == account.Status.BLOCKED else "",
    )


def _local(moment: dt.datetime | None, zone: ZoneInfo) -> dt.datetime | None:
    return None if moment is None else moment.astimezone(zone)


def _cards(accounts: Sequence[int]) -> dict[int, dict[str, list[str]]]:
    found: dict[int, dict[str, list[str]]] = {}
    cards = Card.objects.filter(account__in=accounts, status=Card.Status.ACTIVE).exclude(kind=Card.Kind.PHONE)
    for account, kind, number in cards.order_by("pk").values_list("account", "kind", "number"):
        found.setdefault(account, {}).setdefault(kind, []).append(number)
    return found


def _agreed(clients: Sequence[int]) -> set[int]:
    """Whose latest word on advertising is «yes»."""
    words = Consent.objects.filter(client__in=clients, kind=Consent.Kind.ADVERTISING)
    latest = words.order_by("client", "-at", "-pk").distinct("client")
    return {client for client, given in latest.values_list("client", "given") if given}
