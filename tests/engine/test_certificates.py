"""Certificates in the engine: after points, spread over the lines, counted as money where somebody paid for them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.engine.cart import AskedCertificate, Certificate, Client, line
from loyalty.engine.quote import Quote, quote
from loyalty.engine.rulebook import Rulebook
from tests.engine.said import NOON, ONE_PER_ONE, cart, client, goods, rules

LATER = NOON + dt.timedelta(days=30)


def certificate(rest: str = "1000", code: str = "AAAA1111BBBB", **more: Any) -> Certificate:
    return Certificate(code, more.pop("kind", "sum"), D(rest), more.pop("expires_at", LATER), **more)


def pays(rulebook: Rulebook, who: Client | None, *lines: Any, by: list[Certificate], **more: Any) -> Quote:
    asked = more.pop("asked", {})
    named = tuple(AskedCertificate(one.code, asked.get(one.code, "max")) for one in by)
    return quote(rulebook, who, cart(*lines, certificates=named, **more), NOON, certificates=by)


@pytest.mark.parametrize(("sold", "earned", "turnover"), [(True, 100, 100), (False, 50, 50)])
def test_12_a_sold_one_earns_like_money_and_a_gift_does_not(sold: bool, earned: int, turnover: int) -> None:
    told = pays(rules(ONE_PER_ONE), client(), "100", by=[certificate("50", sold=sold)])
    assert (told.certificates_paid, told.to_pay, told.earned, told.turnover) == (50, 50, earned, turnover)


def test_23_in_two_parts() -> None:
    one = certificate("1000", sold=True)
    first = pays(rules(), None, "700", by=[one])
    assert (first.certificates_paid, first.to_pay, first.certificates[0].left) == (700, 0, 300)
    second = pays(rules(), None, "500", by=[certificate("300", sold=True)])
    assert (second.certificates_paid, second.to_pay, second.certificates[0].left) == (300, 200, 0)


def test_points_come_first_and_lines_get_their_parts() -> None:
    told = pays(rules(ONE_PER_ONE), client(40), "100", "50", "33.33", points="max", by=[certificate("43.33")])
    assert told.points == 40
    assert told.to_pay == D("100.00")
    assert [priced.certificate for priced in told.lines] == [D("23.63"), D("11.82"), D("7.88")]
    assert told.earned == 100


def test_it_pays_what_points_and_discounts_may_not() -> None:
    tobacco = line(price=D(200), sku="tobacco", earn=False, redeem=False, discount=False, min_price=D(200))
    told = pays(rules(), client(1000), tobacco, points="max", by=[certificate("150")])
    assert (told.points, told.certificates_paid, told.to_pay) == (0, 150, 50)


def test_a_line_that_sells_a_certificate_is_outside_of_everything() -> None:
    gift = line(price=D(1000), sku="gift", sells_certificate=True)
    rulebook = rules(
        ONE_PER_ONE,
        {"effect": {"kind": "discount", "percent": "10"}},
        {"effect": {"kind": "give", "points": "500"}, "when": [{"kind": "minimum_receipt", "amount": "1000"}]},
    )
    told = pays(rulebook, client(5000), gift, "100", points="max", by=[certificate("500", sold=True)])
    sells, coffee = told.lines
    assert (sells.discount, sells.points, sells.certificate, sells.paid, sells.earned) == (0, 0, 0, 1000, 0)
    assert (coffee.discount, coffee.points, coffee.paid) == (10, 90, 0)
    assert told.turnover == 0
    only = pays(rulebook, client(), gift, by=[certificate("500", sold=True)])
    assert (only.certificates_paid, only.to_pay, only.turnover, only.earned) == (0, 1000, 0, 0)
    assert [each.reason for each in only.rejected] == ["nothing_to_pay"]


def test_of_two_the_soonest_to_expire_pays_first() -> None:
    soon = certificate("60", "ZZZZ", expires_at=NOON + dt.timedelta(days=1))
    told = pays(rules(), None, "100", by=[certificate("100", "AAAA"), soon])
    assert [(part.code, part.amount) for part in told.certificates] == [("ZZZZ", 60), ("AAAA", 40)]


@pytest.mark.parametrize(("asked", "paid", "reason"), [("30", 30, ""), ("80", 50, "rest"), ("max", 50, "rest")])
def test_what_is_asked(asked: Any, paid: int, reason: str) -> None:
    one = certificate("50")
    amount = asked if asked == "max" else D(asked)
    told = pays(rules(), None, "100", by=[one], asked={one.code: amount})
    assert (told.certificates_paid, told.facts[-1].reason) == (paid, reason)


@pytest.mark.parametrize("refused", ["expired", "cancelled", "used_up"])
def test_what_is_not_good_is_rejected(refused: str) -> None:
    told = pays(rules(), None, "100", by=[certificate("50", refused=refused)])
    assert (told.to_pay, told.rejected[0].reason) == (100, refused)
    unknown = quote(rules(), None, cart("100", certificates=(AskedCertificate("NOSUCH"),)), NOON)
    assert (unknown.to_pay, unknown.rejected[0].reason) == (100, "unknown")


def test_a_percent_is_the_last_discount_and_used_once() -> None:
    one = certificate("1", kind="percent", percent=D(20))
    told = pays(rules({"effect": {"kind": "discount", "percent": "10"}}, ONE_PER_ONE), client(), "100", by=[one])
    assert (told.discount, told.to_pay, told.certificates_paid, told.earned) == (28, 72, 0, 72)
    assert (told.certificates[0].amount, told.certificates[0].left) == (1, 0)


def test_an_article_is_paid_once_and_by_the_piece() -> None:
    one = certificate("1", kind="product", sku="latte", sold=True)
    latte = line(quantity=D(3), price=D("92.73"), amount=D("278.19"), sku="latte")
    told = pays(rules(), None, latte, "100", by=[one])
    assert (told.certificates_paid, told.to_pay) == (D("92.73"), D("285.46"))
    two = [one, certificate("1", "BBBB", kind="product", sku="latte", sold=True)]
    assert pays(rules(), None, latte, by=two).certificates_paid == D("185.46")
    assert pays(rules(), None, "100", by=[one]).rejected[0].reason == "no_goods"


def test_the_sum_to_pay_is_rounded_after_certificates() -> None:
    told = pays(rules(spending={"round_to_pay": True}), None, "100.50", by=[certificate("50.20")])
    assert (told.to_pay, told.discount) == (50, D("0.30"))


money = st.integers(1, 50_000).map(lambda kopecks: D(kopecks) / 100)
ones = st.lists(
    st.tuples(money, st.booleans(), st.sampled_from(["sum", "sum", "percent", "product"])), min_size=1, max_size=4
)


@settings(max_examples=200, deadline=None)
@given(st.lists(money, min_size=1, max_size=5), ones, st.integers(0, 300), st.booleans(), st.booleans())
def test_parts_add_up(prices: list[D], held: list[Any], points: int, rounds: bool, sells: bool) -> None:
    by = [
        certificate(str(rest if kind == "sum" else 1), f"C{n}", kind=kind, sold=sold, percent=D(10), sku="sku-0")
        for n, (rest, sold, kind) in enumerate(held)
    ]
    lines = [goods(str(price), sku=f"sku-{n}") for n, price in enumerate(prices)]
    if sells:
        lines.append(line(price=D(500), sku="gift", sells_certificate=True))
    rulebook = rules(ONE_PER_ONE, spending={"round_to_pay": rounds})
    told = pays(rulebook, client(points), *lines, points="max", by=by)
    other = pays(rulebook, client(points), *lines, points="max", by=by[::-1])
    assert other == told
    assert told.total == told.discount + told.points_value + told.certificates_paid + told.to_pay
    for n, priced in enumerate(told.lines):
        assert priced.line.amount == priced.discount + priced.points_value + priced.certificate + priced.paid
        assert min(priced.discount, priced.points_value, priced.certificate, priced.paid) >= 0
        parts = [p for one in told.certificates for i, p in zip(one.lines, one.parts, strict=True) if i == n]
        assert sum(parts) == priced.certificate
    given_away = sum(one.money for one in told.certificates if not by[int(one.code[1:])].sold)
    assert told.turnover == told.total - told.discount - told.points_value - given_away - (500 if sells else 0)
    for one in told.certificates:
        assert 0 < one.amount <= by[int(one.code[1:])].rest
