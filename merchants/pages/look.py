"""A merchant's colour and logo, for everybody: clients see them before any login."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from merchants.access import every_tenant
from merchants.look import stylesheet
from merchants.models import Logo, Merchant

YEAR = 365 * 24 * 60 * 60
FOR_EVER = f"public, max-age={YEAR}, immutable"


@require_safe
def look(request: HttpRequest, merchant_id: int) -> HttpResponse:
    """Kept for ever under the address that names the colour (`?v=`), for five minutes under any other."""
    with every_tenant():
        colour = Merchant.objects.filter(pk=merchant_id).values_list("colour", flat=True).first()
    if colour is None:
        raise Http404
    kept = FOR_EVER if request.GET.get("v") == colour[1:] else "public, max-age=300"
    return HttpResponse(stylesheet(colour), content_type="text/css; charset=utf-8", headers={"Cache-Control": kept})


@require_safe
def logo(request: HttpRequest, merchant_id: int, digest: str) -> HttpResponse:
    """The address changes with the picture; an old one is gone."""
    with every_tenant():
        found = Logo.objects.filter(merchant_id=merchant_id, digest=digest.replace("\0", "")).first()
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.content), content_type=found.content_type, headers={"Cache-Control": FOR_EVER})
