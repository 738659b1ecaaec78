"""Promos: a month of them, a list, and a short form that makes one into a rule of the draft."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from loyalty import drafts, programs, promos
from loyalty import faults as fault_words
from loyalty.engine.rulebook import load
from loyalty.pages.rules.promo_form import PromoForm
from loyalty.pages.rules.rooms import Rules
from loyalty.promos import Promo
from loyalty.refusals import Refused
from loyalty.rule_sentences import Names, rule_sentence
from merchants.access import Action
from merchants.doors import Workplace, members_only

STATES: Final[dict[str, Promise]] = {
    "runs": gettext_lazy("runs now"),
    "coming": gettext_lazy("comes later"),
    "waits": gettext_lazy("in the version that waits"),
    "draft": gettext_lazy("in the draft"),
    "spent": gettext_lazy("budget is spent"),
    "over": gettext_lazy("over"),
    "off": gettext_lazy("switched off"),
}
ORDER: Final = list(STATES)


@members_only(Action.SEE_RULES)
@require_safe
def promos_page(request: HttpRequest, place: Workplace) -> HttpResponse:
    rules, now = Rules(place), timezone.now()
    today = rules.in_force.calendar.day_of(now)
    month = _month(request.GET.get("month", ""), today)
    found = _found(rules, today)
    names = Names({tier.id: tier.title for tier in rules.in_force.tiers}, rules.outlets)
    return render(
        request,
        "rules/promos.html",
        {
            "month": month,
            "before": _beside(month, -1),
            "after": _beside(month, 1),
            "today": today,
            "weekdays": [dt.date(2024, 1, n) for n in range(1, 8)],
            "weeks": [
                [(day, day.month == month.month, [one for one in found if one.on(day)]) for day in week]
                for week in calendar.Calendar().monthdatescalendar(month.year, month.month)
            ],
            "rows": [
                (one, STATES[one.state], _sentence(one, rules, names), *_budget(one, rules))
                for one in sorted(found, key=lambda one: (ORDER.index(one.state), one.first or dt.date.min))
            ],
            "has_draft": rules.draft is not None,
            "may_edit": place.may(Action.EDIT_RULES),
        },
    )


def _found(rules: Rules, today: dt.date) -> list[Promo]:
    waits = None
    if rules.waits is not None:
        book = load(rules.waits.document)
        waits = book, book.calendar.day_of(rules.waits.published_at)
    draft = rules.drafted if rules.draft is not None else None
    every = [rules.in_force, *([waits[0]] if waits else []), *([draft] if draft else [])]
    ids = sorted({rule.id for book in every for rule in book.rules})
    spent = promos.spent_by_rule(rules.program.pk, ids)
    return promos.promos_in(rules.in_force, waits, draft, spent=spent, today=today)


def _sentence(one: Promo, rules: Rules, names: Names) -> str:
    """Without the title, which stands above it."""
    said = rule_sentence(one.rule, rules.words, names).removeprefix(f"{one.rule.title}: ")
    return said[:1].upper() + said[1:]


def _budget(one: Promo, rules: Rules) -> tuple[str, int | None]:
    """What is spent of what, and the same in percent."""
    limits, words = one.rule.limits, rules.words
    if limits.budget is not None:
        say = words.money if one.is_discount else words.points
        said = _("%(spent)s of %(budget)s") % {"spent": say(one.given), "budget": say(limits.budget)}
        return said, one.percent_spent
    if limits.uses is not None:
        return _("%(spent)s of %(budget)s receipts") % {"spent": one.uses, "budget": limits.uses}, one.percent_spent
    return "", None


def _month(text: str, today: dt.date) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007  # a month has no zone
    except ValueError:
        return today.replace(day=1)


def _beside(month: dt.date, step: int) -> str:
    year, index = divmod(month.year * 12 + month.month - 1 + step, 12)
    return f"{max(year, 1):04}-{index + 1:02}"


@members_only(Action.EDIT_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def promo_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """Into the draft; from there it is tried on the past and published."""
    rules = Rules(place)
    drafted = rules.drafted
    if drafted is None:
        return redirect("programme_edit", place.merchant.pk)
    form = PromoForm(request.POST or None, outlets=rules.outlets, precision=place.program.precision)
    if form.is_valid():
        document = drafts.document_of(drafted)
        document["rules"] = [*document["rules"], form.rule({rule.id for rule in drafted.rules})]
        faults = programs.check(program=place.program, document=document)
        mine = [one for one in faults if one.pointer.startswith(f"/rules/{len(document['rules']) - 1}")]
        if mine:
            form.add_error(None, forms.ValidationError([fault_words.sentence(one) for one in mine]))
        elif _kept(place, document, rules.revision):
            messages.success(request, _("The promo is in the draft. Try it on past receipts, then publish."))
            return redirect("promos", place.merchant.pk)
        else:
            form.add_error(None, _("Somebody else has changed the draft at this moment. Try once more."))
    return render(request, "rules/promo_new.html", {"form": form})


def _kept(place: Workplace, document: dict[str, Any], revision: int) -> bool:
    try:
        drafts.keep(program=place.program, document=document, revision=revision, by=place.user, now=timezone.now())
    except Refused:
        return False
    return True
