"""The base of every operation of the till API.

An operation names its scopes, reads its input with `self.body(...)` or `self.query(...)`, calls one service and
answers with text. What goes wrong is raised, and `cashier.api.problems` words it.
"""

from __future__ import annotations

import datetime as dt
import functools
import operator
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, ClassVar, NoReturn, TypeVar

import msgspec
from django.http import HttpResponse
from django.utils import timezone
from msgspec import Struct
from rest_framework.exceptions import NotAcceptable
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from cashier.api.input.body import MEGABYTE, convert, decode, raw_body
from cashier.api.input.errors import BadRequest, InvalidBody, Wrong
from loyalty.refusals import Refused
from loyalty.sales.request import Answer, Idempotency
from merchants.authentication import HasScope, TillView
from merchants.throttling import GuessThrottle, TillThrottle, record_guess

T = TypeVar("T", bound=Struct)

JSON = "application/json"
REPLAYED = "Idempotency-Replayed"
GUESSES = (
    "client_not_found",
    "confirmation_invalid",
    "certificate_not_found",
    "promo_code_not_found",
    "promo_code_mistyped",
    "exchange_not_found",
    # Numbers of cards are tried out, too: each of these says that one exists, or that it does not.
    "card_not_found",
    "card_taken",
    "card_blocked",
    "card_replaced",
)

_ACCEPTED = re.compile(r"(?:^|[,\s])(?:\*/\*|application/\*|application/(?:problem\+)?json)(?:$|[;,\s])", re.IGNORECASE)
_KEY = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


class OnlyJson(BaseContentNegotiation):
    """There is one form of an answer; DRF's own negotiation costs more than the parsing of a sale."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        accept = request.META.get("HTTP_ACCEPT", "")
        if accept and not _ACCEPTED.search(accept):
            raise NotAcceptable
        return JSONRenderer(), JSON


class ApiView(TillView):
    """`scopes` says, method by method, which scopes of a key let it in: any one of them does."""

    scopes: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    # A look-up that can be wrong: guesses are counted, and too many stop the till for a while.
    guessable: ClassVar[bool] = False
    largest_body: ClassVar[int] = MEGABYTE
    http_method_names = ["get", "head", "post"]
    content_negotiation_class = OnlyJson
    now: dt.datetime

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.now = timezone.now()
        super().initial(request, *args, **kwargs)

    def get_permissions(self) -> list[BasePermission]:
        method = "GET" if self.request.method == "HEAD" else str(self.request.method)
        if not hasattr(self, method.lower()):
            return []  # 405, not 403
        return [_any_of(self.scopes.get(method, ("",)))()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [TillThrottle(), GuessThrottle()] if self.guessable else [TillThrottle()]

    def handle_exception(self, exc: Exception) -> Any:
        if isinstance(exc, Refused) and self.guessable and self.is_guess(exc):
            record_guess(self.caller)
        return super().handle_exception(exc)

    def is_guess(self, refused: Refused) -> bool:
        return refused.code in GUESSES

    # ------------------------------------------------------------ what came

    def body(self, kind: type[T]) -> T:
        """The typed body. Raises `BadRequest` or `InvalidBody`."""
        return decode(self.bytes, kind)

    @functools.cached_property
    def bytes(self) -> bytes:
        return raw_body(self.request._request, limit=self.largest_body)

    def query(self, kind: type[T]) -> T:
        """The typed parameters of the address, each of which may stand there once. Raises `InvalidBody`."""
        given = self.request._request.GET
        many = [name for name in given if len(given.getlist(name)) > 1]
        if many:
            raise InvalidBody(*(Wrong(f"?{name}", "twice") for name in many))
        try:
            return convert(given.dict(), kind, strict=False)
        except InvalidBody as error:
            raise InvalidBody(*(_of_address(wrong) for wrong in error.errors)) from None

    @functools.cached_property
    def key(self) -> Idempotency:
        """The Idempotency-Key with the digest of body and path. Raises `BadRequest`."""
        key = self.request.META.get("HTTP_IDEMPOTENCY_KEY", "")
        if not key:
            raise BadRequest("idempotency_key_missing")
        if len(key) > 255 or not _KEY.fullmatch(key):
            raise BadRequest("idempotency_key_invalid")
        return Idempotency(key, sha256(self.bytes + b"\n" + self.request.path.encode()).digest())

    # ------------------------------------------------------------ what goes

    def answer(self, answer: Struct, status: int = 200) -> HttpResponse:
        return HttpResponse(msgspec.json.encode(answer), status=status, content_type=JSON)

    def stored(self, answer: Answer) -> HttpResponse:
        """The answer of a write, byte for byte as it is stored with its key."""
        response = HttpResponse(answer.text, status=answer.status, content_type=JSON)
        if answer.replayed:
            response[REPLAYED] = "true"
        return response

    def refuse(self, *errors: Wrong) -> NoReturn:
        raise InvalidBody(*errors)


@functools.cache
def _any_of(scopes: tuple[str, ...]) -> Any:
    return functools.reduce(operator.or_, (HasScope(scope) for scope in scopes))


def _of_address(wrong: Wrong) -> Wrong:
    code = "unknown_parameter" if wrong.code == "unknown_field" else wrong.code
    return Wrong(f"?{wrong.pointer[1:]}", code, wrong.facts)
