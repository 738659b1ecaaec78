"""A till: its name, the keys of its programs, and the phones that show the till page."""

from __future__ import annotations

from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from merchants import devices, tills
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.models import Scope, Till, TillKey
from merchants.pages.outlets import TillForm
from merchants.pages.scope import till_of

OPEN = require_http_methods(["GET", "HEAD", "POST"])
SCOPES = [
    (Scope.SELL, gettext_lazy("Sell: count points, take them, give them back")),
    (Scope.ENROL, gettext_lazy("Enrol new clients")),
    (Scope.READ, gettext_lazy("Look clients and receipts up")),
    (Scope.ADJUST, gettext_lazy("Add and deduct points by hand")),
]


class KeyForm(PageForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What the key allows"),
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what the till may do.")},
    )


@members_only(Action.MANAGE_TILLS)
@OPEN
def till_settings(request: HttpRequest, place: Workplace, till_id: int) -> HttpResponse:
    """Several acts, told apart by their buttons. A key and a link are shown in the answer, and nowhere else."""
    till = till_of(place, till_id)
    now = timezone.now()
    context: dict[str, Any] = {
        "key_form": KeyForm(initial={"scopes": [Scope.SELL, Scope.ENROL, Scope.READ]}),
        "name_form": TillForm(initial={"name": till.name}),
    }
    match request.POST.get("act"):
        case "name":
            form = context["name_form"] = TillForm(request.POST)
            if form.is_valid() and renamed(place, till, form):
                messages.success(request, _("Saved."))
                return redirect("till_settings", place.merchant.pk, till.pk)
        case "key":
            scopes = context["key_form"] = KeyForm(request.POST)
            if scopes.is_valid():
                context["key"] = tills.issue_key(
                    till=till, scopes=scopes.cleaned_data["scopes"], by=place.user, now=now
                )
        case "phone":
            token = devices.invite(till=till, by=place.user, now=now)
            link = request.build_absolute_uri(reverse("till_connect", args=[token]))
            context |= {
                "link": link,
                "qr": segno.make(link, error="m").svg_data_uri(scale=6, border=3, light="#fff", dark="#000"),
                "link_ends_at": now + devices.INVITATION_LIVES,
            }
    keys = list(TillKey.objects.filter(till=till, revoked_at=None).order_by("-pk"))
    words = dict(Scope.choices)
    context |= {
        "till": till,
        "keys": [(key, [words[scope] for scope in key.scopes]) for key in keys if not key.device],
        "phones": [key for key in keys if key.device],
    }
    return render(request, "outlets/till.html", context)


def renamed(place: Workplace, till: Till, form: TillForm) -> bool:
    try:
        tills.rename_till(till=till, name=form.cleaned_data["name"], by=place.user, now=timezone.now())
    except ValidationError as error:
        form.add_error(None, error)
        return False
    return True


@members_only(Action.MANAGE_TILLS)
@OPEN
def key_revoke(request: HttpRequest, place: Workplace, till_id: int, key_id: int) -> HttpResponse:
    till = till_of(place, till_id)
    key = get_object_or_404(TillKey.objects.filter(till=till), pk=key_id)
    key.till = till
    back = reverse("till_settings", args=[place.merchant.pk, till.pk])
    if request.method == "POST":
        tills.revoke_key(key=key, by=place.user, now=timezone.now())
        messages.success(request, _("The phone is disconnected.") if key.device else _("The key is revoked."))
        return redirect(back)
    if key.device:
        title, verb = _("Disconnect the phone “%(name)s”?") % {"name": key.device}, _("Disconnect")
        sentence = _("The till page on this phone stops working within half a minute. It can be connected anew.")
    else:
        title, verb = _("Revoke the key …%(hint)s?") % {"hint": key.hint}, _("Revoke")
        sentence = _("The program with this key stops selling within half a minute. A revoked key never works again.")
    context = {"title": title, "sentence": sentence, "verb": verb, "danger": True, "back": back}
    return render(request, "shop/confirm.html", context)


@members_only(Action.MANAGE_TILLS)
@OPEN
def till_off(request: HttpRequest, place: Workplace, till_id: int) -> HttpResponse:
    till = till_of(place, till_id)
    back = reverse("till_settings", args=[place.merchant.pk, till.pk])
    if request.method == "POST":
        tills.switch_off(till=till, by=place.user, now=timezone.now())
        messages.success(request, _("The till “%(name)s” is switched off.") % {"name": till.name})
        return redirect("outlets", place.merchant.pk)
    alive = TillKey.objects.filter(till=till, revoked_at=None).count()
    context = {
        "title": _("Switch the till “%(name)s” off?") % {"name": till.name},
        "sentence": _("It stops selling within half a minute. Its receipts stay, and it can be switched on again."),
        "figures": [(_("Keys and phones in use"), alive)],
        "verb": _("Switch off"),
        "danger": True,
        "back": back,
    }
    return render(request, "shop/confirm.html", context)


@members_only(Action.MANAGE_TILLS)
@require_POST
def till_on(request: HttpRequest, place: Workplace, till_id: int) -> HttpResponse:
    till = till_of(place, till_id)
    tills.switch_on(till=till, by=place.user, now=timezone.now())
    messages.success(request, _("The till “%(name)s” works again.") % {"name": till.name})
    return redirect("till_settings", place.merchant.pk, till.pk)
