"""Any sequence of returns gives back exactly the whole, never more and never less than nothing."""

from __future__ import annotations

from decimal import Decimal as D

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty.engine.giving_back import LineBack, SoldLine, TooMuch, by_quantities, by_sum, everything
from tests.engine.said import goods

PARTS = ("points_value", "points", "certificate", "paid", "earned")


def sold(quantity: str = "1", position: int = 0, **parts: str) -> SoldLine:
    given_ = {name: D(parts.get(name, "0")) for name in PARTS}
    return SoldLine(position, goods("1", quantity=D(quantity), amount=D(1), sku=f"{position}"), **given_)


def after(lines: list[SoldLine], backs: list[LineBack]) -> list[SoldLine]:
    """The lines as the next return finds them."""
    return [line.after(back for back in backs if back.position == line.position) for line in lines]


def test_two_of_three_then_one() -> None:
    line = sold("3", paid="100", points_value="50", points="50", earned="10")
    (two,) = by_quantities([line], {0: D(2)}, digits=2, precision=0)
    assert (two.money, two.points_value, two.points, two.earned) == (D("66.67"), D("33.33"), 33, 7)
    (one,) = by_quantities(after([line], [two]), {0: D(1)}, digits=2, precision=0)
    assert (one.money, one.points_value, one.points, one.earned) == (D("33.33"), D("16.67"), 17, 3)


def test_half_up() -> None:
    (half,) = by_quantities([sold("2", paid="0.05", earned="5")], {0: D(1)}, digits=2, precision=0)
    assert (half.money, half.earned) == (D("0.03"), 3)


def test_a_sum_takes_of_all_lines_what_they_have_left() -> None:
    lines = [sold(position=0, paid="60"), sold(position=1, paid="30", points_value="10", points="10")]
    backs = by_sum(lines, D(50), digits=2, precision=0)
    assert [(back.position, back.value) for back in backs] == [(0, 30), (1, 20)]
    assert (backs[1].money, backs[1].points_value, backs[1].points) == (15, 5, 5)


@pytest.mark.parametrize("quantity", ["1.001", "2"])
def test_more_than_is_left_of_a_line(quantity: str) -> None:
    with pytest.raises(TooMuch) as refused:
        by_quantities([sold("1", paid="10")], {0: D(quantity)}, digits=2, precision=0)
    assert (refused.value.position, refused.value.left) == (0, 1)


def test_more_than_is_left_of_the_sale() -> None:
    with pytest.raises(TooMuch) as refused:
        by_sum([sold(paid="10"), sold(position=1, points_value="5", points="5")], D("15.01"), digits=2, precision=0)
    assert (refused.value.position, refused.value.left) == (None, 15)


def test_a_line_that_cost_nothing_comes_back_by_quantity_alone() -> None:
    gift = sold("2")
    assert by_sum([gift], D(0), digits=2, precision=0) == []
    (back,) = everything([gift], digits=2, precision=0)
    assert (back.quantity, back.money) == (2, 0)


@st.composite
def receipts(draw: st.DrawFn) -> list[SoldLine]:
    lines = []
    for position in range(draw(st.integers(1, 3))):
        quantity = draw(st.one_of(st.integers(1, 7).map(D), st.integers(1, 3000).map(lambda grams: D(grams) / 1000)))
        paid, value, certificate = (draw(st.integers(0, 2000)) for _ in range(3))
        certificate = draw(st.sampled_from([0, certificate]))
        lines.append(
            SoldLine(
                position,
                goods("1", quantity=quantity, amount=D(1), sku=f"{position}"),
                points_value=D(value) / 100,
                points=D(draw(st.integers(0, 300))),
                certificate=D(certificate) / 100,
                paid=D(paid) / 100,
                earned=D(draw(st.integers(0, 300))),
            )
        )
    return lines


steps = st.lists(st.tuples(st.sampled_from(["lines", "sum"]), st.integers(0, 100), st.integers(0, 2)), max_size=8)


@settings(max_examples=400)
@given(receipts(), steps)
def test_any_returns_give_exactly_the_whole(lines: list[SoldLine], steps: list[tuple[str, int, int]]) -> None:
    whole = {name: [getattr(line, name) for line in lines] for name in PARTS}
    for kind, percent, which in steps:
        try:
            if kind == "lines":
                line = lines[which % len(lines)]
                quantity = (
                    D(line.quantity_left.numerator) / D(line.quantity_left.denominator) * percent / 100
                ).quantize(D("0.001"))
                backs = by_quantities(lines, {line.position: quantity}, digits=2, precision=0)
            else:
                left = sum((line.value_left for line in lines), D(0))
                amount = (left * percent / 100).quantize(D("0.01"))
                backs = by_sum(lines, amount, digits=2, precision=0)
                assert sum((back.value for back in backs), D(0)) == amount
        except TooMuch:
            # A quantity rounded up to a gram may be more than what is left; nothing has changed then.
            continue
        for back in backs:
            assert back.value == back.money + back.points_value + back.certificate
            assert min(back.money, back.points_value, back.points, back.certificate, back.earned) >= 0
        lines = after(lines, backs)
        _never_more(lines)
    lines = after(lines, everything(lines, digits=2, precision=0))
    returned = {
        name: [getattr(line, f"back_{name if name != 'paid' else 'money'}") for line in lines] for name in PARTS
    }
    assert returned == whole
    assert everything(lines, digits=2, precision=0) == []


def _never_more(lines: list[SoldLine]) -> None:
    for line in lines:
        assert line.back_money <= line.paid
        assert line.back_points_value <= line.points_value
        assert line.back_points <= line.points
        assert line.back_certificate <= line.certificate
        assert line.back_earned <= line.earned
