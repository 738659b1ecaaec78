"""The clients of the list as a file, under the names that the import knows: what was taken out can be loaded again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from clients import listing
from clients.birthdays import born_of
from clients.imports.columns import TITLES
from clients.models import Client, Consent
from clients.models.client import ClientQuerySet
from clients.pages.staff.forms import FindForm
from clients.pages.staff.lists import narrowed as narrowed_by
from clients.pages.staff.scope import own_sales, rules_now
from loyalty.models import Card
from merchants import exports
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
    now = timezone.now()
    form = FindForm(request.GET, rulebook=rules_now(place, now))
    rows, part = narrowed_by(form, rules_now(place, now), now)
    if part:
        rows = rows.matching(part)
    return download(
        request,
        place,
        kind,
        rows,
        narrowed=bool(part or form.asked("tier") or form.asked("show")),
        back="clients",
        now=now,
    )


def download(
    request: HttpRequest,
    place: Workplace,
    kind: exports.Kind,
    rows: ClientQuerySet,
    *,
    narrowed: bool,
    back: str,
    now: dt.datetime,
    name: str = "clients",
) -> HttpResponseBase:
    """These clients, newest first, in the columns of the list."""
    zone, rulebook, only = ZoneInfo(place.program.time_zone), rules_now(place, now), own_sales(place)

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
    return exports.download(
        request,
        place,
        kind,
        name=name,
        titles=titles,
        body=exports.lines(rows.select_related("account"), told, program_id=place.program.pk),
        action="clients.exported",
        narrowed=narrowed,
        back=back,
        now=now,
    )


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
        client.birthday if client.birthday_year_known else str(born_of(client.birthday, year_known=False) or ""),
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
