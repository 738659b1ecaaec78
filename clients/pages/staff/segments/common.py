"""What the pages of segments share."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.models import Segment
from clients.pages.staff.scope import rules_now
from clients.segments.definition import Definition, clause_sentence
from clients.segments.using import Count
from loyalty.pages.rules.vocabulary import Setting
from loyalty.rule_sentences import Names
from loyalty.wording import words_on_page
from merchants.access import Action
from merchants.doors import Workplace
from merchants.models import Outlet


def segment_of(place: Workplace, segment_id: int) -> Segment:
    """Http404."""
    rows = Segment.objects.filter(program=place.program, merchant=place.merchant, pk=segment_id)
    segment = rows.select_related("merchant__program", "frozen_by", "created_by").first()
    if segment is None:
        raise Http404
    return segment


def require_everywhere(place: Workplace) -> None:
    """Whom conditions find, and how much they have bought, is of all outlets."""
    if place.outlets is not None:
        raise PermissionDenied("Segments are for those who work at all outlets.")


def may_edit(place: Workplace) -> bool:
    """Conditions look at purchases of all outlets: they are for those who work at all of them."""
    return place.may(Action.EDIT_CLIENTS) and place.outlets is None


def require_edit(place: Workplace) -> None:
    if not may_edit(place):
        raise PermissionDenied("Segments are for those who work at all outlets.")


def setting_of(place: Workplace, now: dt.datetime) -> Setting:
    suggest = reverse("goods_suggest", args=[place.merchant.pk]) if place.may(Action.SEE_RULES) else ""
    return Setting(rules_now(place, now), outlets_of(place), suggest)


def outlets_of(place: Workplace) -> dict[str, str]:
    rows = Outlet.objects.filter(program=place.program, merchant=place.merchant).order_by("name")
    return dict(rows.values_list("code", "name"))


def sentences_of(place: Workplace, definition: Definition, now: dt.datetime) -> list[str]:
    tiers = {tier.id: tier.title for tier in rules_now(place, now).tiers}
    names = Names(tiers=tiers, outlets=outlets_of(place))
    words = words_on_page(place.program.pk)
    return [clause_sentence(clause, words, names) for clause in definition.clauses]


def clients_in_words(number: int) -> str:
    return ngettext("%(number)s client", "%(number)s clients", number) % {"number": f"{number:,}".replace(",", " ")}


def count_in_words(count: Count) -> str:
    if count.number is None:
        return _("Counting takes long: there are many clients")
    if count.more:
        return _("More than %(clients)s") % {"clients": clients_in_words(count.number)}
    return clients_in_words(count.number)
