"""A campaign is written down: its trigger, audience, steps, limits."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from msgspec import ValidationError

from campaigns.models import Campaign, CampaignTurn
from campaigns.pages.campaigns.common import State, campaign_of, names_at, setting_of
from campaigns.pages.campaigns.sheet import Sheet, action_kinds, trigger_kinds
from campaigns.plan import MOST_STEPS, Plan, read
from campaigns.running import changing
from clients.models import Segment
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM: Final = ["GET", "HEAD", "POST"]


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def campaign_edit(request: HttpRequest, place: Workplace, campaign_id: int) -> HttpResponse:
    campaign, now = campaign_of(place, campaign_id), timezone.now()
    if campaign.state not in (State.DRAFT, State.RUNNING, State.PAUSED):
        return redirect("campaign", place.merchant.pk, campaign.pk)
    try:
        before = read(campaign.plan)
    except ValidationError:  # of a vocabulary that is no more
        before = Plan()
    setting, names = setting_of(place, now), names_at(place, now)
    if request.method != "POST":
        sheet = Sheet(before, setting, names, name=campaign.name, audience=campaign.audience)
        return _page(request, place, campaign, sheet)
    sheet = Sheet.posted(before, setting, names, request.POST, name=campaign.name, audience=campaign.audience)
    if request.POST.get("do", "save") not in ("save", "look"):
        return _page(request, place, campaign, sheet)
    plan = sheet.plan()
    if plan is None or not sheet.head.is_valid():
        return _page(request, place, campaign, sheet, refused=True)
    wrong = sheet.complain(plan, place.program.precision)
    # A draft may be kept unfinished; what runs, and what is to be looked at, may not.
    if wrong and (campaign.state != State.DRAFT or request.POST.get("do") == "look"):
        return _page(request, place, campaign, sheet, refused=True)
    if not _kept(request, place, campaign, sheet, plan, now):
        return _page(request, place, campaign, sheet, refused=True)
    messages.success(request, _("The campaign is kept."))
    after = "campaign_dry_run" if request.POST.get("do") == "look" else "campaign"
    return redirect(after, place.merchant.pk, campaign.pk)


def _kept(
    request: HttpRequest, place: Workplace, campaign: Campaign, sheet: Sheet, plan: Plan, now: dt.datetime
) -> bool:
    audience = None
    if sheet.audience is not None:
        audience = Segment.objects.filter(merchant=place.merchant, pk=sheet.audience).first()
        if audience is None:  # removed since the form was read: not for everybody instead
            sheet.wrong.append(_("Something is missing."))
            return False
    revision = request.POST.get("revision", "")
    try:
        changing.change(
            campaign=campaign,
            name=sheet.head.cleaned_data["name"],
            plan=plan,
            audience=audience,
            now=now,
            by=place.user,
            revision=int(revision) if re.fullmatch("[0-9]{1,9}", revision) else None,
        )
    except changing.NameTakenError:
        sheet.head.add_error("name", _("Another campaign is called so."))
    except changing.NotNowError:
        sheet.wrong.append(_("Somebody has changed the campaign meanwhile: open it anew."))
    except changing.UnfinishedError:
        sheet.wrong.append(_("Something is missing."))
    else:
        return True
    return False


def _page(
    request: HttpRequest, place: Workplace, campaign: Campaign, sheet: Sheet, *, refused: bool = False
) -> HttpResponse:
    under_way = 0
    if campaign.state != State.DRAFT:
        under_way = CampaignTurn.objects.filter(campaign=campaign, due_at__isnull=False).count()
    context = {
        "campaign": campaign,
        # The one that was opened first, however often the page goes back and forth.
        "revision": request.POST.get("revision", campaign.revision),
        "sheet": sheet,
        "chapters": trigger_kinds(),
        "actions": action_kinds(),
        "more": len(sheet.steps) < MOST_STEPS,
        "refused": refused,
        "under_way": under_way,
    }
    return render(request, "campaigns/campaigns/edit.html", context)
