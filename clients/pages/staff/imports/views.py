"""An import of clients: upload, columns, the dry run's report, loading, the error file, taking back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import msgspec
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients.imports import counting, jobs, reports, samples
from clients.imports.choices import choices_of, rules_at
from clients.imports.kinds import kind_of
from clients.imports.tables import Layout
from clients.imports.undoing import LEFT
from clients.models import ClientImport
from clients.pages.staff.imports import receipts
from clients.pages.staff.imports.forms import ChoicesForm, ColumnsForm, FileForm, LayoutForm
from loyalty.sheets import UnreadableError
from loyalty.wording import words_of
from merchants import exports, paging
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]
SHOWN: Final = 50
# What may be looked at of a report, in the order of the page.
OUTCOMES: Final = ("refused", "remark", "change", "fresh", "same", "left")

State = ClientImport.State
Kind = ClientImport.Kind


@members_only(Action.IMPORT_CLIENTS)
@require_http_methods(FORM)
def client_imports(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Send a file; below, the files that were sent before."""
    return _files(request, place, Kind.CLIENTS)


@members_only(Action.IMPORT_CLIENTS)
@require_http_methods(FORM)
def receipt_imports(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The same for past receipts."""
    return _files(request, place, Kind.RECEIPTS)


def _files(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    form = FileForm(request.POST, request.FILES) if request.method == "POST" else FileForm()
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            one = jobs.upload(
                merchant=place.merchant, file=file, file_name=file.name, by=place.user, now=timezone.now(), kind=kind
            )
        except UnreadableError as error:
            form.add_error("file", str(error))
        except jobs.TooManyFilesError:
            form.add_error("file", _("Other files wait already: load them, or discard them."))
        else:
            return redirect("client_import_columns", place.merchant.pk, one.pk)
    rows = ClientImport.objects.filter(program=place.program, merchant=place.merchant, kind=kind)
    rows = rows.select_related("created_by")
    page = paging.newest_first(rows, request.GET.get("before", ""))
    told = [(row, counting.told(row)) for row in page.rows]
    template = "receipts" if kind == Kind.RECEIPTS else "list"
    return render(request, f"clients/imports/{template}.html", {"form": form, "page": page, "rows": told})


@members_only(Action.IMPORT_CLIENTS)
@require_http_methods(FORM)
def client_import_columns(request: HttpRequest, place: Workplace, import_id: int) -> HttpResponse:
    """What stands in the columns, and what is to become of clients who are known; or the file read another way."""
    one = _found(place, import_id)
    if one.state not in (State.NEW, State.CHECKED, State.FAILED):
        return redirect("client_import", place.merchant.pk, one.pk)
    now = timezone.now()
    layout = msgspec.convert(one.layout, Layout)
    is_layout = request.method == "POST" and "layout" in request.POST
    is_chosen = request.method == "POST" and not is_layout
    layout_form = LayoutForm(request.POST if is_layout else None, layout=layout)
    columns_form = ColumnsForm(
        request.POST if is_chosen else None, titles=one.titles, chosen=one.columns, words=kind_of(one).words
    )
    posted = request.POST if is_chosen else None
    choices_form = receipts.choices_form(posted, one) if one.kind == Kind.RECEIPTS else _choices_form(posted, one, now)
    try:
        if is_layout and layout_form.is_valid():
            jobs.lay_out(one=one, layout=layout_form.chosen)
            return redirect("client_import_columns", place.merchant.pk, one.pk)
        if is_chosen and columns_form.is_valid() & choices_form.is_valid():
            jobs.look_through(one=one, chosen=columns_form.chosen, choices=choices_form.chosen, by=place.user, now=now)
            return redirect("client_import", place.merchant.pk, one.pk)
    except UnreadableError as error:
        layout_form.add_error(None, str(error))
    except jobs.NotNowError:
        return redirect("client_import", place.merchant.pk, one.pk)
    context = {
        "one": one,
        "layout": layout,
        "layout_form": layout_form,
        "columns_form": columns_form,
        "choices_form": choices_form,
        "columns": list(zip(columns_form, one.examples, strict=False)),
        "twin": jobs.twin_of(one),
    }
    return render(request, "clients/imports/columns.html", context)


def _choices_form(posted: Any, one: ClientImport, now: dt.datetime) -> ChoicesForm:
    return ChoicesForm(posted, choices=choices_of(one), today=rules_at(one.program_id, now).today)


@members_only(Action.IMPORT_CLIENTS)
@require_safe
def client_import(request: HttpRequest, place: Workplace, import_id: int) -> HttpResponse:
    """How far it is; what the file would do, or did."""
    one = _found(place, import_id)
    if one.is_at_work:
        alone = request.headers.get("HX-Request")
        return render(request, f"clients/imports/progress{'_part' if alone else ''}.html", {"one": one})
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if one.state == State.NEW:
        return redirect("client_import_columns", place.merchant.pk, one.pk)
    if one.kind == Kind.RECEIPTS:
        return render(request, "clients/imports/receipts_one.html", receipts.report(one, request) | _about(one))
    counts = counting.told(one)
    numbers = {
        "refused": counts.found.refused,
        "remark": counts.found.remarks,
        "change": counts.found.changed,
        "fresh": counts.found.fresh,
        "same": counts.found.same,
        "left": counts.left,
    }
    shown = request.GET.get("show", "")
    if shown not in OUTCOMES:
        shown = next((outcome for outcome in OUTCOMES if numbers[outcome]), "")
    lines = _lines(one, shown, request.GET.get("after", "")) if shown and one.forgotten_at is None else []
    context = {
        "one": one,
        "counts": counts,
        "words": words_of(one.program_id),
        "points": counts.found.fresh_points + counts.found.added_points,
        "tabs": [(outcome, numbers[outcome]) for outcome in OUTCOMES if numbers[outcome]],
        "shown": shown,
        "lines": lines,
        "further": lines[-1]["row"] if len(lines) == SHOWN else None,
    }
    return render(request, "clients/imports/one.html", context | _about(one))


def _about(one: ClientImport) -> dict[str, Any]:
    titles = kind_of(one).words.titles
    return {
        "one": one,
        "columns": [str(titles[column]) for column in one.columns if column],
        "unused": [title for title, column in zip(one.titles, one.columns, strict=False) if not column],
        "may_undo": jobs.may_be_undone(one),
    }


@members_only(Action.IMPORT_CLIENTS)
@require_http_methods(FORM)
def client_import_load(request: HttpRequest, place: Workplace, import_id: int) -> HttpResponse:
    """Asks with numbers, and has a worker load it."""
    one = _found(place, import_id)
    if one.state not in (State.CHECKED, State.STOPPED):
        return redirect("client_import", place.merchant.pk, one.pk)
    if request.method == "POST":
        try:
            jobs.load(one=one, by=place.user, now=timezone.now())
        except jobs.NotNowError:
            messages.error(request, _("Somebody was faster: look at the import anew."))
        return redirect("client_import", place.merchant.pk, one.pk)
    back = reverse("client_import", args=[place.merchant.pk, one.pk])
    if one.kind == Kind.RECEIPTS:
        return render(request, "shop/confirm.html", receipts.asks_to_load(one) | {"back": back})
    found, words = counting.told(one).found, words_of(one.program_id)
    figures = [
        (_("New clients"), reports.grouped(found.fresh)),
        (_("Known clients changed"), reports.grouped(found.changed)),
        (_("Points given"), words.points(found.fresh_points + found.added_points)),
        (_("Lines left out"), reports.grouped(found.refused)),
    ]
    context = {
        "title": _("Load the clients?") if one.state == State.CHECKED else _("Go on loading?"),
        "sentence": _("New clients get no welcome points and no messages. You can take all of it back within a month."),
        "figures": figures,
        "verb": _("Load"),
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.IMPORT_CLIENTS)
@require_http_methods(FORM)
def client_import_undo(request: HttpRequest, place: Workplace, import_id: int) -> HttpResponse:
    """Asks with numbers, and has a worker take it back."""
    one = _found(place, import_id)
    if not jobs.may_be_undone(one):
        return redirect("client_import", place.merchant.pk, one.pk)
    if request.method == "POST":
        try:
            jobs.take_back(one=one, by=place.user, now=timezone.now())
        except jobs.NotNowError:
            messages.error(request, _("Somebody was faster: look at the import anew."))
        return redirect("client_import", place.merchant.pk, one.pk)
    back = reverse("client_import", args=[place.merchant.pk, one.pk])
    if one.kind == Kind.RECEIPTS:
        return render(request, "shop/confirm.html", receipts.asks_to_undo(one) | {"back": back})
    found, words = counting.told(one).found, words_of(one.program_id)
    figures = [
        (_("New clients"), reports.grouped(found.fresh)),
        (_("Known clients changed"), reports.grouped(found.changed)),
        (_("Points given"), words.points(found.fresh_points + found.added_points)),
    ]
    context = {
        "title": _("Take the import back?"),
        "sentence": _(
            "Clients who came with it are removed, with their cards and points; known clients get back what they had."
            " Whoever has bought something, got points or was changed by hand since is left as he is, and listed."
        ),
        "figures": figures,
        "verb": _("Undo the import"),
        "danger": True,
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.IMPORT_CLIENTS)
@require_POST
def client_import_stop(request: HttpRequest, place: Workplace, import_id: int) -> HttpResponse:
    """Stop what is under way, or discard what was not loaded."""
    one = _found(place, import_id)
    try:
        if one.is_at_work:
            jobs.stop(one=one, by=place.user, now=timezone.now())
            messages.info(request, _("Stopped. What was loaded so far stands: go on, or take it back."))
            return redirect("client_import", place.merchant.pk, one.pk)
        jobs.drop(one=one, by=place.user, now=timezone.now())
        messages.info(request, _("The file is discarded."))
    except jobs.NotNowError:
        messages.error(request, _("Somebody was faster: look at the import anew."))
        return redirect("client_import", place.merchant.pk, one.pk)
    return redirect("receipt_imports" if one.kind == Kind.RECEIPTS else "client_imports", place.merchant.pk)


@members_only(Action.IMPORT_CLIENTS)
@require_safe
def client_import_errors(request: HttpRequest, place: Workplace, import_id: int, kind: str) -> HttpResponse:
    """The refused lines, to be corrected and loaded again."""
    one = _found(place, import_id)
    if kind not in ("csv", "xlsx") or one.forgotten_at is not None or not one.counts:
        raise Http404
    file = reports.refused_file(one, kind)
    name = f"errors-{one.pk}.{kind}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=exports.media_type(kind))  # type: ignore[return-value]  # it streams


@members_only(Action.IMPORT_CLIENTS)
@require_safe
def client_import_sample(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    """A small file to fill in: `csv` or `xlsx`."""
    return _sample(kind, "clients", samples.as_xlsx if kind == "xlsx" else samples.as_csv)


@members_only(Action.IMPORT_CLIENTS)
@require_safe
def receipt_import_sample(request: HttpRequest, place: Workplace, kind: str) -> HttpResponse:
    return _sample(kind, "receipts", partial(receipts.sample, kind))


def _sample(kind: str, name: str, written: Callable[[], bytes]) -> HttpResponse:
    if kind not in ("csv", "xlsx"):
        raise Http404
    answer = HttpResponse(written(), content_type=exports.media_type(kind))
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    return answer


def _found(place: Workplace, import_id: int) -> ClientImport:
    found = ClientImport.objects.filter(program=place.program, merchant=place.merchant).select_related("created_by")
    return get_object_or_404(found, pk=import_id)


def _lines(one: ClientImport, shown: str, after: str) -> list[dict[str, Any]]:
    return [
        {
            "row": line.row,
            "name": line.name or "",
            "phone": line.phone or "",
            "cards": ", ".join(card.removeprefix("v:") for card in line.cards or ()),
            "points": line.points,
            "problems": reports.problems_of(line),
            "changes": reports.changes_of(line),
            "left": LEFT.get(line.left or "", ""),
        }
        for line in reports.lines_of(one, shown, after=reports.row_of(after), size=SHOWN)
    ]
