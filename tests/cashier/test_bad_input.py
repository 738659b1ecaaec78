"""What tills, and people who are no tills, send by mistake or on purpose: each gets its code, and nothing changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from merchants.access import tenant
from merchants.models import TillKey
from tests.cashier.books import nothing_changes
from tests.cashier.till import ANNA, FIVE_PERCENT, Till
from tests.cast import Cast, make_key

LINE = {"price": "100.00"}
NOBODY = "00000000-0000-4000-8000-000000000000"


def cart(**changed: Any) -> dict[str, Any]:
    return {"lines": [LINE], **changed}


def of_line(**changed: Any) -> dict[str, Any]:
    return {"lines": [{**LINE, **changed}]}


VALUES: dict[str, tuple[Any, Mapping[str, str]]] = {
    # the sums
    "the sum of the lines is another": (cart(total="99.99"), {"/total": "total_mismatch"}),
    "a negative price": (of_line(price="-1.00"), {"/lines/0/price": "negative"}),
    "a negative total": ({"total": "-5"}, {"/total": "negative"}),
    "an absurd price": (of_line(price="99999999999"), {"/lines/0/price": "too_large"}),
    "an absurd number": (of_line(price=10**400), {"/lines/0/price": "too_large"}),
    "an absurd product": (of_line(price="9999999999", quantity="9999999"), {"/lines/0/price": "too_large"}),
    "an absurd sum": ({"lines": [{"price": "9999999999"}] * 2}, {"/total": "too_large"}),
    "no quantity": (of_line(quantity="0"), {"/lines/0/quantity": "must_be_positive"}),
    "a negative quantity": (of_line(quantity=-1), {"/lines/0/quantity": "negative"}),
    "a quantity of grams' parts": (of_line(quantity="0.0001"), {"/lines/0/quantity": "too_precise"}),
    "half a kopeck": (of_line(price="1.005"), {"/lines/0/price": "too_precise"}),
    "half a point": (cart(points="0.5"), {"/points": "too_precise"}),
    "negative points": (cart(points="-1"), {"/points": "negative"}),
    # the spelling of numbers
    "an exponent": (of_line(price="1e5"), {"/lines/0/price": "not_a_number"}),
    "an exponent without quotes": (b'{"lines": [{"price": 1e5}]}', {"/lines/0/price": "not_a_number"}),
    "a fraction written as an exponent": (b'{"lines": [{"price": 1E-2}]}', {"/lines/0/price": "not_a_number"}),
    "a float that is none": (b'{"lines": [{"price": 0.30000000000000004}]}', {"/lines/0/price": "too_precise"}),
    "not a number": (of_line(price="NaN"), {"/lines/0/price": "not_a_number"}),
    "infinity": (of_line(price="Infinity"), {"/lines/0/price": "not_a_number"}),
    "a decimal comma": (of_line(price="1,50"), {"/lines/0/price": "not_a_number"}),
    "Arabic digits": (of_line(price="١٢"), {"/lines/0/price": "not_a_number"}),
    "an underscore": (of_line(price="1_000"), {"/lines/0/price": "not_a_number"}),
    "a line's end": (of_line(price="1.00\n"), {"/lines/0/price": "not_a_number"}),
    "a flag for a number": (of_line(price=True), {"/lines/0/price": "not_a_number"}),
    "a list for a number": (of_line(price=[1]), {"/lines/0/price": "not_a_number"}),
    "a null for a number": (of_line(quantity=None), {"/lines/0/quantity": "not_a_number"}),
    "points in words": (cart(points="all"), {"/points": "not_a_number"}),
    # the texts
    "NUL": (of_line(name="ла\0тте"), {"/lines/0/name": "bad_characters"}),
    "a line's end in a name": (of_line(name="латте\n"), {"/lines/0/name": "bad_characters"}),
    "text turned around": (of_line(name="\u202egnirts"), {"/lines/0/name": "bad_characters"}),
    "an isolate": (cart(cashier="\u2066anna"), {"/cashier": "bad_characters"}),
    "NUL in a receipt's number": (cart(receipt_number="1\0"), {"/receipt_number": "bad_characters"}),
    "a long name": (of_line(name="л" * 201), {"/lines/0/name": "too_long"}),
    "a long receipt number": (cart(receipt_number="1" * 65), {"/receipt_number": "too_long"}),
    "a number for a text": (of_line(sku=5), {"/lines/0/sku": "wrong_type"}),
    # the form
    "1001 lines": ({"lines": [LINE] * 1001}, {"/lines": "too_many"}),
    "neither lines nor a total": ({}, {"/lines": "lines_or_total"}),
    "neither price nor amount": ({"lines": [{"sku": "x"}]}, {"/lines/0/price": "price_or_amount"}),
    "an unknown field": (cart(tip="5"), {"/tip": "unknown_field"}),
    "an unknown field of a line": (of_line(colour="red"), {"/lines/0/colour": "unknown_field"}),
    "a list for a sale": ([], {"": "wrong_type"}),
    "an object for lines": ({"lines": {}}, {"/lines": "wrong_type"}),
    "a number for a line": ({"lines": [5]}, {"/lines/0": "wrong_type"}),
    # the client
    "no way to find the client": (cart(client={}), {"/client": "exactly_one"}),
    "two ways": (cart(client={"phone": ANNA, "card": "1"}), {"/client": "exactly_one"}),
    "not a phone": (cart(client={"phone": "call me"}), {"/client/phone": "not_a_phone"}),
    "not an id": (cart(client={"id": "17"}), {"/client/id": "not_an_id"}),
    "not a code": (cart(client={"code": "12345"}), {"/client/code": "bad_format"}),
    # the times
    "a time without an offset": (cart(occurred_at="2026-11-21T12:00:00"), {"/occurred_at": "not_a_time"}),
    "not a time": (cart(occurred_at="yesterday"), {"/occurred_at": "not_a_time"}),
    "the first year": (cart(occurred_at="0001-01-01T00:00:00+14:00"), {"/occurred_at": "out_of_range"}),
    "in the future": (cart(occurred_at="2026-11-21T12:06:00+03:00"), {"/occurred_at": "occurred_at_in_future"}),
    "too old": (cart(occurred_at="2026-10-22T11:59:00+03:00"), {"/occurred_at": "occurred_at_too_old"}),
    # the hold
    "an end without a hold": (cart(hold_minutes=5), {"/hold_minutes": "without_hold"}),
    "two ends": (
        cart(hold=True, hold_minutes=5, expires_at="2026-11-21T12:10:00+03:00"),
        {"/expires_at": "minutes_or_time"},
    ),
    "an end in the past": (cart(hold=True, expires_at="2026-11-21T11:59:00+03:00"), {"/expires_at": "out_of_range"}),
    "a hold of a week": (cart(hold=True, hold_minutes=7 * 24 * 60), {"/hold_minutes": "out_of_range"}),
    # several at once
    "everything": (
        {"lines": [{"price": "1e5", "x": 1}, {"quantity": 0, "price": "-1"}], "total": "NaN"},
        {
            "/lines/0/x": "unknown_field",
            "/lines/0/price": "not_a_number",
            "/lines/1/quantity": "must_be_positive",
            "/lines/1/price": "negative",
            "/total": "not_a_number",
        },
    ),
}


@pytest.fixture
def open_till(till: Till) -> Till:
    till.now = till.now.replace(month=10, day=1)
    till.publish(FIVE_PERCENT)
    till.now = till.now.replace(month=11, day=21)
    return till


@pytest.mark.parametrize("name", VALUES)
def test_values(open_till: Till, name: str) -> None:
    body, errors = VALUES[name]
    with nothing_changes():
        told = open_till.post("sales", body)
    assert told.status == 422, told.text
    assert told.errors == errors
    assert all(error["detail"] for error in told["errors"])


@pytest.mark.parametrize(
    ("body", "headers", "problem"),
    [
        (b"{", {}, (400, "malformed_json")),
        (b'{"total": 1} x', {}, (400, "malformed_json")),
        (b'{"total": \xff}', {}, (400, "malformed_json")),
        (b'{"cashier": "\\ud800"}', {}, (400, "malformed_json")),
        (b'{"cashier": "\xc3\x28"}', {}, (400, "malformed_json")),
        (b"[" * 100_000, {}, (400, "malformed_json")),
        (b'{"lines": ' + b"[" * 100_000, {}, (400, "malformed_json")),
        (b"total=1", {"content_type": "application/x-www-form-urlencoded"}, (415, "unsupported_media_type")),
        (b"{}", {"content_type": "text/plain"}, (415, "unsupported_media_type")),
        (b'{"total": "1", "cashier": "' + b"x" * 1024 * 1024 + b'"}', {}, (413, "body_too_large")),
        (b" " * 10 * 1024 * 1024, {}, (413, "body_too_large")),
        (b'{"total": "1"}', {"Accept": "text/html"}, (406, "not_acceptable")),
        (b'{"total": "1"}', {"Accept": "application/xml"}, (406, "not_acceptable")),
    ],
)
def test_bodies(open_till: Till, body: bytes, headers: dict[str, str], problem: tuple[int, str]) -> None:
    with nothing_changes():
        assert open_till.post("sales", body, **headers).problem == problem


def test_a_batch_may_be_larger_and_not_endless(open_till: Till) -> None:
    fat = json.dumps({"sales": [{"total": "x" * 1000}] * 500}).encode()
    assert open_till.post("sales/batch", fat + b" " * 1024 * 1024).status == 200
    with nothing_changes():
        assert open_till.post("sales/batch", fat + b" " * 5 * 1024 * 1024).problem == (413, "body_too_large")
        many = [{"total": "1", "occurred_at": "2026-11-21T11:00:00+03:00"}] * 501
        told = open_till.post("sales/batch", {"sales": many})
        assert (told.status, told.errors) == (422, {"/sales": "too_many"})


@pytest.mark.parametrize(
    ("key", "code"),
    [("", "idempotency_key_missing"), ("x" * 256, "idempotency_key_invalid"), ("ключ", "idempotency_key_invalid")],
)
def test_idempotency_keys(open_till: Till, key: str, code: str) -> None:
    with nothing_changes():
        assert open_till.post("sales", cart(), idempotency=key).problem == (400, code)


@pytest.mark.parametrize(
    "client", [{"phone": "+79990000000"}, {"card": "2900000000000"}, {"code": "000000"}, {"id": NOBODY}]
)
def test_an_unknown_client(open_till: Till, client: dict[str, str]) -> None:
    with nothing_changes():
        for path in ("sales", "quotes"):
            assert open_till.post(path, cart(client=client)).problem == (404, "client_not_found")
        (how, value), *_ = client.items()
        found = open_till.get(f"clients/{value}") if how == "id" else open_till.get("clients", **client)
        assert found.problem == (404, "client_not_found")


def test_a_foreign_client_and_a_foreign_sale(open_till: Till, cast: Cast) -> None:
    other = Till(cast.pryanik, open_till.now)
    other.publish(FIVE_PERCENT)
    stranger = other.join()
    sale = other.sell(stranger, "100").ok()
    card = other.card_of(stranger)
    with nothing_changes():
        assert open_till.get(f"clients/{stranger}").problem == (404, "client_not_found")
        assert open_till.get(f"clients/{stranger}/history").problem == (404, "client_not_found")
        assert open_till.get("clients", phone=ANNA).problem == (404, "client_not_found")
        assert open_till.get("clients", q="916123")["clients"] == []
        assert open_till.post(f"clients/{stranger}/confirmation").problem == (404, "client_not_found")
        assert open_till.post("sales", cart(client={"card": card})).problem == (404, "client_not_found")
        assert open_till.get(f"sales/{sale['id']}").problem == (404, "sale_not_found")
        for verb in ("commit", "void", "returns"):
            assert open_till.post(f"sales/{sale['id']}/{verb}").problem == (404, "sale_not_found")


def test_a_blocked_client(open_till: Till) -> None:
    anna = open_till.join()
    body = open_till.cart(anna, "100")
    open_till.block(anna)
    with nothing_changes():
        assert open_till.post("sales", body).problem == (409, "client_blocked")
        assert open_till.post("quotes", body).problem == (409, "client_blocked")
        assert open_till.post(f"clients/{anna}/confirmation").problem == (409, "client_blocked")
    assert open_till.stands(anna)["status"] == "blocked"


def test_more_points_than_allowed(open_till: Till) -> None:
    anna = open_till.join()
    open_till.give(anna, "30")
    with nothing_changes():
        told = open_till.sell(anna, "100", points="31")
    assert told.problem == (409, "redemption_limit")
    assert told["facts"] == {"allowed": "30", "limit": "balance"}
    with nothing_changes():
        told = open_till.post("sales", cart(points="1"))
    assert (told.problem, told["facts"]) == ((409, "redemption_limit"), {"allowed": "0", "limit": "no_client"})


def test_spending_by_phone_needs_a_confirmation(open_till: Till) -> None:
    anna = open_till.join()
    open_till.give(anna, "30")
    body = cart(client={"phone": ANNA}, points="10")
    with nothing_changes():
        assert open_till.post("sales", body).problem == (409, "confirmation_required")
        quote = open_till.post("quotes", body).ok()
        assert (quote["points_redeemed"], quote["points_limit"]["confirmation"]) == ("0", "required")
        assert open_till.post("sales", {**body, "confirmation": "0000"}).problem == (409, "confirmation_invalid")


def test_a_return_of_more_than_is_left(open_till: Till) -> None:
    sale = open_till.sell(open_till.join(), {"quantity": "2", "price": "50"}).ok()
    open_till.give_back(sale, (0, "1")).ok()
    with nothing_changes():
        assert open_till.give_back(sale, (0, "2")).problem == (409, "return_exceeds_sale")
        assert open_till.give_back(sale, amount="50.01").problem == (409, "return_exceeds_sale")
        assert open_till.give_back(sale, (1, "1")).problem == (422, "line_not_found")
        assert open_till.give_back(sale, (0, "1"), amount="1").errors == {"/amount": "lines_or_amount"}
        assert open_till.give_back(sale, (0, "1"), (0, "1")).errors == {"/lines/1/line": "twice"}
        assert open_till.give_back(sale, amount="0").errors == {"/amount": "must_be_positive"}
        assert open_till.give_back(sale, (-1, "1")).errors == {"/lines/0/line": "out_of_range"}


def test_a_hold_that_has_ended(open_till: Till) -> None:
    anna = open_till.join()
    open_till.give(anna, "30")
    hold = open_till.sell(anna, "100", points="30", hold=True, hold_minutes=5).ok()
    with nothing_changes():
        assert open_till.give_back(hold).problem == (409, "sale_not_sold")
    open_till.later(minutes=5)
    with nothing_changes():
        assert open_till.commit(hold).problem == (409, "hold_ended")
    assert open_till.stands(anna)["available"] == "30"


def test_another_receipt_under_the_same_number(open_till: Till) -> None:
    at = "2026-11-21T11:00:00+03:00"
    first = open_till.post("sales", cart(receipt_number="7", occurred_at=at)).ok()
    again = open_till.post("sales", cart(receipt_number="7", occurred_at=at))
    assert (again.status, again["id"]) == (200, first["id"])
    with nothing_changes():
        other = {"lines": [{"price": "5"}], "receipt_number": "7", "occurred_at": at}
        assert open_till.post("sales", other).problem == (409, "receipt_exists")


def test_no_rules_yet(till: Till) -> None:
    with nothing_changes():
        assert till.get("program").problem == (409, "program_not_published")
        assert till.post("sales", cart()).problem == (409, "program_not_published")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (None, "not_authenticated"),
        ("Basic YTpi", "not_authenticated"),
        ("Bearer", "invalid_key"),
        ("Bearer nonsense", "invalid_key"),
        ("Bearer kp_1_" + "x" * 43, "invalid_key"),
        ("Bearer kp_999999999999999999_" + "x" * 43, "invalid_key"),
        ("Bearer kp_1_\x00", "invalid_key"),
    ],
)
def test_keys(open_till: Till, header: str | None, code: str) -> None:
    headers = {"Authorization": header} if header is not None else {}
    response = open_till.client.get("/api/v1/program", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, code)
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key(open_till: Till, cast: Cast) -> None:
    open_till.post("quotes", cart()).ok()  # the key is remembered now
    with tenant(cast.zerno.program.pk):
        TillKey.objects.update(revoked_at=open_till.now)
    with nothing_changes():
        assert open_till.post("sales", cart()).problem == (401, "key_revoked")
        assert open_till.post("quotes", cart()).problem == (401, "key_revoked")
        assert open_till.get("program").problem == (401, "key_revoked")
        late = [cart(occurred_at="2026-11-21T11:00:00+03:00")]
        assert open_till.post("sales/batch", {"sales": late}).problem == (401, "key_revoked")


def test_scopes(open_till: Till, cast: Cast) -> None:
    open_till.give(open_till.join(), "10")
    reader, seller, enroller = (make_key(cast.zerno.till, [scope]) for scope in ("read", "sell", "enrol"))
    assert open_till.get("program", key=reader).status == open_till.get("program", key=seller).status == 200
    with nothing_changes():
        assert open_till.get("program", key=enroller).problem == (403, "scope_missing")
        assert open_till.post("sales", cart(), key=reader).problem == (403, "scope_missing")
        assert open_till.post("clients", {"phone": "+79160000000"}, key=seller).problem == (403, "scope_missing")
        overridden = cart(client={"phone": ANNA}, points="1", override="senior Vera")
        assert open_till.post("sales", overridden, key=seller).problem == (403, "override_not_allowed")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"/phone": "required"}),
        ({"phone": "123456"}, {"/phone": "not_a_phone"}),
        ({"phone": ANNA, "birthday": "2030-01-01"}, {"/birthday": "not_a_birthday"}),
        ({"phone": ANNA, "birthday": "1899-12-31"}, {"/birthday": "not_a_birthday"}),
        ({"phone": ANNA, "birthday": "31.12.1990"}, {"/birthday": "not_a_date"}),
        ({"phone": ANNA, "email": "anna"}, {"/email": "not_an_email"}),
        ({"phone": ANNA, "name": "\u202eАнна"}, {"/name": "bad_characters"}),
        ({"phone": ANNA, "referrer": "nobody"}, {"/referrer": "unknown_referrer"}),
        ({"phone": ANNA, "consents": [{"kind": "advertising"}] * 2}, {"/consents": "twice"}),
        ({"phone": ANNA, "consents": [{"kind": "everything"}]}, {"/consents/0/kind": "not_allowed"}),
    ],
)
def test_enrolment(open_till: Till, body: dict[str, Any], errors: dict[str, str]) -> None:
    with nothing_changes():
        told = open_till.post("clients", body)
    assert (told.status, told.errors) == (422, errors)


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ({}, {"?phone": "exactly_one"}),
        ({"phone": ANNA, "card": "1"}, {"?phone": "exactly_one"}),
        ({"phone": ANNA, "q": "Анна"}, {"?q": "exactly_one"}),
        ({"phone": "abcdef"}, {"?phone": "not_a_phone"}),
        ({"q": "Ан"}, {"?q": "too_short"}),
        ({"q": "Ан\0на"}, {"?q": "bad_characters"}),
        ({"q": "Анна", "cursor": "!"}, {"?cursor": "bad_format"}),
        ({"q": "Анна", "cursor": "AAAA"}, {"?cursor": "bad_cursor"}),
        ({"code": "1"}, {"?code": "bad_format"}),
        ({"name": "Анна"}, {"?name": "unknown_parameter", "?phone": "exactly_one"}),
    ],
)
def test_addresses(open_till: Till, query: dict[str, str], errors: dict[str, str]) -> None:
    told = open_till.get("clients", **query)
    assert told.problem == (400, "invalid_query")
    assert errors.items() >= told.errors.items()


def test_other_addresses_and_methods(open_till: Till) -> None:
    assert open_till.get("nothing").problem == (404, "not_found")
    assert open_till.get("sales/17").problem == (404, "not_found")
    open_till.client.handler.enforce_csrf_checks = True
    assert open_till.post("sales/17/void").problem == (404, "not_found")
    assert open_till.get("sales").problem == (405, "method_not_allowed")
    assert open_till.get("sales").headers["Allow"] == "POST"
    assert open_till.post("program").problem == (405, "method_not_allowed")
