"""The doors for clients: a merchant's public pages, and a card behind its secret link. No login.

The cards' pages are exempt from the check of cross-site forms: nothing but the secret in the address lets anybody in,
and a stranger's site does not know it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from clients import card_links
from clients.models import Client
from clients.names import quoted
from loyalty.models import Account
from merchants.access import every_tenant, tenant
from merchants.models import Merchant, Program

P = ParamSpec("P")
Response = TypeVar("Response", bound=HttpResponseBase)
View: TypeAlias = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Holder:
    """Whoever has the secret link of a card."""

    token: str
    client: Client
    account: Account
    merchant: Merchant
    program: Program


HolderView: TypeAlias = Callable[Concatenate[HttpRequest, Holder, P], HttpResponseBase]
ShopView: TypeAlias = Callable[Concatenate[HttpRequest, Merchant, P], HttpResponse]


def for_holder(view: HolderView[P]) -> View:
    """A page of a card: the view is called with the `Holder` in the place of `token`. Nothing of it is kept or told
    on: neither by caches, nor by search engines, nor to other sites."""

    @csrf_exempt
    @never_cache
    @functools.wraps(view)
    def opened(request: HttpRequest, token: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        client = card_links.client_of(token)
        if client is None:
            return private(render(request, "clients/public/dead_link.html", status=404))
        holder = Holder(token, client, whole(client.account), client.account.merchant, client.program)
        with tenant(holder.program.pk), timezone.override(holder.program.time_zone):
            return private(view(request, holder, *args, **kwargs))

    return opened


def private(response: Response) -> Response:
    # Not «no-referrer»: with that, browsers hide the origin of forms, and the choice of a language is refused.
    # To other sites both say nothing.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def whole(account: Account) -> Account:
    """The account that the points are on: a merged one is an alias."""
    with tenant(account.program_id):
        while account.merged_into is not None:
            account = account.merged_into
    return account


def for_everybody(view: ShopView[P]) -> View:
    """A public page of a merchant: the view is called with him in the place of `merchant_id`."""

    @never_cache
    @functools.wraps(view)
    def opened(request: HttpRequest, merchant_id: int, *args: Any, **kwargs: Any) -> HttpResponse:
        with every_tenant():
            merchant = Merchant.objects.select_related("program").filter(pk=merchant_id, is_active=True).first()
        if merchant is None:
            raise Http404
        with tenant(merchant.program_id), timezone.override(merchant.program.time_zone):
            return view(request, merchant, *args, **kwargs)

    return opened


def dress(merchant: Merchant) -> dict[str, Any]:
    """What every page for clients is drawn with: the shop, and the programme in whose words it speaks."""
    return {"shop": merchant, "shop_name": quoted(merchant.name), "program": merchant.program}
