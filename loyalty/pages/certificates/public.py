"""The page of one certificate, behind its secret link: for whoever holds it. No login."""

from __future__ import annotations

import functools
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from loyalty.certificates import codes, links, printing, wording
from loyalty.models import Certificate, CertificateEntry
from loyalty.wording import words_on_page
from merchants import qr
from merchants.access import tenant
from merchants.models import Outlet

View = Callable[[HttpRequest, Certificate], HttpResponse]


def for_holder(view: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """The view is called with the certificate in the place of `token`. Nothing of it is kept by caches, found by search
    engines, or told to other sites."""

    @never_cache
    @require_safe
    @functools.wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        one = links.certificate_of(token)
        if one is None or not one.merchant.is_active:
            return private(render(request, "certificates/dead_link.html", status=404))
        with tenant(one.program_id), timezone.override(one.program.time_zone):
            return private(view(request, one))

    return opened


def private(response: HttpResponse) -> HttpResponse:
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@for_holder
def certificate(request: HttpRequest, one: Certificate) -> HttpResponse:
    now, words = timezone.now(), words_on_page(one.program_id)
    moves = CertificateEntry.objects.filter(program_id=one.program_id, certificate=one).exclude(amount=0)
    outlets = Outlet.objects.filter(program_id=one.program_id, merchant=one.merchant, is_active=True)
    return render(
        request,
        "certificates/public.html",
        {
            "shop": one.merchant,
            "program": one.program,
            "one": one,
            "state": one.state(now),
            "state_said": wording.state(one, now),
            "worth": wording.worth(one, words),
            "rest": wording.rest(one, words),
            "code": codes.shown(one.code),
            "qr": qr.svg(links.address(one, request.build_absolute_uri("/"))),
            "pdf": reverse("certificate_public_pdf", args=[links.token_of(one)]),
            "moves": [(move, wording.change(one, move.amount, words)) for move in moves.order_by("-id")],
            "outlets": outlets.order_by("name"),
        },
    )


@for_holder
def pdf(request: HttpRequest, one: Certificate) -> HttpResponse:
    with translation.override(one.program.language):
        content = printing.pdf([one], site=request.build_absolute_uri("/"), now=timezone.now())
    return printing.response(content, name=f"certificate-{one.code[-4:]}")
