"""What posters and cards promise: nothing that the rules don't give."""

from __future__ import annotations

import datetime as dt

from clients.promises import promise_of
from loyalty import programs
from loyalty.wording import Words
from merchants.access import tenant
from tests.cast import Cast

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
COUPONS = {
    "spending": {"max_percent": "0"},
    "rules": [
        {"id": "base", "title": "Балл за рубль", "effect": {"kind": "per_unit", "points": "1"}},
        {"id": "coupon", "title": "Купон", "effect": {"kind": "coupon", "every": "5000", "amount": "300"}},
    ],
}


def promised(cast: Cast, document: dict[str, object]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    program = cast.zerno.program
    with tenant(program.pk):
        programs.publish(program=program, document=document, now=NOW, by="test")
        said = promise_of(program_id=program.pk, words=Words(), now=NOW)
    return said.gains, said.terms


def test_points_that_only_make_coupons_are_not_promised_as_money(cast: Cast) -> None:
    gains, terms = promised(cast, COUPONS)
    assert gains == ("100 баллов за каждые 100 ₽", "купон на 300 ₽ за каждые 5 000 баллов")
    assert not [term for term in terms if "₽" in term]


def test_points_that_pay_are_promised_as_a_share(cast: Cast) -> None:
    gains, terms = promised(cast, COUPONS | {"spending": {"max_percent": "30"}})
    assert gains[0] == "100 % с каждой покупки"
    assert terms[0] == "1 балл = 1 ₽"
