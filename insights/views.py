"""The first page of the dashboard, what its figures mean, and the Z-reports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from insights import board, drawing, figures, tables, z_reports
from insights.definitions import definitions
from insights.forms import ZReportForm
from insights.period import LENGTHS, asked_for
from insights.telling import Teller, Told
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.models import Outlet

Z_DAYS = 14


@members_only(Action.SEE_FIGURES)
@require_safe
def dashboard(request: HttpRequest, place: Workplace) -> HttpResponse:
    asked = asked_for(request.GET.get("days", ""))
    found = board.read(place, asked=asked, now=timezone.now())
    if found is None:
        return render(request, "insights/nothing_yet.html", {"steps": _first_steps(place)})
    teller = Teller.of(place.program.pk)
    context: dict[str, Any] = {
        "board": found,
        "period": found.period,
        "lengths": LENGTHS,
        # What stands behind a figure's name: its definition, with an example from the same days.
        "meaning": f"{reverse('figures', args=[place.merchant.pk])}?days={asked}#",
        "days": [_day(found, teller, _("Today"), 0), _day(found, teller, _("Yesterday"), 1)],
        "sections": figures.sections(found, teller),
        "charts": drawing.charts(found, teller),
        "outlets": tables.by_outlet(found, teller),
        "outlets_chart": drawing.by_outlet(found, teller),
        "cashiers": tables.by_cashier(found, teller),
        "cashiers_chart": drawing.by_cashier(found, teller),
        "reckoning": tables.reckoning(found, teller),
        "may_enter": place.may(Action.OPEN_TILL),
    }
    return render(request, "insights/dashboard.html", context)


@members_only(Action.SEE_FIGURES)
@require_safe
def what_figures_mean(request: HttpRequest, place: Workplace) -> HttpResponse:
    asked = asked_for(request.GET.get("days", ""))
    found = board.read(place, asked=asked, now=timezone.now())
    return render(request, "insights/figures.html", {"definitions": definitions(found, Teller.of(place.program.pk))})


@members_only(Action.SEE_SALES)
@require_http_methods(["GET", "HEAD", "POST"])
def z_report(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The totals of one outlet's last days. All who see receipts see them; who opens a till may enter them."""
    outlets = list(place.open_outlets())
    outlet = _chosen(outlets, request.GET.get("outlet", ""))
    if outlet is None:
        return render(request, "insights/z_report.html", {})
    now = timezone.now()
    today = board.today_of(place.program, now)
    shifts = z_reports.shifts(outlet=outlet, first=today - dt.timedelta(days=Z_DAYS - 1), last=today)
    form = ZReportForm(request.POST or None, shifts=shifts, teller=Teller.of(place.program.pk))
    if request.method == "POST":
        place.require(Action.OPEN_TILL)
        if form.is_valid():
            saved = [
                z_reports.enter(outlet=outlet, day=day, total=total, receipts=receipts, now=now, by=place.user)
                for day, total, receipts in form.entered
            ]
            messages.success(request, _saved(sum(saved)))
            return redirect(f"{reverse('z_report', args=[place.merchant.pk])}?outlet={outlet.pk}")
    context = {
        "form": form,
        "outlets": outlets,
        "outlet": outlet,
        "may_enter": place.may(Action.OPEN_TILL),
        "sees_figures": place.may(Action.SEE_FIGURES),
        "today": today,
    }
    return render(request, "insights/z_report.html", context)


def _chosen(outlets: list[Outlet], key: str) -> Outlet | None:
    return next((outlet for outlet in outlets if str(outlet.pk) == key), next(iter(outlets), None))


def _saved(days: int) -> str:
    if not days:
        return _("Nothing was changed.")
    return ngettext("Saved: %(days)s day.", "Saved: %(days)s days.", days) % {"days": days}


def _day(found: board.Board, teller: Teller, label: str, ago: int) -> Told:
    row = found.day(found.period.today - dt.timedelta(days=ago))
    note = teller.receipts(row.receipts_with)
    if row.whole_shifts:
        note = _("%(receipts)s; without the card %(money)s") % {
            "receipts": note,
            "money": teller.money(row.money_without),
        }
    return Told("revenue-with", _("%(day)s, with the card") % {"day": label}, teller.money(row.money_with), note)


@dataclass(frozen=True)
class Step:
    icon: str
    title: str
    text: str
    url: str


def _first_steps(place: Workplace) -> list[Step]:
    """What a shop that has sold nothing yet may do; only what the member may open."""
    steps = (
        (
            Action.OPEN_TILL,
            "cash-register",
            _("Open the till"),
            _("Ring up the first receipt from a phone."),
            "till_here",
        ),
        (Action.EDIT_CLIENTS, "qrcode", _("Print the poster"), _("Clients join by the QR code on it."), "poster"),
        (Action.MANAGE_TEAM, "user-plus", _("Invite the staff"), _("Everyone gets a role of his own."), "team"),
    )
    return [
        Step(icon, title, text, reverse(name, args=[place.merchant.pk]))
        for action, icon, title, text, name in steps
        if place.may(action)
    ]
