"""Promo codes over HTTP: looked up, used, refused with a reason; guesses stop the till."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from loyalty.models import PromoBatch, PromoCode
from loyalty.promo import drawing, making
from loyalty.promo.shown import code_shown
from loyalty.promo.terms import Terms
from merchants.access import tenant
from merchants.throttling import GUESSES
from tests.cashier.till import Till


def batch(till: Till, **more: Any) -> tuple[PromoBatch, list[str]]:
    terms = {"name": "Весна", "kind": "unique", "gives": "percent", "percent": D(10), "size": 2, "length": 8} | more
    with tenant(till.shop.program.pk):
        made = making.order_batch(merchant=till.shop.merchant, terms=Terms(**terms), now=till.now, by="test")
        return made, list(PromoCode.objects.filter(batch=made).order_by("pk").values_list("code", flat=True))


def test_looked_up_used_and_not_again(till: Till) -> None:
    till.publish()
    made, (code, _other) = batch(till, prefix="VIP", minimum=D(50), amount=D(500))
    told = till.get(f"promo-codes/{code.lower()}").ok()
    assert told.get("status", "title", "percent", "at_most", "minimum", "single") == {
        "status": "good",
        "title": "Весна",
        "percent": "10",
        "at_most": "500.00",
        "minimum": "50.00",
        "single": True,
    }
    shown = code_shown(made, code)
    assert told["code"] == shown
    assert told["worth"] == "Скидка 10 %, не больше 500,00 ₽"
    sale = till.sell(None, "100", promo_codes=[shown]).ok()
    assert (sale["to_pay"], sale["rejected"]) == ("90.00", [])
    fact = next(one for one in sale["explanation"] if one["rule"] == f"promo:{made.pk}")
    assert fact["title"] == "Промокод «Весна»"
    again = till.sell(None, "100", promo_codes=[shown]).ok()
    assert again["to_pay"] == "100.00"
    assert [(one["value"], one["reason"]) for one in again["rejected"]] == [(shown, "promo_used")]
    assert till.get(f"promo-codes/{code}").ok()["status"] == "used"
    till.post(f"sales/{sale['id']}/void").ok()
    assert till.get(f"promo-codes/{code}").ok()["status"] == "good"


def test_a_slip_is_told_and_guesses_stop_the_till(till: Till) -> None:
    till.publish()
    _made, (code, _other) = batch(till)
    slip = code[:-1] + ("2" if code[-1] != "2" else "3")
    assert till.get(f"promo-codes/{slip}").problem == (404, "promo_code_mistyped")
    for _n in range(GUESSES - 1):
        assert till.get("promo-codes/НОЯБРЬ").problem == (404, "promo_code_not_found")
    assert till.get(f"promo-codes/{code}").problem == (429, "throttled")


def test_quotes_with_codes_that_could_be_are_guesses(till: Till) -> None:
    till.publish()
    _made, (code, _other) = batch(till)
    strange = next(iter(drawing.at_random(1, prefix="", length=8)))
    for _n in range(GUESSES):
        till.quote(None, "100", promo_codes=[strange, "VESNA"]).ok()
    assert till.get(f"promo-codes/{code}").problem == (429, "throttled")


def test_an_offline_receipt_is_booked_without_it(till: Till) -> None:
    till.publish()
    _made, (code, _other) = batch(till)
    till.sell(None, "100", promo_codes=[code]).ok()
    item = {"occurred_at": till.now.isoformat(), "total": "100", "promo_codes": [code], "receipt_number": "9"}
    told = till.post("sales/batch", {"sales": [item]}).ok()
    assert "promo_codes_not_booked" in told.text


def test_sales_count_guesses_as_quotes_do(till: Till) -> None:
    till.publish()
    _made, (code, _other) = batch(till)
    strange = next(iter(drawing.at_random(1, prefix="", length=8)))
    for _n in range(GUESSES - 1):
        till.sell(None, "100", promo_codes=[strange], hold=True).ok()
    item = {"occurred_at": till.now.isoformat(), "total": "100", "promo_codes": [strange], "receipt_number": "9"}
    till.post("sales/batch", {"sales": [item]}).ok()
    assert till.sell(None, "100", promo_codes=[code]).problem == (429, "throttled")


def test_a_hold_is_the_first_purchase_already(till: Till) -> None:
    till.publish()
    _made, (code, other) = batch(till, first_purchase=True)
    anna = till.join()
    held = till.sell(anna, "100", promo_codes=[code], hold=True).ok()
    told = till.quote(anna, "100", promo_codes=[other]).ok()
    assert (told["to_pay"], [one["reason"] for one in told["rejected"]]) == ("100.00", ["promo_not_first"])
    till.post(f"sales/{held['id']}/void").ok()
    assert till.quote(anna, "100", promo_codes=[other])["to_pay"] == "90.00"
