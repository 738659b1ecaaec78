"""The segments of a shop, one with its clients, and the RFM table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from msgspec import Struct, ValidationError

from clients import listing
from clients.pages.staff.exporting import download
from clients.pages.staff.scope import own_sales, phone_for, rules_now
from clients.pages.staff.segments.common import (
    count_in_words,
    may_edit,
    require_edit,
    require_everywhere,
    segment_of,
    sentences_of,
)
from clients.segments import keeping, ready, rfm, using
from clients.segments.definition import read
from clients.segments.looking import look_of
from loyalty.engine.quantities import ZERO
from merchants import exports, paging
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.SEE_CLIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def segments(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A POST makes one of those that are ready (`ready`)."""
    now = timezone.now()
    if request.method == "POST":
        require_edit(place)
        one = ready.READY.get(request.POST.get("ready", ""))
        if one is not None:
            try:
                made = keeping.make(
                    merchant=place.merchant, name=str(one.name), definition=one.definition, now=now, by=place.user
                )
            except (keeping.NameTakenError, keeping.TooManyError):
                messages.info(request, _("There is such a segment already."))
            else:
                return redirect("segment", place.merchant.pk, made.pk)
        return redirect("segments", place.merchant.pk)
    if place.outlets is not None:
        return render(request, "clients/segments/list.html", {"elsewhere": True})
    rows = list(keeping.of(place.merchant).select_related("frozen_by"))
    names = {row.name for row in rows}
    context = {
        "rows": rows,
        "ready": [(key, one) for key, one in ready.READY.items() if str(one.name) not in names],
        "may_edit": may_edit(place),
    }
    return render(request, "clients/segments/list.html", context)


@members_only(Action.SEE_CLIENTS)
@require_safe
def segment(request: HttpRequest, place: Workplace, segment_id: int) -> HttpResponse:
    require_everywhere(place)
    now = timezone.now()
    one = segment_of(place, segment_id)
    context: dict[str, Any] = {
        "segment": one,
        "may_edit": may_edit(place),
        "may_tag": place.may(Action.EDIT_CLIENTS),
        "may_adjust": place.may(Action.ADJUST_POINTS),
        "may_export": place.may(Action.EXPORT),
        "may_give": place.may(Action.ISSUE_CERTIFICATES),
    }
    try:
        definition = read(one.definition)
    except ValidationError:
        context["broken"] = True
        return render(request, "clients/segments/one.html", context)
    members = using.members(one, now)
    cursor = request.GET.get("before", "")
    count = using.counted(members)
    if not cursor and not count.more and count.number != one.counted:
        keeping.remember(one, count.number, now)
    page = using.within(using.PATIENCE_MS, lambda: paging.newest_first(members.select_related("account"), cursor))
    rows = listing.rows_of(page.rows, rules_now(place, now), now, only=own_sales(place)) if page else []
    context |= {
        "count": count_in_words(count),
        "number": count.number,
        "sentences": sentences_of(place, definition, now),
        "page": page,
        "rows": [(row, phone_for(place, row.client)) for row in rows],
    }
    return render(request, "clients/segments/one.html", context)


@members_only(Action.EXPORT)
@require_safe
def segment_export(request: HttpRequest, place: Workplace, segment_id: int, kind: exports.Kind) -> HttpResponseBase:
    """The clients of the segment, in the columns of the clients' list."""
    require_everywhere(place)
    now = timezone.now()
    one = segment_of(place, segment_id)
    try:
        rows = using.members(one, now)
    except ValidationError:
        return redirect("segment", place.merchant.pk, one.pk)
    return download(request, place, kind, rows, narrowed=True, back="segments", now=now, name="segment")


class Cell(Struct, frozen=True):
    recency: int
    frequency: int
    clients: int
    group: str
    heat: int


@members_only(Action.SEE_CLIENTS)
@require_safe
def segments_rfm(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The clients with a purchase by recency and frequency."""
    require_everywhere(place)
    now = timezone.now()
    look = look_of(place.merchant, now)
    cells = using.within(3 * using.PATIENCE_MS, lambda: rfm.grid(look))
    groups = {cell: name for name, its in rfm.CELLS.items() for cell in its}
    most = max((cell.clients for cell in cells or ()), default=0)
    told = [
        Cell(
            cell.recency,
            cell.frequency,
            cell.clients,
            _(rfm.NAMES[groups[cell.recency, cell.frequency]]),
            _heat(cell.clients, most),
        )
        for cell in cells or ()
    ]
    context = {
        "too_long": cells is None,
        "total": sum(cell.clients for cell in told),
        "rows": [(recency, [cell for cell in told if cell.recency == recency]) for recency in range(5, 0, -1)],
        "groups": _groups(cells or []) if most else [],
        "may_edit": may_edit(place),
        "sees_figures": place.may(Action.SEE_FIGURES),
    }
    return render(request, "clients/segments/rfm.html", context)


def _heat(clients: int, most: int) -> int:
    """0 for nobody, 1 to 5 by the share of the fullest cell."""
    return 0 if not clients else min(5, 1 + clients * 5 // (most + 1))


def _groups(cells: list[rfm.Cell]) -> list[Mapping[str, Any]]:
    total = sum(cell.clients for cell in cells)
    found: list[Mapping[str, Any]] = []
    for name, its in rfm.CELLS.items():
        mine = [cell for cell in cells if (cell.recency, cell.frequency) in its]
        clients = sum(cell.clients for cell in mine)
        found.append(
            {
                "key": name,
                "title": _(rfm.NAMES[name]),
                "hint": _(rfm.HINTS[name]),
                "clients": clients,
                "share": round(100 * clients / total) if total else 0,
                "spent": sum((cell.spent for cell in mine), ZERO),
            }
        )
    return found
