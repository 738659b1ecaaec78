"""Worked examples 21 and 22: several tills at the same moment, on connections of their own."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from merchants.access import tenant
from tests.cashier.conftest import NOON
from tests.cashier.till import ONE_PER_ONE, Till, Told
from tests.cast import Cast, make_key

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Told]) -> list[Told]:
    """All the answers, in the order of the calls, which begin together."""
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Told]) -> Told:
        try:
            start.wait(timeout=10)
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def real_time(cast: Cast) -> Till:
    """Threads share one frozen clock badly: this till's clock is the machine's."""
    till = Till(cast.zerno, NOON)
    till.now = dt.datetime.now(dt.UTC)
    till.frozen = False
    return till


def test_21_two_tills_spend_the_same_points(real_time: Till, cast: Cast) -> None:
    till = real_time
    till.publish()
    anna = till.join()
    till.give(anna, "100")
    with tenant(cast.zerno.program.pk):
        other = make_key(cast.zerno.till)
    cart = till.cart(anna, "100", points="80")
    first, second = at_once(lambda: till.post("sales", cart), lambda: till.post("sales", cart, key=other))
    sold, refused = sorted((first, second), key=lambda told: told.status)
    assert sold.status == 201
    assert refused.problem == (409, "redemption_limit")
    assert refused["facts"]["allowed"] == "20"
    assert till.balance(anna) == "20"


def test_22_ten_times_the_same_sale(real_time: Till) -> None:
    till = real_time
    till.publish(ONE_PER_ONE)
    anna = till.join()
    cart = till.cart(anna, "100", receipt_number="7")
    answers = at_once(*[lambda: till.post("sales", cart, idempotency="the same")] * 10)
    assert {(told.status, told.text) for told in answers} == {(201, answers[0].text)}
    assert sorted(told.headers.get("Idempotency-Replayed", "") for told in answers) == [""] + ["true"] * 9
    assert till.balance(anna) == "100"


def test_ten_times_without_a_client(real_time: Till) -> None:
    """There is no account to wait for: the unique indexes decide."""
    till = real_time
    till.publish(ONE_PER_ONE)
    cart = till.cart(None, "100", receipt_number="8")
    answers = at_once(*[lambda: till.post("sales", cart, idempotency="again the same")] * 10)
    assert {(told.status, told.text) for told in answers} == {(201, answers[0].text)}


def test_ten_times_the_same_phone_joins(real_time: Till) -> None:
    till = real_time
    till.publish()
    body = {"phone": "+79161234567"}
    answers = at_once(*[lambda: till.post("clients", body)] * 10)
    assert sorted(told.status for told in answers) == [201] + [409] * 9
    (joined,) = [told["id"] for told in answers if told.status == 201]
    assert {told["facts"]["account_id"] for told in answers if told.status == 409} == {joined}
