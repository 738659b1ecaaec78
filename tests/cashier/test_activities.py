"""A review, a coupon and a return with its one-offs, over HTTP."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from loyalty.models import Account, Activity
from loyalty.promo import giving, making
from loyalty.promo.making import Terms
from merchants.access import tenant
from tests.cashier.books import nothing_changes
from tests.cashier.till import ONE_PER_ONE, Till
from tests.cast import Cast, make_key

REVIEW: dict[str, Any] = {
    "id": "review",
    "title": "За отзыв",
    "effect": {"kind": "activity", "action": "review", "points": "50"},
}
COUPON: dict[str, Any] = {
    "id": "coupon",
    "title": "Купон за 500 баллов",
    "effect": {"kind": "coupon", "every": "500", "amount": "300", "days": 180, "minimum": "1000"},
}


def review(till: Till, client: str, reference: str = "r-1", **more: Any) -> Any:
    body = {"type": "review", "reference": reference, **{k: v for k, v in more.items() if k in ("type", "occurred_at")}}
    headers = {k: v for k, v in more.items() if k not in body}
    return till.post(f"clients/{client}/activities", body, **headers)


def test_a_review_gives_points_once(till: Till) -> None:
    till.publish(REVIEW)
    anna = till.join()
    told = review(till, anna, idempotency="k-1")
    assert told.status == 201
    assert told.get("type", "status", "points", "rule") == {
        "type": "review",
        "status": "given",
        "points": "50",
        "rule": "review",
    }
    assert told["client"]["balance"] == "50"
    again = review(till, anna, idempotency="k-1")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (told.text, "true")
    assert review(till, anna)["id"] == told["id"]
    assert till.balance(anna) == "50"
    entry = till.get(f"clients/{anna}/history")["entries"][0]
    assert (entry["kind"], entry["points"], entry["title"]) == ("earn", "50", "За отзыв")


def test_what_waits_gives_nothing_yet(till: Till) -> None:
    till.publish({**REVIEW, "effect": {**REVIEW["effect"], "approval": True}})
    anna = till.join()
    assert review(till, anna).get("status", "points") == {"status": "waiting", "points": "50"}
    assert till.balance(anna) == "0"


def test_what_is_refused_is_said(till: Till) -> None:
    till.publish({**REVIEW, "limits": {"times_per_client": 1}})
    anna = till.join()
    with nothing_changes():
        unknown = review(till, anna, type="repost")
        assert unknown.problem == (422, "activity_unknown")
        assert unknown.errors == {"/type": "activity_unknown"}
        assert "действие" in unknown["detail"]
        assert review(till, anna, occurred_at="2199-01-01T00:00:00Z").problem == (422, "occurred_at_in_future")
        assert review(till, anna, occurred_at="9999-01-01T00:00:00Z").errors == {"/occurred_at": "out_of_range"}
        assert review(till, "00000000-0000-0000-0000-000000000000").problem == (404, "client_not_found")
    review(till, anna).ok()
    assert review(till, anna, "r-2").problem == (409, "activity_limit")
    till.block(anna)
    assert review(till, anna, "r-3").problem == (409, "client_blocked")


def test_the_key_needs_a_scope_and_strangers_find_nobody(till: Till, cast: Cast) -> None:
    till.publish(REVIEW)
    anna = till.join()
    with tenant(till.shop.program.pk):
        site, reader = make_key(till.shop.till, ["enrol"]), make_key(till.shop.till, ["read"])
    assert review(till, anna, key=reader).problem == (403, "scope_missing")
    assert review(till, anna, key=cast.pryanik.key).problem == (404, "client_not_found")
    review(till, anna, key=site).ok()
    with tenant(till.shop.program.pk):
        assert Activity.objects.count() == 1


def test_coupons_at_hand(till: Till) -> None:
    till.publish(ONE_PER_ONE, COUPON)
    anna = till.join()
    assert till.stands(anna)["coupons"] == []
    till.sell(anna, "500").ok()
    (coupon,) = till.stands(anna)["coupons"]
    assert (coupon["title"], coupon["discount"], coupon["percent"], coupon["minimum"]) == (
        "Купон за 500 баллов",
        "300.00",
        None,
        "1000.00",
    )
    quoted = till.quote(anna, "1000", promo_codes=[coupon["code"]])
    assert (quoted["to_pay"], quoted["rejected"]) == ("700.00", [])
    till.sell(anna, "1000", promo_codes=[coupon["code"]]).ok()
    left = [one["code"] for one in till.stands(anna)["coupons"]]
    assert coupon["code"] not in left


def test_a_return_says_all_that_left_the_account(till: Till) -> None:
    large = {
        "id": "large",
        "title": "За большой чек",
        "effect": {"kind": "give", "points": "70"},
        "when": [{"kind": "minimum_receipt", "amount": "1000"}],
    }
    till.publish(ONE_PER_ONE, large)
    anna = till.join()
    sale = till.sell(anna, "600", "500")
    assert till.balance(anna) == "1170"
    back = till.give_back(sale, (1, "1")).ok()
    assert (back["points_taken_back"], back["client"]["balance"]) == ("570", "600")
    voided = till.void(sale).ok()
    assert (voided["points_taken_back"], voided["client"]["balance"]) == ("600", "0")
    assert till.void(sale)["points_taken_back"] == "600"


def test_promo_codes_of_his_own(till: Till) -> None:
    till.publish(ONE_PER_ONE)
    anna = till.join()
    assert till.stands(anna)["promo_codes"] == []
    terms = Terms(name="Весна", kind="unique", length=8, size=2, gives="percent", percent=D(10), minimum=D(500))
    with tenant(till.shop.program.pk):
        batch = making.order_batch(merchant=till.shop.merchant, terms=terms, now=till.now, by="test")
        account = Account.objects.get(public_id=anna)
        giving.give(batch=batch, account=account, once="spring", now=till.now, by="test")
    (code,) = till.stands(anna)["promo_codes"]
    assert {key: value for key, value in code.items() if key != "code"} == {
        "title": "Весна", "gives": "percent", "percent": "10", "discount": None, "points": None, "sku": "",
        "category": "", "minimum": "500.00", "expires_at": None,
    }  # fmt: skip
    till.sell(anna, "1000", promo_codes=[code["code"]]).ok()
    assert till.stands(anna)["promo_codes"] == []
