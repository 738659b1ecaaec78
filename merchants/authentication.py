"""The door for tills: `Authorization: Bearer <till key>`.

A view for tills is a `TillView`: it has no other way to learn the caller, and runs inside the caller's tenant.
"""

from __future__ import annotations

import datetime as dt
import functools
import threading
import time
from contextlib import ExitStack
from typing import Any, ClassVar

import msgspec
from django.db import connection
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from merchants.access import tenant
from merchants.keys import digest_of, program_of

KEY_CACHE_SECONDS = 30
KEY_CACHE_SIZE = 10_000

MISSING = _("The till sent no key. Enter it in the till’s settings.")
UNKNOWN = _("The key of this till is unknown. Check it in the till’s settings.")
REVOKED = _("The key was revoked, or the till is switched off. Ask the manager for a new key.")


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """The till behind a request, with what the sale path needs of its programme. `request.user` is one of these."""

    is_authenticated: ClassVar[bool] = True

    key_id: int
    program_id: int
    merchant_id: int
    outlet_id: int
    outlet_code: str
    till_id: int
    scopes: frozenset[str]
    time_zone: str
    day_starts_at: dt.time
    currency_digits: int
    precision: int
    language: str

    def __str__(self) -> str:
        return f"till:{self.till_id}"


# One prepared statement: the ORM would take longer to write it than the database to answer it.
_LOOK_UP = """
    SELECT k.id, k.program_id, t.merchant_id, t.outlet_id, o.code, t.id, k.scopes,
           p.time_zone, p.day_starts_at, p.currency_digits, p.precision, p.language,
           k.revoked_at IS NULL AND t.is_active AND o.is_active AND m.is_active
      FROM merchants_tillkey k
      JOIN merchants_till t ON t.id = k.till_id AND t.program_id = k.program_id
      JOIN merchants_outlet o ON o.id = t.outlet_id AND o.program_id = k.program_id
      JOIN merchants_merchant m ON m.id = t.merchant_id AND m.program_id = k.program_id
      JOIN merchants_program p ON p.id = k.program_id
     WHERE k.program_id = %s AND k.digest = %s
"""


def look_up(key: str) -> Caller:
    """The caller of a live key; AuthenticationFailed with code `invalid_key` or `key_revoked` otherwise."""
    program_id = program_of(key)
    row = None
    if program_id is not None:
        with connection.cursor() as cursor:
            cursor.execute(_LOOK_UP, [program_id, digest_of(key)])
            row = cursor.fetchone()
    if row is None:
        raise AuthenticationFailed(UNKNOWN, code="invalid_key")
    *fields, live = row
    if not live:
        raise AuthenticationFailed(REVOKED, code="key_revoked")
    values: dict[str, Any] = dict(zip(Caller.__struct_fields__, fields, strict=True))
    return Caller(**{**values, "scopes": frozenset(values["scopes"])})


class KeyCache:
    """Callers by the digest of their key, for half a minute, so that a sale need not ask twice who is selling."""

    def __init__(self, *, seconds: float, size: int) -> None:
        self.seconds, self.size = seconds, size
        self.callers: dict[bytes, tuple[float, Caller]] = {}
        self.lock = threading.Lock()

    def get(self, key: str) -> Caller:
        digest = digest_of(key)
        found = self.callers.get(digest)
        if found and found[0] > time.monotonic():
            return found[1]
        caller = look_up(key)
        with self.lock:
            if len(self.callers) >= self.size:
                self.callers.clear()
            self.callers[digest] = (time.monotonic() + self.seconds, caller)
        return caller

    def clear(self) -> None:
        with self.lock:
            self.callers.clear()


key_cache = KeyCache(seconds=KEY_CACHE_SECONDS, size=KEY_CACHE_SIZE)


class TillKeyAuthentication(BaseAuthentication):
    """Finds the caller of the key; `request.user` and `request.auth` are both the `Caller`."""

    def __init__(self, *, from_cache: bool = False) -> None:
        self.from_cache = from_cache

    def authenticate(self, request: Request) -> tuple[Caller, Caller]:
        scheme, _space, key = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated(MISSING, code="not_authenticated")
        caller = key_cache.get(key.strip()) if self.from_cache else look_up(key.strip())
        return caller, caller

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class TillKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = TillKeyAuthentication
    name = "tillKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "kp_…"}


@functools.cache
def HasScope(scope: str) -> type[BasePermission]:  # noqa: N802  # it makes a class, and reads as one in a view
    """A permission: the key has this scope, else 403 `scope_missing`."""

    class KeyHasScope(BasePermission):
        message = _("The key of this till does not allow this. Ask the manager for another key.")
        code = "scope_missing"

        def has_permission(self, request: Request, view: APIView) -> bool:
            return isinstance(request.auth, Caller) and scope in request.auth.scopes

    return KeyHasScope


class TillView(APIView):
    """The base of every view that tills call.

    Authentication enters the tenant, and leaving `dispatch` leaves it, whatever has happened in between. A view that
    names no permission lets nobody in.
    """

    # True where the view's own database call refuses a dead key: only then may the caller come from the cache.
    rechecks_key: ClassVar[bool] = False
    caller: Caller
    permission_classes = [HasScope("")]

    def get_authenticators(self) -> list[BaseAuthentication]:
        return [TillKeyAuthentication(from_cache=self.rechecks_key)]

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.until_answered:
            return super().dispatch(request, *args, **kwargs)

    def perform_authentication(self, request: Request) -> None:
        caller = request.auth
        if not isinstance(caller, Caller):
            raise NotAuthenticated(code="not_authenticated")
        self.caller = caller
        self.until_answered.enter_context(tenant(caller.program_id))
