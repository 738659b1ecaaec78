"""Certificates over HTTP: sold, looked up, paid with, given back."""

from __future__ import annotations

import re
from typing import Any

import pytest

from loyalty.certificates.codes import new_code
from merchants.throttling import GUESSES
from tests.cashier.till import ONE_PER_ONE, Till
from tests.cast import make_key


def sold(till: Till, amount: str = "1000", **more: Any) -> str:
    return str(till.post("certificates", {"amount": amount, **more}).ok()["code"])


def test_12_a_sold_certificate_earns_like_money(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna, code = till.join(), sold(till, "50")
    sale = till.sell(anna, "100", certificates=[{"code": code}]).ok()
    assert sale.get("certificates_paid", "to_pay", "points_earned") == {
        "certificates_paid": "50.00",
        "to_pay": "50.00",
        "points_earned": "100",
    }


def test_23_twice_and_then_it_is_empty(till: Till) -> None:
    till.publish()
    code = sold(till)
    first = till.sell(None, "700", certificates=[{"code": code.lower().replace("-", " ")}]).ok()
    assert first.get("certificates_paid", "to_pay") == {"certificates_paid": "700.00", "to_pay": "0.00"}
    assert first["certificates"] == [{"code": code, "kind": "sum", "paid": "700.00", "rest": "300.00"}]
    assert till.get(f"certificates/{code}").ok()["rest"] == "300.00"
    second = till.sell(None, "500", certificates=[{"code": code, "amount": "max"}]).ok()
    assert second.get("certificates_paid", "to_pay") == {"certificates_paid": "300.00", "to_pay": "200.00"}
    assert till.get(f"certificates/{code}").ok().get("rest", "status") == {"rest": "0.00", "status": "used"}
    third = till.sell(None, "10", certificates=[{"code": code}])
    assert third.problem == (409, "certificate_refused")
    assert third["detail"].startswith("Сертификатом нельзя заплатить: на нём ничего не осталось")
    assert till.give_back(second).ok()["certificates_back"] == "300.00"


def test_a_quote_says_what_a_sale_refuses(till: Till) -> None:
    till.publish()
    code = sold(till, "50")
    wanted = [{"code": code, "amount": "80"}, {"code": new_code()}]
    quoted = till.post("quotes", {"total": "100", "certificates": wanted}).ok()
    assert quoted.get("certificates_paid", "to_pay") == {"certificates_paid": "50.00", "to_pay": "50.00"}
    assert [(each["kind"], each["reason"]) for each in quoted["rejected"]] == [("certificate", "unknown")]
    assert till.sell(None, "100", certificates=wanted).problem == (404, "certificate_not_found")
    refused = till.sell(None, "100", certificates=wanted[:1])
    assert (refused.problem, refused["facts"]) == ((409, "certificate_limit"), {"money": "50.00"})
    assert "50,00 ₽" in refused["detail"]


def test_a_line_sells_one_and_gives_it_back(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna = till.join()
    line = {"name": "Сертификат", "price": "1000", "sells_certificate": True}
    sale = till.sell(anna, line, "100").ok()
    assert sale.get("points_earned", "to_pay") == {"points_earned": "100", "to_pay": "1100.00"}
    code = sale["certificates_sold"][0]["code"]
    assert re.fullmatch(r"(\w{4}-){2}\w{4}", code)
    coffee = till.sell(None, "300", certificates=[{"code": code}]).ok()
    refused = till.give_back(sale, (0, "1"))
    assert refused.problem == (409, "certificate_used")
    till.give_back(coffee).ok()
    assert till.give_back(sale, (0, "1")).ok()["money"] == "1000.00"
    assert till.get(f"certificates/{code}").ok()["status"] == "cancelled"
    free = till.sell(None, {**line, "price": "0"})
    assert free.errors == {"/lines/0/price": "must_be_positive"}


def test_the_same_key_sells_one(till: Till) -> None:
    first = till.post("certificates", {"amount": "500"}, idempotency="gift")
    again = till.post("certificates", {"amount": "500"}, idempotency="gift")
    assert (first.status, again.text) == (201, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = till.post("certificates", {"amount": "600"}, idempotency="gift")
    assert other.problem == (409, "idempotency_key_reused")


def test_given_away_needs_more_than_selling(till: Till) -> None:
    seller = make_key(till.shop.till, ["sell"])
    assert till.post("certificates", {"amount": "500", "sold": False}, key=seller).problem == (403, "scope_missing")
    gift = till.post("certificates", {"amount": "500", "sold": False, "days": 10}).ok()
    assert gift["sold"] is False
    reader = make_key(till.shop.till, ["read"])
    assert till.get(f"certificates/{gift['code']}", key=reader).ok()["available"] == "500.00"
    assert till.post("certificates", {"amount": "500"}, key=reader).problem == (403, "scope_missing")


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"/amount": "required"}),
        ({"amount": "0"}, {"/amount": "must_be_positive"}),
        ({"amount": "10", "percent": "5"}, {"/percent": "not_of_this_kind"}),
        ({"kind": "percent", "percent": "101"}, {"/percent": "out_of_range"}),
        ({"kind": "product"}, {"/sku": "required"}),
        ({"kind": "product", "sku": " "}, {"/sku": "required"}),
        ({"amount": "10", "price": "5"}, {"/price": "not_of_this_kind"}),
        ({"amount": "10", "days": 5, "expires_at": "2026-12-01T00:00:00+03:00"}, {"/expires_at": "days_or_time"}),
        ({"amount": "10", "expires_at": "2026-01-01T00:00:00+03:00"}, {"/expires_at": "out_of_range"}),
        ({"amount": "10", "client": {}}, {"/client": "exactly_one"}),
    ],
    ids=str,
)
def test_what_can_not_be_issued(till: Till, body: dict[str, Any], errors: dict[str, str]) -> None:
    assert till.post("certificates", body).errors == errors


