"""The list of receipts. Sums of a period are the dashboard's: no list adds ten million receipts up."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from loyalty.engine.calendar import Calendar
from loyalty.models import Return, Sale
from loyalty.pages.receipts.forms import FindForm
from merchants import paging
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.models import Cashier


@members_only(Action.SEE_SALES)
@require_safe
def sales(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The receipts of the workplace, by local day, newest first."""
    form = FindForm(request.GET, place=place)
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    filters, looked_from = form.filters(calendar.day_of(timezone.now()))
    returns = Return.objects.filter(program_id=place.program.pk, sale=OuterRef("pk"))
    rows = (
        Sale.objects.filter(place.seen(), filters)
        .select_related("outlet", "account__client")
        .defer("explanation", "earnings")
        .annotate(has_returns=Exists(returns))
    )
    return render(
        request,
        "receipts/list.html",
        {
            "form": form,
            "page": paging.newest_first(rows, request.GET.get("before", ""), by="local_day"),
            "asked": bool(form.asked()),
            "looked_from": looked_from,
            "cashiers": cashiers_of(place).values_list("name", flat=True),
            "may_export": place.may(Action.EXPORT),
            "may_see_clients": place.may(Action.SEE_CLIENTS),
        },
    )


def cashiers_of(place: Workplace) -> QuerySet[Cashier]:
    """Whose names are suggested: of those who stand, or stood, at the outlets of the workplace."""
    cashiers = Cashier.objects.filter(merchant=place.merchant).order_by("name")
    if place.outlets is None:
        return cashiers
    return cashiers.filter(Q(outlets=None) | Q(outlets__in=place.outlets)).distinct()
