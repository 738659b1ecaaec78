"""Codes of batches in the engine, as a table: no database, the same input always gives the same."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

import pytest

from loyalty.engine.cart import Client, PromoCode
from loyalty.engine.codes import check_character, may_be, mistyped, read
from loyalty.engine.quote import Quote, quote
from tests.engine.said import NOON, ONE_PER_ONE, cart, client, goods, rules


def code(**more: Any) -> PromoCode:
    given = {"batch": 1, "name": "Весна", "code": "SPRING", "gives": "percent"} | more
    if given["gives"] == "percent":
        given.setdefault("percent", D(10))
    return PromoCode(**given)


def computed(*lines: Any, by: list[PromoCode], who: Client | None = None, **more: Any) -> Quote:
    named = tuple(one.code for one in by)
    return quote(rules(ONE_PER_ONE), who, cart(*lines, promo_codes=named, **more), NOON, codes=by)


def reasons(told: Quote) -> list[str]:
    return [one.reason for one in told.rejected]


@pytest.mark.parametrize(
    ("receipt", "terms", "pays"),
    [
        (["100"], {}, "90"),  # 12
        (["120"], {"amount": D(9)}, "111"),  # 14
        (["60"], {"amount": D(9)}, "54"),
        (["100"], {"gives": "sum", "amount": D(30)}, "70"),
        (["20"], {"gives": "sum", "amount": D(30)}, "0"),
        (["100"], {"minimum": D(100)}, "90"),
        (["99.99"], {"minimum": D(100)}, "99.99"),
    ],
)
def test_what_a_code_takes_off(receipt: list[str], terms: dict[str, Any], pays: str) -> None:
    told = computed(*receipt, by=[code(**terms)], who=client())
    assert told.to_pay == D(pays)
    assert (told.codes != ()) == (D(pays) != sum(map(D, receipt)))


def test_13_on_some_goods_only() -> None:
    food, other = goods("100", category="Еда"), goods("50", category="Прочее")
    assert computed(food, other, by=[code()], who=client()).to_pay == D(135)
    assert computed(food, other, by=[code(category="Еда")], who=client()).to_pay == D(140)


def test_points_come_after_everything_that_rules_give() -> None:
    told = computed("100", by=[code(gives="points", points=D(300))], who=client())
    assert [(one.rule, one.points, one.one_off) for one in told.earnings] == [
        (told.earnings[0].rule, D(100), False),
        ("promo:1", D(300), True),
    ]
    assert told.codes[0].points == D(300)


@pytest.mark.parametrize(
    ("terms", "who", "reason"),
    [
        ({"refused": "promo_used"}, client(), "promo_used"),
        ({"personal": True}, None, "no_client"),
        ({"gives": "points", "points": D(5)}, None, "no_client"),
        ({"minimum": D(200)}, client(), "minimum_receipt"),
        ({"sku": "another"}, client(), "no_goods"),
        ({"gives": "rule"}, client(), "promo_no_rule"),
    ],
)
def test_why_it_does_nothing(terms: dict[str, Any], who: Client | None, reason: str) -> None:
    told = computed("100", by=[code(**terms)], who=who)
    assert (told.to_pay, reasons(told), told.codes) == (D(100), [reason], ())


def test_the_order_in_which_codes_are_named_does_not_matter() -> None:
    codes = [
        code(batch=1, code="A", percent=D(10), stacks=True),
        code(batch=2, code="B", gives="sum", amount=D(7), stacks=True),
        code(batch=3, code="C", percent=D(3)),
        code(batch=4, code="D", percent=D(4)),
    ]
    one, other = computed("100", by=codes), computed("100", by=codes[::-1])
    assert one.to_pay == other.to_pay
    assert [used.code.code for used in one.codes] == [used.code.code for used in other.codes] == ["A", "B", "D"]


def test_a_line_that_forbids_discounts_is_left_alone() -> None:
    tobacco = goods("100", discount=False)
    assert reasons(computed(tobacco, by=[code()])) == ["no_goods"]
    assert reasons(computed(tobacco, by=[code(gives="product", sku=tobacco.sku)])) == ["no_goods"]


def test_spellings() -> None:
    body = "VIP7K2MQX4T"
    whole = read(body) + check_character(read(body))
    assert may_be(whole)
    assert not mistyped(whole.lower())
    assert mistyped(whole[:-2] + whole[-1] + whole[-2]) or whole[-1] == whole[-2]
    assert not mistyped("НОЯБРЬ")
