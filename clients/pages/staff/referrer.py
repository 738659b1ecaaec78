"""Who invited a client: named once, before his first purchase."""

from __future__ import annotations

import uuid

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clients.pages.staff.one import name_of
from clients.pages.staff.scope import client_of
from clients.phones import NotAPhoneError, e164
from loyalty.accounts import find, name_referrer
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm


class ReferrerForm(PageForm):
    number = forms.CharField(
        label=gettext_lazy("Phone or card number of whoever invited"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


@members_only(Action.EDIT_CLIENTS)
@require_http_methods(["GET", "HEAD", "POST"])
def client_referrer(request: HttpRequest, place: Workplace, client_id: uuid.UUID) -> HttpResponse:
    now = timezone.now()
    one = client_of(place, client_id)
    form = ReferrerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            referrer = find(program_id=place.program.pk, who=_who(form.cleaned_data["number"]), now=now)
            name_referrer(account=one.account, referrer=referrer, now=now, by=place.user)
        except Refused as refused:
            form.add_error("number", _why_not(refused))
        else:
            messages.success(request, _("Saved."))
            return redirect("client", place.merchant.pk, client_id)
    context = {
        "title": _("Who invited the client"),
        "sentence": f"{_('Client: %(name)s.') % {'name': name_of(one)}} {_once()}",
        "form": form,
        "verb": _("Name who invited"),
        "back": reverse("client", args=[place.merchant.pk, client_id]),
    }
    return render(request, "shop/confirm.html", context)


def _once() -> str:
    return _("It is named once, and before the first purchase: the points for it come from the purchases that follow.")


def _who(text: str) -> Who:
    try:
        return Who("phone", e164(text))
    except NotAPhoneError:
        return Who("card", "".join(text.split()))


def _why_not(refused: Refused) -> str:
    match refused.code, refused.facts.get("why"):
        case "client_not_found", None:
            return _("There is no such client.")
        case "referrer_refused", "named":
            return _("Who invited this client is named already.")
        case "referrer_refused", "bought":
            return _("The client has bought something already: it is too late to name who invited.")
        case _:
            return _("Nobody invites himself, and not those who invited him.")