def test_twice_on_a_receipt(till: Till) -> None:
    till.publish()
    code = sold(till)
    told = till.sell(None, "10", certificates=[{"code": code}, {"code": code.lower()}])
    assert told.errors == {"/certificates/1/code": "twice"}


def test_guesses_stop_the_till(till: Till) -> None:
    till.publish()
    for n in range(GUESSES):
        if n % 2:
            assert till.get(f"certificates/{new_code()}").problem == (404, "certificate_not_found")
        else:
            till.post("quotes", {"total": "100", "certificates": [{"code": new_code()}]}).ok()
    assert till.get(f"certificates/{new_code()}").problem == (429, "throttled")


def test_percent_and_article(till: Till) -> None:
    till.publish()
    percent = till.post("certificates", {"kind": "percent", "percent": "20", "sold": False}).ok()
    assert percent.get("percent", "rest") == {"percent": "20", "rest": None}
    latte = till.post("certificates", {"kind": "product", "sku": "latte", "title": "Латте", "price": "150"}).ok()
    line = {"sku": "latte", "quantity": "2", "price": "200"}
    sale = till.sell(None, line, certificates=[{"code": percent["code"]}, {"code": latte["code"]}]).ok()
    assert sale.get("discount", "certificates_paid", "to_pay") == {
        "discount": "80.00",
        "certificates_paid": "160.00",
        "to_pay": "160.00",
    }
    titles = [each["title"] for each in sale["explanation"]]
    assert titles == [f"Подарочный сертификат …{one['code'][-4:]}" for one in (percent, latte)]


def test_an_offline_receipt_is_booked_without_what_does_not_pay(till: Till) -> None:
    till.publish()
    code = sold(till, "50")
    receipts = [
        {"total": "100", "receipt_number": str(n), "occurred_at": till.now.isoformat(), "certificates": [{"code": c}]}
        for n, c in enumerate([code, new_code()])
    ]
    told = till.post("sales/batch", {"sales": receipts}).ok()
    one, other = (each["body"] for each in told["results"])
    assert (one["certificates_paid"], one["flags"]) == ("50.00", [])
    assert (other["to_pay"], other["flags"]) == ("100.00", ["certificates_not_booked"])
