"""Batches of promo codes, a new one, and what a code is."""

from __future__ import annotations

import contextlib
from typing import Final

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from loyalty.engine.calendar import Calendar
from loyalty.models import PromoBatch
from loyalty.pages.promo.forms import BatchForm, CheckForm
from loyalty.promo import checking, making
from loyalty.promo.figures import used_by_batch
from loyalty.promo.shown import STATES, state, time_of, worth
from loyalty.promo.terms import TermsError, check
from loyalty.refusals import Refused
from loyalty.templatetags.kopilka import number
from loyalty.wording import Words, words_on_page
from merchants import paging
from merchants.access import Action
from merchants.counters import CacheDownError, counters
from merchants.doors import Workplace, members_only

GUESSES: Final = 30
WINDOW: Final = 600


@members_only(Action.SEE_FIGURES)
@require_safe
def promo_codes(request: HttpRequest, place: Workplace) -> HttpResponse:
    now, words = timezone.now(), words_on_page(place.program.pk)
    mine = PromoBatch.objects.filter(program_id=place.program.pk, merchant=place.merchant)
    page: paging.Page[PromoBatch] = paging.newest_first(mine, request.GET.get("before", ""))
    used = used_by_batch(page.rows, place.program.pk, now)
    return render(
        request,
        "promo/list.html",
        {
            "page": page,
            "rows": [
                (one, worth(one, words), state(one, now), STATES[state(one, now)], time_of(one), used.get(one.pk, 0))
                for one in page.rows
            ],
            "may_change": place.may(Action.RUN_CAMPAIGNS),
        },
    )


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(["GET", "HEAD", "POST"])
def promo_code_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The form, then what it will be in words, then the deed: a name is taken once, so it is done once."""
    now = timezone.now()
    form = _form(request.POST if request.method == "POST" else None, place)
    if form.is_valid():
        try:
            check(form.terms)
            if "confirmed" not in request.POST:
                return _ask(request, place, form)
            batch = making.order_batch(merchant=place.merchant, terms=form.terms, now=now, by=place.user)
        except TermsError as error:
            form.add_error("beginning" if error.field == "prefix" else error.field, error.said)
        else:
            return redirect("promo_batch", place.merchant.pk, batch.pk)
    return render(request, "promo/new.html", {"form": form})


def _form(data: QueryDict | None, place: Workplace) -> BatchForm:
    calendar = Calendar(place.program.time_zone, place.program.day_starts_at)
    return BatchForm(data, merchant=place.merchant, calendar=calendar, digits=place.program.currency_digits)


def _ask(request: HttpRequest, place: Workplace, form: BatchForm) -> HttpResponse:
    hidden = _form(request.POST.copy(), place)
    for field in hidden.fields.values():
        field.widget = forms.HiddenInput()
    terms = form.terms
    words = words_on_page(place.program.pk)
    batch = PromoBatch(**{name: getattr(terms, name) for name in terms.__struct_fields__})
    return render(
        request,
        "shop/confirm.html",
        {
            "title": _("Make the promo codes?"),
            "sentence": _sentence(batch, words),
            "figures": _figures(batch, form, words),
            "form": hidden,
            "verb": _("Make them"),
            "danger": False,
            "back": reverse("promo_codes", args=[place.merchant.pk]),
        },
    )


def _sentence(batch: PromoBatch, words: Words) -> str:
    if batch.kind == PromoBatch.Kind.SHARED:
        said = _("Whoever names the code “%(code)s” gets: %(worth)s.") % {
            "code": batch.word,
            "worth": worth(batch, words),
        }
    else:
        said = ngettext(
            "%(n)s code, good once. Whoever names it gets: %(worth)s.",
            "%(n)s codes, each good once. Whoever names one gets: %(worth)s.",
            batch.size,
        ) % {"n": number(batch.size), "worth": worth(batch, words)}
    if batch.gives == PromoBatch.Gives.RULE:
        said += " " + _("The rule needs the condition “Code of a batch” with the name “%(name)s”.") % {
            "name": batch.name
        }
    return said


def _figures(batch: PromoBatch, form: BatchForm, words: Words) -> list[tuple[str, str]]:
    no_limit = _("without a limit")
    found = [
        (_("What the offer is called"), batch.name),
        (_("When"), time_of(batch)),
        (_("On receipts from"), words.money(batch.minimum) if batch.minimum else _("any sum")),
        (_("Times for one client"), str(batch.per_client or no_limit)),
        (_("Times for all together"), number(batch.total_limit) if batch.total_limit else no_limit),
        (_("For whom"), form.segments.get(str(batch.audience), _("all clients"))),
    ]
    if batch.first_purchase:
        found.append((_("On a client’s first purchase only"), _("yes")))
    found.append((_("Adds up with other promo codes of the receipt"), _("yes") if batch.stacks else _("no")))
    return found


@members_only(Action.SEE_FIGURES)
@require_safe
def promo_code_check(request: HttpRequest, place: Workplace) -> HttpResponse:
    """`?code=`: what it is, and who has used it. Too many wrong ones, and one has to wait."""
    now, words = timezone.now(), words_on_page(place.program.pk)
    form = CheckForm(request.GET if "code" in request.GET else None)
    context: dict[str, object] = {"form": form, "may_see_clients": place.may(Action.SEE_CLIENTS)}
    if form.is_valid():
        if _waits(place):
            form.add_error("code", _("Too many wrong codes. Wait ten minutes."))
        else:
            try:
                found = checking.find(
                    program_id=place.program.pk,
                    merchant_id=place.merchant.pk,
                    code=form.cleaned_data["code"],
                    now=now,
                )
            except Refused as refused:
                form.add_error("code", _refused(refused, place))
            else:
                context |= {"found": found, "worth": worth(found.batch, words), "said": SAID[found.status]()}
    return render(request, "promo/check.html", context)


SAID: Final = {
    "good": lambda: _("good now"),
    "used": lambda: _("used"),
    "early": lambda: _("not begun yet"),
    "over": lambda: _("its time has passed"),
    "stopped": lambda: _("stopped"),
    "spent": lambda: _("used as often as it may be"),
}


def _refused(refused: Refused, place: Workplace) -> str:
    with contextlib.suppress(CacheDownError):
        counters().add(f"promo-check:{place.user.pk}", seconds=WINDOW)
    if refused.code == "promo_code_mistyped":
        return _("A character is wrong: no code looks like this. Check it, letter by letter.")
    return _("There is no such code.")


def _waits(place: Workplace) -> bool:
    try:
        count, _seconds = counters().read(f"promo-check:{place.user.pk}")
    except CacheDownError:
        return False
    return count >= GUESSES
