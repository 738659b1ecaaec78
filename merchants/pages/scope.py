"""What of a merchant a member sees in the office: a manager of some outlets has to do with these alone."""

from __future__ import annotations

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from merchants.doors import Workplace
from merchants.models import Outlet, Till


def outlets_of(place: Workplace) -> QuerySet[Outlet]:
    """The closed ones, too."""
    outlets = Outlet.objects.filter(merchant=place.merchant).order_by("-is_active", "name", "pk")
    return outlets if place.outlets is None else outlets.filter(pk__in=place.outlets)


def outlet_of(place: Workplace, outlet_id: int) -> Outlet:
    """Http404 where the outlet is another's."""
    outlet = get_object_or_404(outlets_of(place), pk=outlet_id)
    outlet.merchant = place.merchant
    return outlet


def till_of(place: Workplace, till_id: int) -> Till:
    """Http404 where the till is another's."""
    tills = Till.objects.filter(outlet__in=outlets_of(place)).select_related("outlet")
    till = get_object_or_404(tills, pk=till_id)
    till.merchant = till.outlet.merchant = place.merchant
    return till


def reaches(place: Workplace, outlets: Iterable[Outlet]) -> bool:
    """Whether the member may decide about somebody who works at these outlets; none means at all of them."""
    keys = {outlet.pk for outlet in outlets}
    return place.outlets is None or (bool(keys) and keys <= place.outlets)


def require_all_outlets(place: Workplace) -> None:
    """PermissionDenied for a manager of some outlets: what follows concerns the others as well."""
    if place.outlets is not None:
        raise PermissionDenied("This is for those who work at every outlet.")
