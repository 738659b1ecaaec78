"""Cashiers with a PIN: hired, changed, given a new PIN, dismissed and brought back."""

from __future__ import annotations

import itertools
import secrets

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from merchants import cashiers
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.models import Cashier
from merchants.pages.people import CashierForm, NewCashierForm, PinForm
from merchants.pages.scope import reaches

OPEN = require_http_methods(["GET", "HEAD", "POST"])


def random_pin() -> str:
    """Four digits, all different, and none of them next to its neighbour: nobody guesses that by fashion."""
    while True:
        digits = [secrets.randbelow(10) for _place in range(4)]
        if len(set(digits)) == 4 and all(abs(a - b) > 1 for a, b in itertools.pairwise(digits)):
            return "".join(map(str, digits))


@members_only(Action.MANAGE_TEAM)
@sensitive_post_parameters("pin")
@OPEN
def cashier_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    """The PIN is shown in the answer, and nowhere afterwards."""
    form = NewCashierForm(request.POST or None, place=place, initial={"pin": random_pin()})
    if form.is_valid():
        try:
            hired = cashiers.hire(merchant=place.merchant, **form.cleaned_data, by=place.user, now=timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return render(request, "team/pin.html", {"cashier": hired, "pin": form.cleaned_data["pin"]})
    return render(request, "team/cashier_new.html", {"form": form})


@members_only(Action.MANAGE_TEAM)
@sensitive_post_parameters("pin")
@OPEN
def cashier_edit(request: HttpRequest, place: Workplace, cashier_id: int) -> HttpResponse:
    found = cashier_of(place, cashier_id)
    now = timezone.now()
    chosen = found.outlets.all()
    form = CashierForm(place=place, chosen=chosen, initial={"name": found.name})
    pin_form = PinForm(initial={"pin": random_pin()})
    if request.POST.get("act") == "pin":
        pin_form = PinForm(request.POST)
        if pin_form.is_valid():
            try:
                cashiers.set_pin(cashier=found, pin=pin_form.cleaned_data["pin"], by=place.user, now=now)
            except ValidationError as error:
                pin_form.add_error(None, error)
            else:
                return render(request, "team/pin.html", {"cashier": found, "pin": pin_form.cleaned_data["pin"]})
    elif request.method == "POST":
        form = CashierForm(request.POST, place=place, chosen=chosen)
        if form.is_valid():
            try:
                cashiers.change(cashier=found, **form.cleaned_data, by=place.user, now=now)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("Saved."))
                return redirect("team", place.merchant.pk)
    name = Cashier.objects.values_list("name", flat=True).get(pk=found.pk)  # the one that is saved
    return render(request, "team/cashier.html", {"form": form, "pin_form": pin_form, "cashier": found, "name": name})


@members_only(Action.MANAGE_TEAM)
@OPEN
def cashier_dismiss(request: HttpRequest, place: Workplace, cashier_id: int) -> HttpResponse:
    found = cashier_of(place, cashier_id)
    if request.method == "POST":
        cashiers.dismiss(cashier=found, by=place.user, now=timezone.now())
        messages.success(request, _("%(who)s: dismissed, the PIN opens nothing any more.") % {"who": found.name})
        return redirect("team", place.merchant.pk)
    context = {
        "title": _("Dismiss the cashier %(who)s?") % {"who": found.name},
        "sentence": _("The PIN stops working at once. Receipts keep the name, and the cashier can be brought back."),
        "verb": _("Dismiss"),
        "danger": True,
        "back": reverse("cashier_edit", args=[place.merchant.pk, found.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.MANAGE_TEAM)
@require_POST
def cashier_back(request: HttpRequest, place: Workplace, cashier_id: int) -> HttpResponse:
    found = cashier_of(place, cashier_id)
    cashiers.bring_back(cashier=found, by=place.user, now=timezone.now())
    messages.success(request, _("%(who)s works again, with the old PIN.") % {"who": found.name})
    return redirect("cashier_edit", place.merchant.pk, found.pk)


def cashier_of(place: Workplace, cashier_id: int) -> Cashier:
    """Http404 for another merchant's, PermissionDenied for one who works where this member does not."""
    cashiers_here = Cashier.objects.filter(merchant=place.merchant).prefetch_related("outlets")
    found = get_object_or_404(cashiers_here, pk=cashier_id)
    found.merchant = place.merchant
    if not reaches(place, found.outlets.all()):
        raise PermissionDenied("This cashier works elsewhere.")
    return found
