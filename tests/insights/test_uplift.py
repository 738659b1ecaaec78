"""The interval of an uplift, against what textbooks and tables say."""

from __future__ import annotations

from decimal import Decimal

import pytest

from insights.uplift import Group, student, uplift


def group(*values: int) -> Group:
    money = [Decimal(value) for value in values]
    return Group(len(money), sum(money, Decimal(0)), sum((value * value for value in money), Decimal(0)))


@pytest.mark.parametrize(
    ("freedom", "table"),
    [(10, "2.228139"), (15, "2.131450"), (30, "2.042272"), (60, "2.000298"), (120, "1.979930"), (10**6, "1.959966")],
)
def test_students_quantile_is_that_of_the_tables(freedom: int, table: str) -> None:
    assert student(Decimal(freedom)) == pytest.approx(Decimal(table), abs=Decimal("0.00002"))


def test_welchs_interval() -> None:
    """By hand: means 12 and 10, variances 4.1379… and 1.0344…, 42.6 degrees of freedom."""
    found = uplift(group(*[10, 14] * 15), group(*[9, 11] * 15))
    assert found is not None
    assert found.difference == 2
    assert found.low == pytest.approx(Decimal("1.1624"), abs=Decimal("0.0005"))
    assert found.high == pytest.approx(Decimal("2.8376"), abs=Decimal("0.0005"))
    assert found.is_certain
    assert found.incremental == 60


def test_an_interval_around_zero_is_not_certain() -> None:
    found = uplift(group(*[0, 1000] * 20), group(*[0, 900] * 20))
    assert found is not None
    assert found.low < 0 < found.high
    assert not found.is_certain


def test_too_few_say_nothing() -> None:
    assert uplift(group(*[5] * 29), group(*[5] * 400)) is None
    assert uplift(group(), group()) is None


def test_everybody_the_same() -> None:
    found = uplift(group(*[100] * 30), group(*[100] * 30))
    assert found is not None
    assert (found.low, found.difference, found.high) == (0, 0, 0)
    assert not found.is_certain


def test_a_million_clients_of_large_sums_lose_no_digit() -> None:
    """The sums of squares have more digits than a float: a spread of one kopeck stays one."""
    n, money = 1_000_000, Decimal("900000.00")
    half = money + Decimal("0.02")
    one = Group(n, (money + half) * (n // 2), (money**2 + half**2) * (n // 2))
    assert one.variance == pytest.approx(Decimal("0.0001"), rel=Decimal("0.00001"))
