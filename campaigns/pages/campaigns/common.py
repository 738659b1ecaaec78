"""What the pages of campaigns share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import Http404
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Campaign
from campaigns.plan import Plan, read
from campaigns.running.foreseeing import Foreseen
from campaigns.words import names_of
from clients.pages.staff.scope import rules_now
from clients.pages.staff.segments.common import outlets_of
from loyalty.pages.rules.vocabulary import Setting
from loyalty.wording import words_on_page
from merchants.charts import Chart, Series
from merchants.doors import Workplace

State = Campaign.State


def campaign_of(place: Workplace, campaign_id: int) -> Campaign:
    """Http404."""
    rows = Campaign.objects.filter(program=place.program, merchant=place.merchant, pk=campaign_id)
    found = rows.select_related("merchant__program", "program", "audience__merchant__program").first()
    if found is None:
        raise Http404
    return found


def setting_of(place: Workplace, now: dt.datetime) -> Setting:
    return Setting(rules_now(place, now), outlets_of(place), "")


def names_at(place: Workplace, now: dt.datetime) -> Any:
    return names_of(place.merchant.pk, rules_now(place, now))


def plan_of(campaign: Campaign) -> Plan:
    return read(campaign.plan)


def clients_in_words(number: int) -> str:
    return ngettext("%(number)s client", "%(number)s clients", number) % {"number": f"{number:,}".replace(",", " ")}


def given_in_words(place: Workplace, points: Any, money: Any) -> str:
    """«3 000 баллов и сертификаты на 500 ₽»; «—» for nothing."""
    words = words_on_page(place.program.pk)
    parts = [words.points(points)] if points else []
    if money:
        parts.append(_("certificates and promo codes for %(sum)s") % {"sum": words.round_money(money)})
    return _(" and ").join(parts) or "—"


def chart_of(foreseen: Foreseen) -> Chart:
    days = foreseen.days
    kinds = [
        (_("Get it"), [one.treated for one in days]),
        (_("Held out"), [one.held_out for one in days]),
        (_("Left out"), [one.left for one in days]),
    ]
    return Chart(
        id="dry-run",
        title=_("Clients by day"),
        kind="stacked",
        label=_("Day"),
        labels=[date_format(one.day, "j E") for one in days],
        series=[
            Series(name, values, [str(value) for value in values])
            for n, (name, values) in enumerate(kinds)
            if n == 0 or any(values)
        ],
    )


def url(place: Workplace, name: str, *args: object) -> str:
    return reverse(name, args=[place.merchant.pk, *args])
