"""From the bytes of a request to a typed body.

What is right is decoded in one go by msgspec. Only what is wrong is walked through value by value, in Python, to find
every error and not just the first.
"""

from __future__ import annotations

import threading
from itertools import islice
from typing import Any, TypeVar

import msgspec
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from msgspec import Struct, ValidationError

from cashier.api.input.errors import BadRequest, Invalid, InvalidBody
from cashier.api.input.inspection import errors_of
from cashier.api.input.numbers import decode_number

B = TypeVar("B", bound=Struct)

MEGABYTE = 1024 * 1024
MOST_ERRORS = 50


def raw_body(request: HttpRequest, *, limit: int = MEGABYTE) -> bytes:
    """The bytes of the body. Raises `BadRequest`: body_too_large, unsupported_media_type."""
    try:
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        announced = 0
    if announced > limit:
        raise BadRequest("body_too_large", megabytes=limit // MEGABYTE)
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise BadRequest("body_too_large", megabytes=limit // MEGABYTE) from error
    if len(body) > limit:
        raise BadRequest("body_too_large", megabytes=limit // MEGABYTE)
    if body and request.content_type != "application/json":
        raise BadRequest("unsupported_media_type")
    return body


def decode(body: bytes, kind: type[B]) -> B:
    """The typed body; an empty one stands for an object without fields.

    Raises `BadRequest("malformed_json")`, or `InvalidBody` with every error.
    """
    try:
        decoded: B = _decoder(kind).decode(body or b"{}")
        return decoded
    except (ValidationError, Invalid):
        pass
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadRequest("malformed_json") from error
    return convert(untyped(body), kind)


def untyped(body: bytes) -> Any:
    """JSON as Python holds it, numbers with a point as their text. Raises `BadRequest("malformed_json")`."""
    try:
        return _UNTYPED.decode(body or b"{}")
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise BadRequest("malformed_json") from error


def convert(value: Any, kind: type[B], *, strict: bool = True) -> B:
    """A value of `untyped` as a typed body, or `InvalidBody` with every error. Not strict: everything came as text."""
    _decoder(kind)  # learned under the lock before it is used
    try:
        converted: B = msgspec.convert(value, kind, dec_hook=decode_number, strict=strict)
        return converted
    except (ValidationError, Invalid):
        raise InvalidBody(*islice(errors_of(value, kind, "", strict=strict), MOST_ERRORS)) from None


# msgspec 0.22 learns a type at its first use, and two threads that teach it one at once crash the process.
_learning = threading.Lock()
_decoders: dict[type[Struct], msgspec.json.Decoder[Any]] = {}


def _decoder(kind: type[B]) -> msgspec.json.Decoder[B]:
    known = _decoders.get(kind)
    if known is None:
        with _learning:
            known = _decoders.setdefault(kind, msgspec.json.Decoder(kind, dec_hook=decode_number, float_hook=str))
    return known


_UNTYPED = msgspec.json.Decoder(float_hook=str)
