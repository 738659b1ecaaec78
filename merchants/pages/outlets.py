"""The outlets of a shop, each with its tills."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from merchants import outlets, tills
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.models import Till, TillKey
from merchants.pages.scope import outlet_of, outlets_of, require_all_outlets

OPEN = require_http_methods(["GET", "HEAD", "POST"])


class OutletForm(PageForm):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=120,
        help_text=gettext_lazy("As the team and the clients call it: “Coffee on Lesnaya”."),
    )
    address = forms.CharField(label=gettext_lazy("Address"), max_length=250, required=False)


class NewOutletForm(OutletForm):
    code = forms.SlugField(
        label=gettext_lazy("Code"),
        max_length=40,
        required=False,
        help_text=gettext_lazy(
            "Rules and tills name the outlet by it, so it can’t be changed later. Leave it empty: we make it from the "
            "name."
        ),
        error_messages={"invalid": gettext_lazy("Latin letters, digits and hyphens only.")},
    )


class TillForm(PageForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)


@members_only(Action.MANAGE_TILLS)
@require_safe
def outlet_list(request: HttpRequest, place: Workplace) -> HttpResponse:
    alive = Q(keys__revoked_at=None)
    counted = Till.objects.order_by("-is_active", "name", "pk").annotate(
        api_keys=Count("keys", filter=alive & Q(keys__device="")),
        phones=Count("keys", filter=alive & ~Q(keys__device="")),
    )
    rows = outlets_of(place).prefetch_related(Prefetch("tills", counted))
    return render(request, "outlets/list.html", {"outlets": rows, "may_open": place.outlets is None})


@members_only(Action.MANAGE_TILLS)
@OPEN
def outlet_new(request: HttpRequest, place: Workplace) -> HttpResponse:
    require_all_outlets(place)
    form = NewOutletForm(request.POST or None)
    if form.is_valid():
        try:
            opened = outlets.open_outlet(
                merchant=place.merchant, **form.cleaned_data, by=place.user, now=timezone.now()
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The outlet “%(name)s” is open. Now add a till.") % {"name": opened.name})
            return redirect("till_new", place.merchant.pk, opened.pk)
    return render(request, "outlets/new.html", {"form": form})


@members_only(Action.MANAGE_TILLS)
@OPEN
def outlet(request: HttpRequest, place: Workplace, outlet_id: int) -> HttpResponse:
    found = outlet_of(place, outlet_id)
    form = OutletForm(request.POST or None, initial={"name": found.name, "address": found.address})
    if form.is_valid():
        outlets.change_outlet(outlet=found, **form.cleaned_data, by=place.user, now=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("outlets", place.merchant.pk)
    return render(request, "outlets/outlet.html", {"form": form, "outlet": found})


@members_only(Action.MANAGE_TILLS)
@OPEN
def outlet_close(request: HttpRequest, place: Workplace, outlet_id: int) -> HttpResponse:
    found = outlet_of(place, outlet_id)
    if request.method == "POST":
        outlets.close_outlet(outlet=found, by=place.user, now=timezone.now())
        messages.success(request, _("The outlet “%(name)s” is closed.") % {"name": found.name})
        return redirect("outlets", place.merchant.pk)
    alive = TillKey.objects.filter(till__outlet=found, till__is_active=True, revoked_at=None)
    context: dict[str, Any] = {
        "title": _("Close the outlet “%(name)s”?") % {"name": found.name},
        "sentence": _(
            "Its tills stop selling within half a minute: their keys are refused. Receipts, clients and points stay, "
            "and the outlet can be opened again."
        ),
        "figures": [
            (_("Tills"), found.tills.filter(is_active=True).count()),
            (_("Keys and phones in use"), alive.count()),
        ],
        "verb": _("Close the outlet"),
        "danger": True,
        "back": reverse("outlet", args=[place.merchant.pk, found.pk]),
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.MANAGE_TILLS)
@require_POST
def outlet_reopen(request: HttpRequest, place: Workplace, outlet_id: int) -> HttpResponse:
    found = outlet_of(place, outlet_id)
    outlets.reopen_outlet(outlet=found, by=place.user, now=timezone.now())
    messages.success(request, _("The outlet “%(name)s” is open again.") % {"name": found.name})
    return redirect("outlets", place.merchant.pk)


@members_only(Action.MANAGE_TILLS)
@OPEN
def till_new(request: HttpRequest, place: Workplace, outlet_id: int) -> HttpResponse:
    found = outlet_of(place, outlet_id)
    number = Till.objects.filter(outlet=found).count() + 1
    form = TillForm(request.POST or None, initial={"name": _("Till %(number)s") % {"number": number}})
    if form.is_valid():
        try:
            till = tills.register_till(outlet=found, name=form.cleaned_data["name"], by=place.user, now=timezone.now())
        except ValidationError as error:
            form.add_error("name", error.messages)
        else:
            messages.success(request, _("The till is there. Connect a phone to it, or issue a key."))
            return redirect("till_settings", place.merchant.pk, till.pk)
    return render(request, "outlets/till_new.html", {"form": form, "outlet": found})
