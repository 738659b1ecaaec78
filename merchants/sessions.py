"""Where somebody is logged in: his living sessions, and the end of them.

allauth keeps a row for each session; this adds when it was last seen (noted every few minutes, not with every page)
and the device in words.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Final

from allauth.usersessions.models import UserSession
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct

from merchants.counters import CacheDownError, counters
from merchants.models import User

NOTED_EVERY: Final = dt.timedelta(minutes=5)
_BROWSERS: Final = (
    ("YaBrowser", "Яндекс Браузер"),
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class Seen(Struct, frozen=True):
    id: int
    device: str
    address: str
    since: dt.datetime
    last_seen: dt.datetime
    is_this: bool


def of(user: User, *, current: str | None) -> list[Seen]:
    """The living sessions, the one that is asking first, then those seen last. `current` is its key."""
    rows = UserSession.objects.purge_and_list(user)
    found = [
        Seen(
            row.pk,
            device_of(row.user_agent),
            row.ip,
            row.created_at,
            row.last_seen_at,
            row.session_key == current,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.is_this, one.last_seen), reverse=True)


def end(user: User, *, session_id: int) -> bool:
    """End one; False where there is none of his."""
    row = UserSession.objects.filter(user=user, pk=session_id).first()
    if row is None:
        return False
    row.end()
    return True


def end_all(user: User, *, but: str | None = None) -> int:
    """End them all, but for the one with this key; how many."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    for row in rows:
        row.end()
    return len(rows)


def device_of(user_agent: str) -> str:
    """«Chrome, Windows»."""
    parts = [
        next((name for pattern, name in known if re.search(pattern, user_agent)), "") for known in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, parts)) or _("Unknown device")


class LastSeenMiddleware:
    """Notes that a session is in use, at most every few minutes. Without the cache nothing is noted.

    One that is not on the list is put there: it is older than the list, or was begun by another door than allauth's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        session = getattr(request, "session", None)
        # Whoever has not asked for the session, as the styles and the till API have not, is not asked either.
        if session is not None and session.accessed and session.session_key and session.get("_auth_user_id"):
            key = session.session_key
            if _is_due(key):
                known = UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now())
                # Whoever was shut out has no session that could be ended.
                if not known and request.user.is_authenticated:
                    UserSession.objects.create_from_request(request)
        return response


def _is_due(session_key: str) -> bool:
    try:
        count, _seconds = counters().add(f"seen:{session_key}", seconds=int(NOTED_EVERY.total_seconds()))
    except CacheDownError:
        return False
    return count == 1
