"""A gift of the catalogue: make it, change it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from loyalty.models import Reward
from loyalty.pages.rewards.forms import RewardForm
from loyalty.pages.rewards.shelf import tier_titles
from loyalty.rewards import catalogue, pictures
from merchants.access import Action
from merchants.doors import Workplace, members_only

FORM = ["GET", "HEAD", "POST"]


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def reward_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    form = _form(request, place)
    if form.is_valid():
        try:
            made = catalogue.add(
                merchant=place.merchant, terms=form.terms, now=timezone.now(), by=place.user, picture=form.drawing
            )
        except catalogue.TooManyError:
            form.add_error(None, _("There are %(most)d gifts already: nobody reads more.") % {"most": catalogue.MOST})
        else:
            messages.success(request, _("“%(gift)s” is in the catalogue.") % {"gift": made.title})
            return redirect("rewards", place.merchant.pk)
    return render(request, "rewards/one.html", {"form": form, "reward": None})


@members_only(Action.RUN_CAMPAIGNS)
@require_http_methods(FORM)
def reward(request: HttpRequest, place: Workplace, reward_id: uuid.UUID) -> HttpResponse:
    rows = Reward.objects.filter(program_id=place.program.pk, merchant=place.merchant)
    one = rows.select_related("merchant").filter(public_id=reward_id).first()
    if one is None:
        raise Http404
    digest = pictures.digests([one.pk]).get(one.pk, "")
    form = _form(request, place, one, drawn=bool(digest))
    if form.is_valid():
        changed = catalogue.edit(
            reward=one,
            terms=form.terms,
            was_left=form.cleaned_data["was_left"],
            now=timezone.now(),
            by=place.user,
            picture=form.drawing,
        )
        messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
        return redirect("rewards", place.merchant.pk)
    return render(request, "rewards/one.html", {"form": form, "reward": one, "picture": digest})


def _form(request: HttpRequest, place: Workplace, one: Reward | None = None, *, drawn: bool = False) -> RewardForm:
    data, files = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    return RewardForm(data, files, precision=place.program.precision, tiers=tier_titles(place), reward=one, drawn=drawn)
