"""What every page of a workplace is drawn with."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from merchants.doors import Workplace
from merchants.navigation import entries


def workplace(request: HttpRequest) -> dict[str, Any]:
    """`place` and the entries of its menu, on pages behind `members_only`."""
    place: Workplace | None = getattr(request, "place", None)
    if place is None:
        return {}
    match = request.resolver_match
    return {"place": place, "menu": entries(place, current=match.url_name or "" if match else "")}
