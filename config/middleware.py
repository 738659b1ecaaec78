"""What every request passes on its way in.

The till API shares the process with the pages but not their furniture: under /api/ there are
no sessions, users or messages, so the middleware for those steps aside (with it, 0.2 ms of a sale
go to what a till has no use for). They stay in MIDDLEWARE as subclasses, because the admin checks
that they are there.
"""

import functools
import re
import time
import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TypeAlias

import structlog
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware import locale
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation.trans_real import parse_accept_lang_header

Handler: TypeAlias = Callable[[HttpRequest], HttpResponseBase]

logger = structlog.get_logger("kopilka.access")

API = "/api/"
ADMIN = "/admin/"
API_DOCS = "/api/v1/docs"

SAFE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestMiddleware:
    """Gives each request an id, says it in the answer, and writes the one access line.

    The id stands in the request's own header, so that any app reads it with
    `request.headers["X-Request-Id"]` and imports nothing from here. The line names the route, not
    the path: a path or a query string may hold a phone or somebody's password link.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        request_id = request.META.get("HTTP_X_REQUEST_ID", "")
        if not SAFE_REQUEST_ID.fullmatch(request_id):
            request_id = request.META["HTTP_X_REQUEST_ID"] = uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        match = request.resolver_match
        if match or response.status_code >= HTTPStatus.BAD_REQUEST:  # static files are not worth a line
            logger.info(
                "request",
                method=request.method,
                route=match.route if match else None,
                status=response.status_code,
                ms=round((time.perf_counter() - started) * 1000, 1),
            )
        return response


class ContentSecurityPolicyMiddleware:
    """A strict policy everywhere, and the least that works where somebody else wrote the pages."""

    STRICT = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    # JSON is not a page: nothing may run in it or around it.
    DATA = "default-src 'none'; frame-ancestors 'none'"
    # Unfold writes scripts and styles into its pages, and Alpine evaluates its attributes.
    UNFOLD = STRICT.replace("script-src 'self'", "script-src 'self' 'unsafe-inline' 'unsafe-eval'").replace(
        "style-src 'self'", "style-src 'self' 'unsafe-inline'"
    )
    # Swagger's own script sets styles; the scripts themselves are files of ours.
    DOCS = STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy(request.path_info))
        return response

    def policy(self, path: str) -> str:
        if path.startswith(API_DOCS):
            return self.DOCS
        if path.startswith(API):
            return self.DATA
        if path.startswith(ADMIN):
            return self.UNFOLD
        return self.STRICT


class SizeMiddleware:
    """A page takes no more than a logo: what is larger is refused before a byte of it is read or written to disk.

    Files of goods and of receipts may be larger, and one of clients much larger; they go to disk, and are read piece
    by piece.
    """

    LARGEST = 6 * 1024 * 1024
    LARGEST_FILE = 26 * 1024 * 1024
    FILES = re.compile(r"/m/\d+/goods/import/")
    # Twice what `loyalty.backtest.csv_file` takes: of a file that is too large it says so itself, in words.
    LARGEST_RECEIPTS = 101 * 1024 * 1024
    RECEIPTS = re.compile(r"/m/\d+/rules/backtests/new/")
    # A million clients.
    LARGEST_BASE = 201 * 1024 * 1024
    BASES = re.compile(r"/m/\d+/clients/imports/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # The till API reads its bodies itself, and says in its own words what is too large.
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not request.path_info.startswith(API) and length.isdecimal() and int(length) > self.largest(request):
            return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return self.get_response(request)

    def largest(self, request: HttpRequest) -> int:
        if self.BASES.fullmatch(request.path_info):
            return self.LARGEST_BASE
        if self.RECEIPTS.fullmatch(request.path_info):
            return self.LARGEST_RECEIPTS
        return self.LARGEST_FILE if self.FILES.fullmatch(request.path_info) else self.LARGEST


class PagesOnly(MiddlewareMixin):
    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if request.path_info.startswith(API):
            return self.get_response(request)
        return super().__call__(request)


class LocaleMiddleware(locale.LocaleMiddleware):
    """A till says its language in Accept-Language or not at all; looking further costs each sale."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if not request.path_info.startswith(API):
            return super().__call__(request)
        language = accepted_language(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        translation.activate(language)
        response: HttpResponseBase = self.get_response(request)  # type: ignore[assignment]  # WSGI only
        response.headers.setdefault("Content-Language", language)
        return response


@functools.lru_cache(maxsize=1000)
def accepted_language(header: str) -> str:
    for code, _ in parse_accept_lang_header(header.lower()):
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)


class SessionMiddleware(PagesOnly, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(PagesOnly, auth.AuthenticationMiddleware):
    pass


class MessageMiddleware(PagesOnly, messages.MessageMiddleware):
    pass
