"""The door for the till page: a phone that is connected to a till, and the cashier who has said his PIN on it.

A view for cashiers is given its `Post`, and runs inside the tenant and the time zone of the till. There is neither a
login nor a session: two signed cookies say which key the phone has, and who unlocked it when.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeAlias

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from rest_framework.exceptions import AuthenticationFailed

from cashier.page import cookies
from loyalty.refusals import Refused
from merchants.access import tenant
from merchants.authentication import Caller, look_up
from merchants.models import Cashier, Till

P = ParamSpec("P")

IDLE = dt.timedelta(minutes=30)

# The scanner of QR codes runs in a worker that it makes of a text.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; worker-src 'self' blob:; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@dataclass(frozen=True)
class Phone:
    """A connected phone: the caller of its key, and its till with outlet, merchant and programme."""

    caller: Caller
    till: Till
    now: dt.datetime


@dataclass(frozen=True)
class Post(Phone):
    """A connected phone in the hands of a cashier."""

    cashier: Cashier

    @property
    def source(self) -> str:
        """Who acts, as the books name him: «till:17 Анна»."""
        return f"{self.caller} {self.cashier.name}"


View: TypeAlias = Callable[..., HttpResponse]
PhoneView: TypeAlias = Callable[Concatenate[HttpRequest, Phone, P], HttpResponse]
PostView: TypeAlias = Callable[Concatenate[HttpRequest, Post, P], HttpResponse]


def for_phones(view: PhoneView[P]) -> View:
    """A view for connected phones, whoever holds them. Others are told how to connect one (403)."""

    @never_cache
    @functools.wraps(view)
    def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = cookies.key_of(request)
        if key is None:
            return guarded(render(request, "till/not_connected.html", status=403))
        try:
            caller = look_up(key)
        except AuthenticationFailed:
            return disconnected(request)
        with tenant(caller.program_id), timezone.override(caller.time_zone):
            till = Till.objects.select_related("outlet", "merchant", "program").get(pk=caller.till_id)
            phone = Phone(caller, till, timezone.now())
            request.phone = phone  # type: ignore[attr-defined]  # templates draw the frame of the page from it
            try:
                return guarded(view(request, phone, *args, **kwargs))
            except Refused as refused:
                if refused.code == "key_revoked":  # while the page was being made
                    return disconnected(request)
                raise

    return opened


def for_cashiers(view: PostView[P]) -> View:
    """A view for a cashier who has said his PIN; the page is locked after half an hour of nothing."""

    @for_phones
    @functools.wraps(view)
    def unlocked(request: HttpRequest, phone: Phone, *args: Any, **kwargs: Any) -> HttpResponse:
        cashier = _cashier(request, phone)
        if cashier is None:
            return redirect("till_who")
        post = Post(phone.caller, phone.till, phone.now, cashier)
        request.phone = post  # type: ignore[attr-defined]
        response = view(request, post, *args, **kwargs)
        cookies.unlock(response, cashier, key_id=phone.caller.key_id, now=phone.now)
        return response

    return unlocked


def guarded(response: HttpResponse) -> HttpResponse:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    return response


def disconnected(request: HttpRequest) -> HttpResponse:
    response = guarded(render(request, "till/disconnected.html", status=403))
    cookies.forget(response)
    return response


def cashiers_of(phone: Phone) -> list[Cashier]:
    """Those who may stand at this till."""
    here = Q(outlets=None) | Q(outlets=phone.till.outlet_id)
    found = Cashier.objects.filter(here, merchant=phone.till.merchant_id, is_active=True)
    return list(found.order_by("name").distinct())


def _cashier(request: HttpRequest, phone: Phone) -> Cashier | None:
    """The cashier who unlocked this phone, if he still may stand here and has not been away for too long."""
    said = cookies.unlocked_by(request, key_id=phone.caller.key_id)
    if said is None or phone.now - said.at > IDLE:
        return None
    cashier = next((one for one in cashiers_of(phone) if one.pk == said.cashier_id), None)
    return cashier if cashier is not None and cookies.pin_mark(cashier) == said.mark else None
