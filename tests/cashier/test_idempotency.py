"""A key stands for one request: the same again gets the same answer, another one is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cashier.books import nothing_changes
from tests.cashier.till import FIVE_PERCENT, Till

Write = tuple[str, dict[str, Any], dict[str, Any]]


def writes(till: Till) -> dict[str, Write]:
    """Every write: its path, a body, and another body that is as good."""
    anna = till.join()
    till.give(anna, "1000")
    card = {"client": {"card": till.card_of(anna)}}
    cart = {**card, "lines": [{"quantity": "3", "price": "100.00"}], "points": "10"}
    sale = till.post("sales", cart).ok()["id"]
    other_sale = till.post("sales", cart).ok()["id"]
    hold = till.post("sales", {**cart, "hold": True}).ok()["id"]
    late = {**cart, "occurred_at": "2026-11-20T11:00:00+03:00"}
    return {
        "sell": ("sales", cart, {**cart, "cashier": "vera"}),
        "hold": ("sales", {**cart, "hold": True}, {**cart, "hold": True, "hold_minutes": 5}),
        "commit": (f"sales/{hold}/commit", {}, {}),
        "void": (f"sales/{sale}/void", {}, {"reason": "mistake"}),
        "return": (f"sales/{other_sale}/returns", {"amount": "10"}, {"amount": "11"}),
        "enrol": ("clients", {"phone": "+79160000001"}, {"phone": "+79160000002"}),
        "confirm": (f"clients/{anna}/confirmation", {}, {"points": "5"}),
        "batch": ("sales/batch", {"sales": [late, {**late, "points": None}]}, {"sales": [late]}),
    }


@pytest.fixture
def published(till: Till) -> Till:
    till.later(days=-10)
    till.publish(FIVE_PERCENT)
    till.later(days=10)
    return till


WRITES = ("sell", "hold", "commit", "void", "return", "enrol", "confirm", "batch")


@pytest.mark.parametrize("name", WRITES)
def test_the_same_again(published: Till, name: str) -> None:
    path, body, _other = writes(published)[name]
    first = published.post(path, body, idempotency="again").ok()
    assert "Idempotency-Replayed" not in first.headers
    published.later(minutes=1)
    published.language = "en"  # the stored answer is the first one's, in every respect
    with nothing_changes():
        second = published.post(path, body, idempotency="again").ok()
    assert (second.status, second.text) == (first.status, first.text)
    assert second.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize("name", [name for name in WRITES if name != "commit"])
def test_another_body(published: Till, name: str) -> None:
    path, body, other = writes(published)[name]
    published.post(path, body, idempotency="again").ok()
    with nothing_changes():
        assert published.post(path, other, idempotency="again").problem == (409, "idempotency_key_reused")


def test_another_path(published: Till) -> None:
    anna = published.join()
    first, second = (published.sell(anna, "100").ok() for _ in range(2))
    published.post(f"sales/{first['id']}/void", idempotency="again").ok()
    with nothing_changes():
        told = published.post(f"sales/{second['id']}/void", idempotency="again")
        assert told.problem == (409, "idempotency_key_reused")


def test_an_error_is_not_kept(published: Till) -> None:
    anna = published.join()
    cart = published.cart(anna, "100", points="50")
    assert published.post("sales", cart, idempotency="again").problem == (409, "redemption_limit")
    published.give(anna, "50")
    assert published.post("sales", cart, idempotency="again").status == 201


def test_keys_are_a_tills_own(published: Till, cast: Any) -> None:
    bakery = Till(cast.bakery, published.now)
    first = published.sell(None, "100").ok()
    cart = published.cart(None, "100")
    mine = published.post("sales", cart, idempotency="again").ok()
    theirs = bakery.post("sales", cart, idempotency="again").ok()
    assert len({first["id"], mine["id"], theirs["id"]}) == 3


def test_a_changed_batch_is_refused_whole(published: Till) -> None:
    """Or its new receipts would be booked and the changed ones not."""
    late = {"lines": [{"price": "10"}], "occurred_at": "2026-11-20T11:00:00+03:00"}
    published.post("sales/batch", {"sales": [late]}, idempotency="again").ok()
    with nothing_changes():
        told = published.post("sales/batch", {"sales": [late, late]}, idempotency="again")
        assert told.problem == (409, "idempotency_key_reused")


def test_a_batch_is_answered_one_by_one(published: Till) -> None:
    anna = published.join()
    cart = published.cart(anna, "100", occurred_at="2026-11-20T11:00:00+03:00")
    body = {"sales": [cart, {**cart, "lines": [{"price": "1e5"}]}, {**cart, "client": {"phone": "+79990000000"}}, 5]}
    told = published.post("sales/batch", body, idempotency="again").ok()
    results = told["results"]
    assert [(result["index"], result["status"]) for result in results] == [(0, 201), (1, 422), (2, 201), (3, 422)]
    assert results[0]["body"]["points_earned"] == "5"
    assert results[1]["problem"]["errors"][0]["pointer"] == "/lines/0/price"
    assert results[2]["body"]["flags"] == ["client_not_found"]
    again = published.post("sales/batch", body, idempotency="again").ok()
    assert [result.get("body") for result in again["results"]] == [result.get("body") for result in results]
    assert again.headers["Idempotency-Replayed"] == "true"


def test_the_same_receipt_under_another_key(published: Till) -> None:
    """A till that has lost its keys in a crash sends the receipt again: without a time, too."""
    anna = published.join()
    cart = published.cart(anna, "100", receipt_number="7")
    first = published.post("sales", cart).ok()
    published.later(minutes=5)
    again = published.post("sales", cart)
    assert (again.status, again["id"]) == (200, first["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert published.balance(anna) == "5"
