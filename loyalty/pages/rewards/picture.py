"""The picture of a gift, for everybody: clients and tills show the catalogue."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from loyalty.models import RewardPicture
from loyalty.rewards.pictures import CONTENT_TYPE
from merchants.access import every_tenant
from merchants.pages.look import FOR_EVER


@require_safe
def picture(request: HttpRequest, merchant_id: int, digest: str) -> HttpResponse:
    """The address changes with the picture; an old one is gone."""
    with every_tenant():
        rows = RewardPicture.objects.filter(reward__merchant=merchant_id, digest=digest.replace("\0", ""))
        found = rows.first()
    if found is None:
        raise Http404
    return HttpResponse(bytes(found.content), content_type=CONTENT_TYPE, headers={"Cache-Control": FOR_EVER})
