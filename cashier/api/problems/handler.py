"""From exceptions to problems. A till learns nothing of what is inside: what is unknown is only `internal_error`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
import structlog
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DataError, IntegrityError, OperationalError
from django.http import Http404, HttpResponse
from django.utils import formats, timezone
from msgspec import Struct
from rest_framework import exceptions

from cashier.api.input.errors import BadRequest, InvalidBody, Wrong
from cashier.api.problems import values
from cashier.api.problems.codes import KINDS, Kind
from cashier.api.problems.problem import CONTENT_TYPE, Error, Problem
from loyalty.engine.quantities import plain
from loyalty.explanations import certificate_refused, limit
from loyalty.limits import WAITING
from loyalty.refusals import Refused
from loyalty.rewards.wording import reason as reward_reason
from loyalty.wording import Words, spoken, words_of

logger = structlog.get_logger(__name__)

BUSY_SECONDS = 1


class Failure(Struct, frozen=True):
    """An exception as the table of codes knows it."""

    code: str
    facts: Mapping[str, Any] = {}
    errors: tuple[Wrong, ...] = ()


def handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """DRF's exception handler: always an answer, and always a problem."""
    request = context["request"]
    caller = getattr(context["view"], "caller", None)
    words = (
        words_of(caller.program_id) if isinstance(error, Refused) and caller is not None else Words(language=spoken())
    )
    problem = problem_of(error, request_id=request.META.get("HTTP_X_REQUEST_ID", ""), words=words)
    if problem.status >= 500:
        logger.error("till_api_failed", code=problem.code, exc_info=error)
    if isinstance(error, IntegrityError):
        # The database refused what the code should have: somebody has to look. Its own words would name a phone.
        cause = error.__cause__
        refused = getattr(getattr(cause, "diag", None), "constraint_name", None)
        logger.error("till_api_conflict", constraint=refused, kind=type(cause).__name__)
    if problem.code == "internal_error":
        # Django's own way of saying so: error reporters and its test client listen to it.
        got_request_exception.send(sender=type(context["view"]), request=request)
    response = HttpResponse(msgspec.json.encode(problem), status=problem.status, content_type=CONTENT_TYPE)
    response["Content-Language"] = words.language
    for name, value in _headers(error, problem, getattr(context["view"], "allowed_methods", ())).items():
        response[name] = value
    return response


def problem_of(error: Exception, *, request_id: str, words: Words) -> Problem:
    """The problem behind an exception, in the active language; `words` are the programme's."""
    failure = failure_of(error)
    kind = KINDS[failure.code]
    facts = {name: _plain(value) for name, value in failure.facts.items()}
    errors = failure.errors
    if not errors and kind.pointer and kind.status == 422:
        errors = (Wrong(kind.pointer, failure.code),)
    return Problem(
        type=f"urn:kopilka:problem:{failure.code}",
        title=str(kind.title),
        status=kind.status,
        detail=_detail(kind, failure.facts, words),
        code=failure.code,
        request_id=request_id,
        errors=[_error(wrong, kind_detail=str(kind.detail)) for wrong in errors],
        facts=facts,
    )


def failure_of(error: Exception) -> Failure:
    if isinstance(error, Refused):
        return Failure(error.code, error.facts)
    if isinstance(error, InvalidBody):
        by_address = all(wrong.pointer.startswith("?") for wrong in error.errors)
        return Failure("invalid_query" if by_address else "invalid", errors=error.errors)
    if isinstance(error, BadRequest):
        return Failure(error.code, error.facts)
    if isinstance(error, exceptions.APIException):
        return _of_drf(error)
    for kinds, code in _BY_CLASS:
        if isinstance(error, kinds):
            return Failure(code)
    return Failure("internal_error")


_BY_CLASS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((Http404, ObjectDoesNotExist), "not_found"),
    ((PermissionDenied,), "scope_missing"),
    ((IntegrityError,), "conflict"),
    ((DataError,), "impossible_value"),
    ((OperationalError,), "busy"),
    ((SuspiciousOperation,), "malformed_json"),
)

_BY_STATUS = {
    400: "malformed_json",
    401: "not_authenticated",
    403: "scope_missing",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "throttled",
}


def _of_drf(error: exceptions.APIException) -> Failure:
    if isinstance(error, exceptions.Throttled):
        return Failure("throttled", {"seconds": int(getattr(error, "wait", None) or 1)})
    code = error.get_codes()
    if isinstance(code, str) and code in KINDS:
        return Failure(code)
    # DRF's 401 turns into 403 where no scheme is named; the class says what was meant.
    status = 401 if isinstance(error, exceptions.NotAuthenticated) else error.status_code
    if isinstance(error, exceptions.AuthenticationFailed):
        return Failure("invalid_key")
    return Failure(_BY_STATUS.get(status, "internal_error"))


def _headers(error: Exception, problem: Problem, allowed: Iterable[str]) -> dict[str, str]:
    headers = {}
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(allowed)
    if problem.status == 401:
        headers["WWW-Authenticate"] = getattr(error, "auth_header", None) or "Bearer"
    if problem.status == 429:
        headers["Retry-After"] = str(problem.facts["seconds"])
    if problem.status == 503:
        headers["Retry-After"] = str(BUSY_SECONDS)
    return headers


def _error(wrong: Wrong, *, kind_detail: str) -> Error:
    detail = values.sentence(wrong.code, wrong.facts) if wrong.code in values.SENTENCES else kind_detail
    if wrong.pointer.startswith("?"):
        return Error(parameter=wrong.pointer[1:], code=wrong.code, detail=detail)
    return Error(pointer=wrong.pointer, code=wrong.code, detail=detail)


def _detail(kind: Kind, facts: Mapping[str, Any], words: Words) -> str:
    said = {name: _said(name, value, words) for name, value in facts.items()}
    if facts.get("limit") == "balance" and "pending" in facts:
        day = formats.date_format(timezone.localtime(facts["pending_until"]), "SHORT_DATE_FORMAT")
        said["limit"] = words.say(WAITING, available=said["available"], pending=said["pending"], day=day)
    try:
        return str(kind.detail) % said
    except KeyError:
        return str(kind.title)


def _said(name: str, value: Any, words: Words) -> str:
    """A fact inside a sentence. The services' decimals are points, but for those named after money."""
    if isinstance(value, Decimal):
        return words.money(value) if name in ("money", "left") else words.points(value)
    if name == "reason":
        return certificate_refused(str(value), words)
    if name == "why":
        return reward_reason(str(value))
    return limit(value, words) if name == "limit" else str(value)


def _plain(value: Any) -> Any:
    """A fact as JSON holds it."""
    if isinstance(value, Decimal):
        return plain(value)
    if value is None or isinstance(value, str | int | bool):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
