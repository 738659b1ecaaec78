"""Back tests: the list, a new one, its progress and report; the calculator."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from insights import back_tests, calculator
from insights.back_test_forms import BackTestForm, CalculatorForm, FileForm
from insights.back_test_report import Report, in_words
from insights.models import BackTest
from insights.telling import Teller
from loyalty import past_receipts
from loyalty.backtest import csv_file
from loyalty.backtest.file_history import Facts
from loyalty.engine.rulebook import Rulebook
from loyalty.models import ProgramVersion
from loyalty.pages.rules.rooms import Rules
from loyalty.programs import rulebook_of
from loyalty.sheets import UnreadableError
from merchants.access import Action
from merchants.doors import Workplace, members_only

SHOWN = 50


@require_safe
@members_only(Action.SEE_FIGURES)
def back_tests_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    rows = BackTest.objects.filter(program=place.program, merchant=place.merchant)
    rows = rows.select_related("created_by", "file").defer("file__content", "file__facts")
    context = {
        "rows": rows.defer("result", "document").order_by("-id")[:SHOWN],
        "may_start": place.may(Action.EDIT_RULES),
    }
    return render(request, "backtests/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def back_test_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules, now = Rules(place), timezone.now()
    drafted = rules.drafted
    if drafted is None:
        return redirect("programme_edit", place.merchant.pk)
    calendar = drafted.calendar
    is_file = request.method == "POST" and "from-file" in request.POST
    form = BackTestForm(None if is_file else request.POST or None, today=calendar.day_of(now))
    file_form = FileForm(request.POST, request.FILES) if is_file else FileForm()
    if is_file and (asked := _with_file(place, file_form, drafted, rules.number, now)) is not None:
        return redirect("backtest", place.merchant.pk, asked.pk)
    if request.method == "POST" and not is_file and form.is_valid():
        one = back_tests.ask(
            merchant=place.merchant,
            rulebook=drafted,
            live=rules.number,
            since=calendar.start_of(form.cleaned_data["since"]),
            until=min(calendar.end_of(form.cleaned_data["until"]), now),
            margin=form.cleaned_data["margin"],
            by=place.user,
            now=now,
        )
        return redirect("backtest", place.merchant.pk, one.pk)
    first = ProgramVersion.objects.filter(program=place.program, number=rules.number).first() if rules.number else None
    context = {
        "form": form,
        "file_form": file_form,
        "rules": rules,
        "waiting": rules.waiting(),
        "live": first,
        "past": past_receipts.summary(place.program.pk),
        "may_import": place.may(Action.IMPORT_CLIENTS),
    }
    return render(request, "backtests/new.html", context)


def _with_file(place: Workplace, form: FileForm, drafted: Rulebook, live: int, now: dt.datetime) -> BackTest | None:
    """None where the form says what is wrong."""
    if not form.is_valid():
        return None
    file = form.cleaned_data["file"]
    try:
        return back_tests.ask_with_file(
            merchant=place.merchant,
            rulebook=drafted,
            live=live,
            upload=csv_file.keep(file.file),
            file_name=file.name,
            spend=form.cleaned_data["spend"] == "yes",
            margin=form.cleaned_data["margin"],
            by=place.user,
            now=now,
        )
    except UnreadableError as error:
        form.add_error("file", str(error))
    except back_tests.TooManyFilesError:
        form.add_error("file", _("Other files are being tried already: wait until they are ready, or stop them."))
    return None


@require_safe
@members_only(Action.EDIT_RULES)
def back_test_sample(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A small file of receipts to fill in."""
    answer = HttpResponse(csv_file.SAMPLE, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="receipts.csv"'
    return answer


@require_safe
@members_only(Action.SEE_FIGURES)
def back_test(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    one = _found(place, number)
    context: dict[str, Any] = {"one": one, "may_start": place.may(Action.EDIT_RULES)}
    if not one.is_over:
        template = "backtests/progress_part.html" if request.headers.get("HX-Request") else "backtests/progress.html"
        return render(request, template, context)
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    if one.file_or_none is not None:
        context["facts"] = msgspec.convert(one.file_or_none.facts, Facts)
    if one.state == BackTest.State.DONE and one.result is not None:
        live = rulebook_of(one.program_id, one.live) if one.live else Rulebook()
        report = Report(one, live, msgspec.convert(one.document, Rulebook), Teller.of(one.program_id))
        context["report"] = report
        context["winners"], context["losers"] = report.clients
        context["sees_clients"] = place.may(Action.SEE_CLIENTS)
        context["last"] = one.until - dt.timedelta(seconds=1)
    return render(request, "backtests/one.html", context)


@require_POST
@members_only(Action.EDIT_RULES)
def back_test_cancel(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    one = _found(place, number)
    if back_tests.cancel(one=one, by=place.user, now=timezone.now()):
        messages.info(request, _("The back test is cancelled."))
    return redirect("backtest", place.merchant.pk, one.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Action.EDIT_RULES)
def back_test_delete(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    one = _found(place, number)
    if request.method == "POST":
        back_tests.delete(one=one, by=place.user, now=timezone.now())
        messages.success(request, _("The back test is deleted."))
        return redirect("backtests", place.merchant.pk)
    context = {
        "title": _("Delete the back test?"),
        "sentence": _("The report is gone for everybody. The rules and the receipts stay as they are."),
        "verb": _("Delete"),
        "danger": True,
        "back": reverse("backtest", args=[place.merchant.pk, one.pk]),
    }
    return render(request, "shop/confirm.html", context)


@require_safe
@members_only(Action.SEE_FIGURES)
def calculate(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules = Rules(place)
    form = CalculatorForm(request.GET or None, initial=CalculatorForm.INITIAL)
    drafted = rules.drafted or rules.in_force
    asked = form.cleaned_data if form.is_bound and form.is_valid() else None
    if not form.is_bound:
        asked = CalculatorForm.INITIAL
    costs = calculator.reckon(drafted, at=timezone.now(), **asked) if asked else None
    context: dict[str, Any] = {"form": form, "costs": costs, "is_draft": bool(rules.draft)}
    if costs:
        context["words"] = in_words(costs, Teller.of(place.program.pk))
    return render(request, "backtests/calculator.html", context)


def _found(place: Workplace, number: int) -> BackTest:
    rows = BackTest.objects.filter(program=place.program, merchant=place.merchant)
    return get_object_or_404(rows.select_related("created_by", "file").defer("file__content"), pk=number)
