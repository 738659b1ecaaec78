"""Before a cashier can sell: connect the phone to a till, say who one is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from rest_framework.exceptions import AuthenticationFailed

from cashier.page import cookies
from cashier.page.door import Phone, cashiers_of, for_phones, guarded
from cashier.page.forms import DeviceForm, PinForm
from cashier.page.pins import TooManyAttempts, try_pin
from cashier.page.rendering import page, see
from merchants import devices
from merchants.access import Action, Actor, tenant
from merchants.authentication import look_up
from merchants.doors import Workplace, members_only
from merchants.models import Till, TillKey
from merchants.tills import revoke_key

MOBILE = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac", "Mac"))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a manager. Looking at it changes nothing; the button connects this phone to the till."""
    till = devices.till_of(token, timezone.now())
    if till is None:
        return guarded(render(request, "till/link_over.html", status=404))
    with tenant(till.program_id):
        form = DeviceForm(request.POST or None, initial={"name": device_of(request)})
        if request.method == "POST" and form.is_valid():
            return connected(request, till, form.cleaned_data["name"], by=f"till:{till.pk} link")
        return guarded(render(request, "till/connect.html", {"till": till, "form": form}))


@members_only(Action.OPEN_TILL)
@require_http_methods(["GET", "HEAD", "POST"])
def here(request: HttpRequest, place: Workplace) -> HttpResponse:
    """A member opens the till page in the browser he is using."""
    tills = list(
        Till.objects.filter(outlet__in=place.open_outlets(), is_active=True)
        .select_related("outlet", "merchant")
        .order_by("outlet__name", "name")
    )
    form = HereForm(request.POST or None, tills=tills, initial={"name": device_of(request)})
    if request.method == "POST" and form.is_valid():
        till = next(till for till in tills if till.pk == int(form.cleaned_data["till"]))
        return connected(request, till, form.cleaned_data["name"], by=place.user)
    return render(request, "till/here.html", {"form": form, "tills": tills})


class HereForm(DeviceForm):
    def __init__(self, *args: Any, tills: list[Till], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(till.pk), f"{till.outlet.name}: {till.name}") for till in tills]
        field = forms.ChoiceField(
            label=_("Till"), choices=choices, widget=forms.RadioSelect, initial=choices[0][0] if choices else None
        )
        field.template_name = "forms/field.html"  # type: ignore[attr-defined]  # unknown to the stubs
        self.fields = {"till": field, **self.fields}


def connected(request: HttpRequest, till: Till, name: str, *, by: Actor) -> HttpResponse:
    """A key of its own for this phone; the one that it had goes."""
    now = timezone.now()
    key = devices.connect(till=till, name=name, by=by, now=now)
    before = cookies.key_of(request)
    if before is not None:
        try:
            caller = look_up(before)
        except AuthenticationFailed:
            pass
        else:
            with tenant(caller.program_id):
                old = TillKey.objects.select_related("till__merchant").get(pk=caller.key_id)
                revoke_key(key=old, by=f"{caller} connected elsewhere", now=now)
    response = see("till")
    cookies.keep_key(response, key)
    cookies.lock(response)
    return guarded(response)


def device_of(request: HttpRequest) -> str:
    """A name to begin with: what kind of thing this is."""
    agent = request.META.get("HTTP_USER_AGENT", "")
    return next((name for mark, name in MOBILE if mark in agent), _("Browser"))


@sensitive_post_parameters("pin")
@for_phones
@require_http_methods(["GET", "HEAD", "POST"])
def who(request: HttpRequest, phone: Phone) -> HttpResponse:
    """Choose a name, say the PIN."""
    cashiers = cashiers_of(phone)
    chosen = next((one for one in cashiers if str(one.pk) == _given(request, "cashier")), None)
    if chosen is None and len(cashiers) == 1:
        chosen = cashiers[0]
    context: dict[str, Any] = {"cashiers": cashiers, "chosen": chosen, "problem": ""}
    if chosen is None:
        return page(request, phone, "who", context)
    form = PinForm(request.POST or None, initial={"cashier": chosen.pk})
    context["form"] = form
    if request.method != "POST" or not form.is_valid():
        return page(request, phone, "pin", context)
    try:
        right = try_pin(cashier=chosen, pin=form.cleaned_data["pin"], key_id=phone.caller.key_id)
    except TooManyAttempts as error:
        context["problem"] = _("Too many wrong PINs. Wait %(minutes)s min, or ask the manager for a new one.") % {
            "minutes": -(-error.seconds // 60)
        }
        return page(request, phone, "pin", context)
    if not right:
        form.add_error("pin", _("This is not the PIN of %(name)s.") % {"name": chosen.name})
        return page(request, phone, "pin", context)
    response = see("till")
    cookies.unlock(response, chosen, key_id=phone.caller.key_id, now=phone.now)
    return response


def _given(request: HttpRequest, name: str) -> str:
    return request.POST.get(name) or request.GET.get(name) or ""


@for_phones
@require_POST
def lock(request: HttpRequest, phone: Phone) -> HttpResponse:
    """Another cashier takes over."""
    response = redirect("till_who")
    cookies.lock(response)
    return response
