"""What pages are drawn with."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from merchants.doors import Workplace
from merchants.navigation import entries


def workplace(request: HttpRequest) -> dict[str, Any]:
    """Whether strangers may register; and on pages behind `members_only`, `place` and the entries of its menu."""
    known: dict[str, Any] = {"registration_open": settings.REGISTRATION_OPEN}
    place: Workplace | None = getattr(request, "place", None)
    if place is None:
        return known
    match = request.resolver_match
    return known | {"place": place, "menu": entries(place, current=match.url_name or "" if match else "")}
