"""The catalogue of gifts, as the team sees it."""

from __future__ import annotations

import datetime as dt

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from loyalty.engine.calendar import Calendar
from loyalty.models import Exchange, Reward
from loyalty.programs import rulebook_at
from loyalty.refusals import Refused
from loyalty.rewards import pictures
from merchants.access import Action
from merchants.doors import Workplace, members_only


@members_only(Action.SEE_SALES)
@require_safe
def rewards(request: HttpRequest, place: Workplace) -> HttpResponse:
    """In the order of the catalogue; those switched off last. There are no more than fit on a page."""
    now = timezone.now()
    today = Calendar(place.program.time_zone, place.program.day_starts_at).day_of(now)
    mine = Reward.objects.filter(program_id=place.program.pk, merchant=place.merchant)
    waiting = Count("exchanges", filter=Q(exchanges__state=Exchange.State.ORDERED))
    handed = Count("exchanges", filter=Q(exchanges__state=Exchange.State.HANDED))
    rows = list(mine.annotate(waiting=waiting, handed=handed).order_by("-enabled", "position", "price", "pk"))
    drawn = pictures.digests([row.pk for row in rows])
    titles = tier_titles(place)
    return render(
        request,
        "rewards/shelf.html",
        {
            "rows": [
                (
                    row,
                    drawn.get(row.pk, ""),
                    _dates_say(row, today),
                    ", ".join(titles.get(tier, tier) for tier in row.tiers),
                )
                for row in rows
            ],
            "waiting": Exchange.objects.waiting().filter(program_id=place.program.pk, merchant=place.merchant).count(),
            "may_edit": place.may(Action.RUN_CAMPAIGNS),
            "may_see_taken": place.may(Action.SEE_CLIENTS),
        },
    )


def tier_titles(place: Workplace) -> dict[str, str]:
    """By id, of the rules in force; none before the first."""
    try:
        rulebook = rulebook_at(place.program.pk, timezone.now())[1]
    except Refused:
        return {}
    return {tier.id: tier.title for tier in rulebook.tiers}


def _dates_say(row: Reward, today: dt.date) -> str:
    if not row.enabled:
        return _("switched off")
    if row.last_day is not None and row.last_day < today:
        return _("its time is over")
    if row.first_day is not None and row.first_day > today:
        return _("not yet")
    return _("none left") if row.left == 0 else ""
