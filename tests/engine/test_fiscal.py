"""Lines for the fiscal receipt multiply exactly."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.engine.fiscal import split


def pieces(quantity: str, amount: str, digits: int = 2) -> list[tuple[D, D]]:
    return [(piece.quantity, piece.price) for piece in split(0, D(quantity), D(amount), digits)]


@pytest.mark.parametrize(
    ("quantity", "amount", "expected"),
    [
        ("3", "92.72", [("2", "30.91"), ("1", "30.90")]),
        ("3", "90", [("3", "30")]),
        ("1", "33.33", [("1", "33.33")]),
        ("3", "0.01", [("1", "0.01"), ("2", "0")]),
        ("2", "0", [("2", "0")]),
        ("0.5", "10", [("0.5", "20")]),
        ("1.234", "100", [("1", "100")]),
        ("0", "0", []),
    ],
)
def test_split(quantity: str, amount: str, expected: list[tuple[str, str]]) -> None:
    assert pieces(quantity, amount) == [(D(quantity), D(price)) for quantity, price in expected]


def test_a_currency_without_kopecks() -> None:
    assert pieces("3", "100", digits=0) == [(1, 34), (2, 33)]


@given(st.integers(1, 10**6), st.integers(0, 10**9), st.sampled_from([0, 2]))
def test_pieces_multiply_and_add_up(quantity: int, units: int, digits: int) -> None:
    amount = D(units).scaleb(-digits)
    lines = split(4, D(quantity), amount, digits)
    assert sum(line.amount for line in lines) == amount
    assert sum(line.quantity for line in lines) == quantity
    assert all(line.price * line.quantity == line.amount and line.line == 4 for line in lines)
    assert all(line.price == line.price.quantize(D(1).scaleb(-digits)) for line in lines)
    assert len(lines) <= 2


@given(st.integers(1, 10**7), st.integers(0, 10**8))
def test_weighed_goods_multiply_or_become_one_piece(grams: int, kopecks: int) -> None:
    quantity, amount = D(grams) / 1000, D(kopecks) / 100
    lines = split(0, quantity, amount, 2)
    assert sum(line.amount for line in lines) == amount
    assert all(line.price * line.quantity == line.amount for line in lines)
