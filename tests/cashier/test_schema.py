"""What is served and what the schema says is the same."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cashier.api.problems.codes import KINDS
from loyalty.promo import making
from loyalty.promo import terms as promo_codes
from loyalty.rewards import catalogue
from merchants import throttling
from merchants.access import tenant
from tests.cashier.conftest import NOON
from tests.cashier.till import ANNA, FIVE_PERCENT, Till
from tests.cast import Cast

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@functools.cache
def document() -> dict[str, Any]:
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@functools.cache
def application() -> Any:
    return get_wsgi_application()


def test_every_operation_names_its_problems() -> None:
    named = set()
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            answers = operation["responses"]
            assert {"401", "403", "406", "429", "500", "503"} <= answers.keys(), path
            assert "X-Request-Id" in answers["401"]["headers"], path
            for status, answer in answers.items():
                if status >= "400":
                    codes = answer["description"].replace("`", "").split(", ")
                    assert all(KINDS[code].status == int(status) for code in codes), (path, method, codes)
                    named |= set(codes)
    pages = {"not_found", "method_not_allowed", "draft_is_stale", "rules_invalid", "tier_not_found", "points_invalid"}
    pages |= {"activity_decided", "referrer_refused", "points_expired", "adjustment_limit"}
    pages |= {"request_decided", "request_ones_own", "request_over"}
    assert KINDS.keys() - named <= pages | {"sale_not_held"}


def test_writes_want_a_key_and_say_when_they_repeat_themselves() -> None:
    for path, methods in document()["paths"].items():
        post = methods.get("post")
        if post is None:
            continue
        wants = any(
            parameter["name"] == "Idempotency-Key" and parameter["required"] for parameter in post["parameters"]
        )
        assert wants == (path != "/api/v1/quotes")
        if wants:
            (answer, *_) = (answer for status, answer in post["responses"].items() if status < "300")
            assert "Idempotency-Replayed" in answer["headers"]


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/docs/?script="])
def test_the_pages_come_from_here(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 200
    text = page.content.decode()
    assert "http://" not in text.replace("http://testserver", "")
    assert "https://" not in text
    if page["Content-Type"].startswith("text/html"):
        assert "<script>" not in text
        assert "'unsafe-eval'" not in page["Content-Security-Policy"]


@pytest.fixture
def shop(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A till with a client, a sale and a hold, whose guesses nobody counts; the names of all of them."""
    monkeypatch.setattr(throttling, "GUESSES", 10**9)
    till = Till(cast.zerno, NOON)
    till.frozen = False
    till.publish({"id": "welcome", "title": "Привет", "effect": {"kind": "welcome", "points": "100000"}}, FIVE_PERCENT)
    anna = till.join()
    sale = till.sell(anna, "100", {"quantity": "3", "price": "50"}, points="10").ok()
    with tenant(cast.zerno.program.pk):
        gift = catalogue.add(
            merchant=cast.zerno.merchant, terms=catalogue.Terms(title="Кофе", price=Decimal(5)), now=NOON, by="test"
        )
        spring = promo_codes.Terms(name="Весна", kind="shared", word="SPRING", gives="percent", percent=Decimal(10))
        making.order_batch(merchant=cast.zerno.merchant, terms=spring, now=NOON, by="test")
    card = till.card_of(anna)
    return {
        "key": cast.zerno.key,
        "client_id": anna,
        "sale_id": sale["id"],
        "hold_id": till.sell(anna, "100", points="10", hold=True).ok()["id"],
        "card": card,
        "reward_id": str(gift.public_id),
        "exchange_id": till.post("exchanges", {"client": {"card": card}, "reward": str(gift.public_id)}).ok()["id"],
        "promo_code": "SPRING",
        "code": till.post("certificates", {"amount": "100000"}).ok()["code"],
    }


# The boundary values of every field, two thousand calls, are for test_schema_at_length: chance alone is quick.
chance = schemathesis.openapi.from_dict(document())
chance.config.phases.coverage.enabled = False


def bounded(examples: int) -> Callable[[Any], Any]:
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def send(case: Any, shop: dict[str, str], number: int) -> None:
    """Half of the cases go to objects that are there: a fuzzer does not guess their ids."""
    if number % 2 and case.path_parameters:
        case.path_parameters = {name: shop[_meant(case.path, name, number)] for name in case.path_parameters}
    if number % 2 and isinstance(case.body, dict) and isinstance(case.body.get("client"), dict):
        case.body["client"] = {"card": shop["card"]} if number % 4 == 1 else {"phone": ANNA}
    if number % 2 and isinstance(case.body, dict) and isinstance(case.body.get("certificates"), list):
        case.body["certificates"] = [{"code": shop["code"], "amount": "max" if number % 4 == 1 else "0.50"}]
    if number % 2 and isinstance(case.body, dict) and isinstance(case.body.get("promo_codes"), list):
        case.body["promo_codes"] = [shop["promo_code"]]
    if number % 2 and isinstance(case.body, dict) and "reward" in case.body:
        case.body["reward"] = shop["reward_id"]
    response = case.call(app=application(), headers={"Authorization": f"Bearer {shop['key']}"})
    case.validate_response(response, checks=list(CHECKS))


def _meant(path: str, name: str, number: int) -> str:
    if name == "sale_id" and number % 4 == 3:
        return "hold_id"
    return "promo_code" if "promo-codes" in path else name


@pytest.mark.django_db(transaction=True)
@chance.parametrize()
@bounded(20)
def test_no_answer_is_a_surprise(case: Any, shop: dict[str, str], counter: Iterator[int]) -> None:
    send(case, shop, next(counter))


@pytest.fixture
def counter() -> Iterator[int]:
    return itertools.count()
