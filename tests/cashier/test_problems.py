"""Every code has its status, its sentences and its line in the documentation; what breaks inside stays inside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DataError, IntegrityError, OperationalError
from django.utils.translation import override
from rest_framework import exceptions

from cashier.api.problems import problem_of
from cashier.api.problems.codes import KINDS, REFUSALS
from cashier.api.problems.values import SENTENCES
from loyalty import refusals, sales
from loyalty.refusals import Refused
from loyalty.wording import Words
from tests.cashier.books import nothing_changes
from tests.cashier.till import FIVE_PERCENT, Till

ERRORS = (Path(__file__).parents[2] / "docs/api/errors.md").read_text()


def test_every_refusal_is_in_the_table() -> None:
    assert set(get_args(refusals.Code)) == set(REFUSALS)


def test_the_documentation_has_every_code() -> None:
    codes, values = ERRORS.partition("## Codes of values")[::2]
    rows = {code: int(status) for status, code in re.findall(r"^\| (\d+) \| `(\w+)` \|", codes, re.MULTILINE)}
    assert rows == {code: kind.status for code, kind in KINDS.items()}
    assert set(re.findall(r"^\| `(\w+)` \|", values, re.MULTILINE)) == set(SENTENCES)


@pytest.mark.parametrize("code", KINDS)
def test_sentences_in_two_languages(code: str) -> None:
    with override("ru"):
        russian = str(KINDS[code].title), str(KINDS[code].detail)
    with override("en"):
        english = str(KINDS[code].title), str(KINDS[code].detail)
    assert all(re.search("[а-я]", text) for text in russian)
    assert not any(re.search("[а-я]", text) for text in english)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (IntegrityError("account_points_or_debt"), 409, "conflict"),
        (DataError("numeric field overflow"), 422, "impossible_value"),
        (OperationalError("canceling statement due to lock timeout"), 503, "busy"),
        (PermissionDenied(), 403, "scope_missing"),
        (SuspiciousOperation(), 400, "malformed_json"),
        (exceptions.ParseError(), 400, "malformed_json"),
        (exceptions.NotAuthenticated(), 401, "not_authenticated"),
        (exceptions.AuthenticationFailed(), 401, "invalid_key"),
        (exceptions.PermissionDenied(), 403, "scope_missing"),
        (exceptions.NotFound(), 404, "not_found"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.NotAcceptable(), 406, "not_acceptable"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.Throttled(7), 429, "throttled"),
        (ZeroDivisionError("secret"), 500, "internal_error"),
        (Refused("redemption_limit"), 409, "redemption_limit"),  # without the facts of its sentence
    ],
)
def test_exceptions(error: Exception, status: int, code: str) -> None:
    problem = problem_of(error, request_id="x" * 8, words=Words())
    assert (problem.status, problem.code, problem.type) == (status, code, f"urn:kopilka:problem:{code}")
    assert "%(" not in problem.detail
    assert "secret" not in problem.detail


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("ru", "Наибольшее списание по этому чеку — 3 зерна: больше доступных у клиента нет."),
        ("en", "This receipt may take 3 зёрен at most: that is all the client can spend now."),
        ("de", "Наибольшее списание по этому чеку — 3 зерна: больше доступных у клиента нет."),
    ],
)
def test_the_readers_language(till: Till, language: str, detail: str) -> None:
    till.publish(FIVE_PERCENT)
    anna = till.join()
    till.give(anna, "3")
    till.language = language
    told = till.sell(anna, "100", points="50")
    assert told["detail"].startswith(detail)
    assert told.headers["Content-Language"] == ("en" if language == "en" else "ru")
    assert told["request_id"] == told.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("language", "detail"),
    [
        ("ru", "чеку — 3 зерна: доступно 3 зерна, ещё 100 зёрен ждут активации до 05.12.2026. Измените"),
        ("en", "may take 3 зёрен at most: 3 зёрен can be spent now, 100 зёрен wait until 12/05/2026. Change"),
    ],
)
def test_points_that_are_not_active_yet_are_told(till: Till, language: str, detail: str) -> None:
    till.publish({**FIVE_PERCENT, "effect": {"kind": "percent", "percent": "100"}}, points={"pending_days": 14})
    anna = till.join()
    till.give(anna, "3")
    till.sell(anna, "100").ok()
    till.language = language
    told = till.sell(anna, "100", points="50")
    assert detail in told["detail"]
    assert told["facts"] == {
        "allowed": "3",
        "limit": "balance",
        "available": "3",
        "pending": "100",
        "pending_until": "2026-12-04T21:00:00+00:00",
    }


def test_a_bug_is_nobodys_business(till: Till, caplog: Any) -> None:
    till.publish(FIVE_PERCENT)
    till.client.raise_request_exception = False
    with nothing_changes(), patch.object(sales, "sell", side_effect=ZeroDivisionError("secret")):
        told = till.sell(None, "100")
    assert told.problem == (500, "internal_error")
    assert "secret" not in told.text
    assert "Zero" not in told.text


def test_a_busy_database_says_when_to_come_back(till: Till) -> None:
    till.publish(FIVE_PERCENT)
    with patch.object(sales, "sell", side_effect=OperationalError("lock timeout")):
        told = till.sell(None, "100")
    assert told.problem == (503, "busy")
    assert told.headers["Retry-After"] == "1"
