"""Whether campaigns worked: one of them, and all of them side by side."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from insights import campaign_results, holdout_results
from insights.back_test_forms import decimal
from insights.campaign_results import WINDOWS, Found
from insights.campaign_telling import Result
from insights.holdout_telling import Together
from insights.models import CampaignResult
from insights.telling import Teller
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm

SHOWN: Final = 100
USUAL_MARGIN: Final = Decimal(30)
USUAL_DAYS: Final = 30


class ResultsForm(PageForm):
    days = forms.TypedChoiceField(
        label=_("Purchases within, days"),
        choices=[(days, str(days)) for days in WINDOWS],
        coerce=int,
        required=False,
    )
    margin = decimal(_("Margin, %"), most=100, required=False)


@require_safe
@members_only(Action.SEE_FIGURES)
def one_campaign(request: HttpRequest, place: Workplace, number: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, program=place.program, merchant=place.merchant, pk=number)
    form, asked = _asked(request)
    found = campaign_results.of(campaign)
    context: dict[str, Any] = {"campaign": campaign, "form": form}
    if found is not None:
        context["result"] = Result(*found, **asked, teller=Teller.of(place.program.pk), campaign=campaign)
    return render(request, "insights/campaigns/one.html", context)


@require_safe
@members_only(Action.SEE_FIGURES)
def all_campaigns(request: HttpRequest, place: Workplace) -> HttpResponse:
    form, asked = _asked(request)
    teller = Teller.of(place.program.pk)
    rows = CampaignResult.objects.filter(program=place.program, campaign__merchant=place.merchant)
    rows = rows.select_related("campaign").order_by("-campaign")[:SHOWN]
    results = [
        Result(
            msgspec.convert(row.found, Found, strict=False),
            row.measured_at,
            **asked,
            teller=teller,
            campaign=row.campaign,
        )
        for row in rows
    ]
    return render(request, "insights/campaigns/all.html", {"form": form, "results": results})


@require_safe
@members_only(Action.SEE_FIGURES)
def together(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Those who are held out of all campaigns against all others."""
    form, asked = _asked(request)
    del form.fields["days"]
    settings = holdout_results.settings_of(place.merchant)
    context: dict[str, Any] = {
        "settings": settings,
        "form": form,
        "may_change": place.may(Action.RUN_CAMPAIGNS),
    }
    if settings is not None:
        teller = Teller.of(place.program.pk)
        context["share"] = teller.percent(settings.holdout)
        found = holdout_results.of(settings)
        if found is not None:
            context["result"] = Together(*found, days=holdout_results.WHOLE, margin=asked["margin"], teller=teller)
    return render(request, "insights/campaigns/together.html", context)


def _asked(request: HttpRequest) -> tuple[ResultsForm, dict[str, Any]]:
    """What the results are told for; the usual where nothing sensible was asked."""
    usual = {"days": USUAL_DAYS, "margin": USUAL_MARGIN}
    form = ResultsForm(request.GET or None, initial=usual)
    said = form.cleaned_data if form.is_bound and form.is_valid() else {}
    return form, usual | {name: value for name, value in said.items() if value not in {None, ""}}
