"""A segment's conditions: written down with a live count, kept, frozen, deleted."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from msgspec import ValidationError

from clients.models import Segment
from clients.pages.staff.one import name_of
from clients.pages.staff.segments.common import (
    clients_in_words,
    count_in_words,
    require_edit,
    segment_of,
    sentences_of,
    setting_of,
)
from clients.pages.staff.segments.sheet import Sheet, shown
from clients.segments import keeping, ready, rfm, using
from clients.segments.definition import Definition, read
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]
SAMPLE = 5


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def segment_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?group=champions` or `?cell=5-1` begin with a part of the RFM table."""
    require_edit(place)
    name, definition = _begun(request)
    return _edited(request, place, None, name, definition)


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def segment_edit(request: HttpRequest, place: Workplace, segment_id: int) -> HttpResponse:
    require_edit(place)
    segment = segment_of(place, segment_id)
    try:
        definition = read(segment.definition)
    except ValidationError:  # of a vocabulary that is no more
        definition = Definition()
    return _edited(request, place, segment, segment.name, definition)


@members_only(Action.EDIT_CLIENTS)
@require_POST
def segment_count(request: HttpRequest, place: Workplace) -> HttpResponse:
    """How many the conditions find so far, and some of them: while somebody types."""
    require_edit(place)
    now = timezone.now()
    sheet = Sheet.posted(Definition(), setting_of(place, now), request.POST)
    return render(request, "clients/segments/count.html", _looked(place, sheet, now))


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(FORM)
def segment_delete(request: HttpRequest, place: Workplace, segment_id: int) -> HttpResponse:
    require_edit(place)
    segment = segment_of(place, segment_id)
    if request.method == "POST":
        try:
            keeping.delete(segment=segment, now=timezone.now(), by=place.user)
        except keeping.InUseError:
            messages.error(request, _("A campaign or a mailing is for this segment: choose another one there first."))
            return redirect("segment", place.merchant.pk, segment.pk)
        messages.success(request, _("The segment “%(name)s” is deleted.") % {"name": segment.name})
        return redirect("segments", place.merchant.pk)
    figures = [] if segment.counted is None else [(_("Clients in it"), clients_in_words(segment.counted))]
    context = {
        "title": _("Delete the segment?"),
        "sentence": _("“%(name)s” will be gone. The clients, and what was done for them, stay.")
        % {"name": segment.name},
        "figures": figures,
        "verb": _("Delete the segment"),
        "danger": True,
        "back": reverse("segment", args=[place.merchant.pk, segment.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.EDIT_CLIENTS)
@require_POST
def segment_freeze(request: HttpRequest, place: Workplace, segment_id: int) -> HttpResponse:
    """`do`: freeze (also anew), or thaw."""
    require_edit(place)
    segment, now = segment_of(place, segment_id), timezone.now()
    if request.POST.get("do") == "thaw":
        keeping.thaw(segment=segment, now=now, by=place.user)
        messages.success(request, _("The clients of the segment are found anew at each use."))
    else:
        number = keeping.freeze(segment=segment, now=now, by=place.user)
        messages.success(request, _("The list is kept: %(clients)s.") % {"clients": clients_in_words(number)})
    return redirect("segment", place.merchant.pk, segment.pk)


def _begun(request: HttpRequest) -> tuple[str, Definition]:
    group, cell = request.GET.get("group", ""), request.GET.get("cell", "")
    if group in rfm.CELLS:
        return f"RFM: {_(rfm.NAMES[group])}", ready.of_group(group)
    if len(cell) == 3 and cell[0] in "12345" and cell[1] == "-" and cell[2] in "12345":
        return f"RFM {cell}", ready.of_cell(int(cell[0]), int(cell[2]))
    return "", Definition()


def _edited(
    request: HttpRequest, place: Workplace, segment: Segment | None, name: str, before: Definition
) -> HttpResponse:
    now = timezone.now()
    setting = setting_of(place, now)
    if request.method != "POST":
        return _page(request, place, segment, Sheet(before, setting, name=name), now)
    sheet = Sheet.posted(before, setting, request.POST)
    if request.POST.get("do", "save") != "save":  # a condition more or less, or «count»
        return _page(request, place, segment, sheet, now)
    definition = sheet.definition()
    if not sheet.name.is_valid() or definition is None:
        return _page(request, place, segment, sheet, now, refused=True)
    name = sheet.name.cleaned_data["name"]
    try:
        if segment is None:
            segment = keeping.make(merchant=place.merchant, name=name, definition=definition, now=now, by=place.user)
        else:
            keeping.change(segment=segment, name=name, definition=definition, now=now, by=place.user)
    except keeping.NameTakenError:
        sheet.name.add_error("name", _("Another segment is called so."))
    except keeping.TooManyError:
        sheet.name.add_error(None, _("There are too many segments: delete some first."))
    else:
        messages.success(request, _("The segment is kept."))
        return redirect("segment", place.merchant.pk, segment.pk)
    return _page(request, place, segment, sheet, now, refused=True)


def _page(
    request: HttpRequest,
    place: Workplace,
    segment: Segment | None,
    sheet: Sheet,
    now: dt.datetime,
    *,
    refused: bool = False,
) -> HttpResponse:
    context = {"segment": segment, "refused": refused, **shown(sheet), **_looked(place, sheet, now)}
    return render(request, "clients/segments/edit.html", context)


def _looked(place: Workplace, sheet: Sheet, now: dt.datetime) -> dict[str, Any]:
    """The count and a sample."""
    definition, wrong = sheet.so_far()
    rows = using.described(definition, place.merchant, now)
    count = using.counted(rows)
    sample = None
    if count.number:
        sample = using.within(using.SHORT_MS, lambda: list(rows.select_related("account").order_by("-pk")[:SAMPLE]))
    return {
        "count": count_in_words(count),
        "number": count.number,
        "wrong": wrong,
        "sample": [(one, name_of(one)) for one in sample or ()],
        "sentences": sentences_of(place, definition, now),
    }
