"""A sum spread over lines: exact, in proportion, under the caps, whatever the order."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.engine.cart import Line
from loyalty.engine.spreading import spread
from tests.engine.said import goods


def lines(n: int) -> list[Line]:
    return [goods("1", sku=f"{i:03}") for i in range(n)]


def spread_over(total: str, *weights: str, digits: int = 2, caps: list[str] | None = None) -> list[D]:
    return spread(
        D(total),
        [D(weight) for weight in weights],
        lines(len(weights)),
        digits=digits,
        caps=None if caps is None else [D(cap) for cap in caps],
    )


@pytest.mark.parametrize(
    ("total", "weights", "digits", "parts"),
    [
        ("40", ["100.00", "50.00", "33.33"], 2, ["21.82", "10.91", "7.27"]),
        ("40", ["21.82", "10.91", "7.27"], 0, ["22", "11", "7"]),
        ("0.01", ["1", "1", "1"], 2, ["0.01", "0", "0"]),
        ("0.02", ["1", "1", "1"], 2, ["0.01", "0.01", "0"]),
        ("1", ["1", "1", "1"], 2, ["0.34", "0.33", "0.33"]),
        ("0", ["1", "1"], 2, ["0", "0"]),
        ("5", ["0", "3", "0"], 2, ["0", "5", "0"]),
        ("0", [], 2, []),
        # The unit that is left goes to the largest remainder: 0.6 of it, not 0.4.
        ("1", ["2", "3"], 0, ["0", "1"]),
        ("99999999.99", ["1", "99999999.98"], 2, ["1.00", "99999998.99"]),
    ],
)
def test_parts(total: str, weights: list[str], digits: int, parts: list[str]) -> None:
    assert spread_over(total, *weights, digits=digits) == [D(part) for part in parts]


@pytest.mark.parametrize(
    ("total", "weights", "caps", "parts"),
    [
        ("10", ["50", "50"], ["2", "100"], ["2", "8"]),
        ("10", ["50", "50", "50"], ["1", "3", "100"], ["1", "3", "6"]),
        ("4", ["50", "50"], ["2", "2"], ["2", "2"]),
        ("0.03", ["1", "1", "1"], ["0.03", "0", "0"], ["0.03", "0", "0"]),
    ],
)
def test_what_a_capped_line_cannot_take_goes_to_the_others(
    total: str, weights: list[str], caps: list[str], parts: list[str]
) -> None:
    assert spread_over(total, *weights, caps=caps) == [D(part) for part in parts]


@pytest.mark.parametrize(
    ("total", "weights", "caps"), [("5", ["1", "1"], ["2", "2.99"]), ("1", ["0"], None), ("1", [], [])]
)
def test_a_sum_that_does_not_fit_is_an_error(total: str, weights: list[str], caps: list[str] | None) -> None:
    with pytest.raises(ValueError, match="no room"):
        spread_over(total, *weights, caps=caps)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (goods("5", sku="a"), goods("5", sku="b")),
        (goods("4", sku="a"), goods("5", sku="a")),
        (goods("5", sku="a", quantity=D(1)), goods("5", sku="a", quantity=D(2))),
    ],
    ids=["by SKU", "by price", "by quantity"],
)
def test_ties(first: Line, second: Line) -> None:
    def parts(*ordered: Line) -> list[D]:
        return spread(D("0.01"), [D(1), D(1)], ordered, digits=2)

    assert parts(first, second) == [D("0.01"), 0]
    assert parts(second, first) == [0, D("0.01")]


def test_the_last_tie_is_the_position() -> None:
    twins = [goods("5", sku="a"), goods("5", sku="a")]
    assert spread(D("0.01"), [D(1), D(1)], twins, digits=2) == [D("0.01"), 0]


kopecks = st.integers(0, 10**7)


@st.composite
def sums(draw: st.DrawFn) -> tuple[D, list[D], list[D], int]:
    digits = draw(st.sampled_from([0, 2]))
    weights = draw(st.lists(kopecks, min_size=1, max_size=8))
    caps = [draw(st.integers(0, weight)) if weight else 0 for weight in weights]
    unit = D(1).scaleb(-digits)
    room = sum(int(D(cap) / 100 / unit) for cap in caps)
    total = draw(st.integers(0, room)) * unit
    return total, [D(weight) / 100 for weight in weights], [D(cap) / 100 for cap in caps], digits


@given(sums())
def test_parts_add_up_exactly_and_stay_under_their_caps(given_: tuple[D, list[D], list[D], int]) -> None:
    total, weights, caps, digits = given_
    parts = spread(total, weights, lines(len(weights)), digits=digits, caps=caps)
    assert sum(parts) == total
    assert all(0 <= part <= cap for part, cap in zip(parts, caps, strict=True))
    assert all(part == part.quantize(D(1).scaleb(-digits)) for part in parts)


@given(st.lists(kopecks, min_size=1, max_size=8), st.integers(0, 10**9))
def test_without_caps_no_part_is_a_unit_off_its_share(weights: list[int], total: int) -> None:
    if not any(weights):
        return
    parts = spread(D(total), [D(weight) / 100 for weight in weights], lines(len(weights)), digits=0)
    assert sum(parts) == total
    assert all(
        abs(part * sum(weights) - total * weight) < sum(weights) for part, weight in zip(parts, weights, strict=True)
    )


@given(sums(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter(given_: tuple[D, list[D], list[D], int], random: object) -> None:
    total, weights, caps, digits = given_
    ordered = lines(len(weights))
    parts = spread(total, weights, ordered, digits=digits, caps=caps)
    places = list(range(len(weights)))
    random.shuffle(places)  # type: ignore[attr-defined]
    again = spread(
        total, [weights[i] for i in places], [ordered[i] for i in places], digits=digits, caps=[caps[i] for i in places]
    )
    assert again == [parts[i] for i in places]
