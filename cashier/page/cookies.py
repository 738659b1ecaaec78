"""What a phone with the till page remembers: its key for a year, and who unlocked it. Both signed, neither readable by
scripts, and sent to the till page alone."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from msgspec import Struct

from merchants.models import Cashier

KEY, CASHIER = "till", "till_cashier"
PATH = "/till/"
KEPT = dt.timedelta(days=365)
_SALT = "cashier.page"


class Unlocked(Struct, frozen=True):
    """Who said his PIN, when he last did anything, and a mark of the PIN: another PIN, and he has to say it."""

    cashier_id: int
    at: dt.datetime
    mark: str


def keep_key(response: HttpResponse, key: str) -> None:
    _set(response, KEY, key, KEPT)


def key_of(request: HttpRequest) -> str | None:
    return _get(request, KEY)


def unlock(response: HttpResponse, cashier: Cashier, *, key_id: int, now: dt.datetime) -> None:
    if CASHIER not in response.cookies:
        said = [cashier.pk, key_id, int(now.timestamp()), pin_mark(cashier)]
        _set(response, CASHIER, signing.dumps(said, salt=_SALT), dt.timedelta(days=1))


def unlocked_by(request: HttpRequest, *, key_id: int) -> Unlocked | None:
    try:
        cashier_id, said_key_id, at, mark = signing.loads(_get(request, CASHIER) or "", salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if said_key_id != key_id:
        return None
    return Unlocked(cashier_id, dt.datetime.fromtimestamp(at, dt.UTC), mark)


def lock(response: HttpResponse) -> None:
    response.delete_cookie(CASHIER, path=PATH, samesite="Lax")


def forget(response: HttpResponse) -> None:
    response.delete_cookie(KEY, path=PATH, samesite="Lax")
    lock(response)


def pin_mark(cashier: Cashier) -> str:
    return salted_hmac("cashier.page.pin", cashier.pin, algorithm="sha256").hexdigest()[:16]


def _set(response: HttpResponse, name: str, value: str, age: dt.timedelta) -> None:
    response.set_signed_cookie(
        name,
        value,
        salt=_SALT,
        max_age=int(age.total_seconds()),
        path=PATH,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def _get(request: HttpRequest, name: str) -> str | None:
    value: str | None = request.get_signed_cookie(name, default=None, salt=_SALT)
    return value
