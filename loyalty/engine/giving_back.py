"""What a return gives back: exactly the parts that the sale kept on its lines.

For q of Q of a line: its part × Σq ÷ Q, half up to the unit, less what earlier returns called for, so that all
returns together give exactly the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from loyalty.engine.cart import Line
from loyalty.engine.quantities import ONE, ZERO, unit
from loyalty.engine.spreading import spread


class SoldLine(Struct, frozen=True):
    """A line as sold, and what earlier returns have called for (`back_*`). `back_quantity` counts returns by
    quantity, `back_by_sum` the value (after discounts) of returns by a sum."""

    position: int
    line: Line
    points_value: Decimal
    points: Decimal
    certificate: Decimal
    paid: Decimal
    earned: Decimal
    back_quantity: Decimal = ZERO
    back_by_sum: Decimal = ZERO
    back_points_value: Decimal = ZERO
    back_points: Decimal = ZERO
    back_certificate: Decimal = ZERO
    back_money: Decimal = ZERO
    back_earned: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """What the line cost after discounts, points and certificates included."""
        return self.points_value + self.certificate + self.paid

    @property
    def value_left(self) -> Decimal:
        return self.value - self.back_points_value - self.back_certificate - self.back_money

    @property
    def share_back(self) -> Fraction:
        """Which share of the line has come back, exactly."""
        share = Fraction(self.back_quantity) / Fraction(self.line.quantity)
        if self.back_by_sum:
            if not self.value_left:
                return Fraction(1)
            share += Fraction(self.back_by_sum) / Fraction(self.value)
        return min(share, Fraction(1))

    @property
    def quantity_left(self) -> Fraction:
        return Fraction(self.line.quantity) * (1 - self.share_back)


class LineBack(Struct, frozen=True):
    """What one return gives back of a line."""

    position: int
    quantity: Decimal
    value: Decimal
    money: Decimal
    points_value: Decimal
    points: Decimal
    certificate: Decimal
    earned: Decimal


class TooMuch(Exception):  # noqa: N818
    """More is to be returned than is left. `position` is None for a return by a sum."""

    def __init__(self, position: int | None, left: Decimal) -> None:
        super().__init__(f"{left} left")
        self.position = position
        self.left = left


def by_quantities(
    lines: Sequence[SoldLine], quantities: Mapping[int, Decimal], *, digits: int, precision: int
) -> list[LineBack]:
    """Quantities of lines, by their position."""
    parts = []
    for sold in lines:
        quantity = quantities.get(sold.position, ZERO)
        if quantity <= 0:
            continue
        if Fraction(quantity) > sold.quantity_left:
            left = Decimal(sold.quantity_left.numerator) / Decimal(sold.quantity_left.denominator)
            raise TooMuch(sold.position, left)
        share = sold.share_back + Fraction(quantity) / Fraction(sold.line.quantity)
        parts.append(_back(sold, share, digits, precision, quantity=quantity))
    return parts


def by_sum(lines: Sequence[SoldLine], amount: Decimal, *, digits: int, precision: int) -> list[LineBack]:
    """A sum of money (value after discounts, points included), spread over what is left of the sale."""
    left = [sold.value_left for sold in lines]
    if amount > sum(left, ZERO):
        raise TooMuch(None, sum(left, ZERO))
    sums = spread(amount, left, [sold.line for sold in lines], digits=digits, caps=left)
    parts = []
    for sold, part in zip(lines, sums, strict=True):
        if part <= 0:
            continue
        share = Fraction(1) if part == sold.value_left else sold.share_back + Fraction(part) / Fraction(sold.value)
        parts.append(_back(sold, min(share, Fraction(1)), digits, precision, value=part))
    return parts


def everything(lines: Sequence[SoldLine], *, digits: int, precision: int) -> list[LineBack]:
    """All that is left."""
    parts = []
    for sold in lines:
        if sold.share_back < 1:
            quantity = sold.quantity_left
            # Of a line that came back by a sum, the quantity left may have no finite decimal: then it is a sum, too.
            exact = (quantity * 1000).denominator == 1
            parts.append(
                _back(
                    sold,
                    Fraction(1),
                    digits,
                    precision,
                    quantity=Decimal(int(quantity * 1000)) / 1000 if exact else ZERO,
                )
            )
    return parts


def _back(
    sold: SoldLine,
    share: Fraction,
    digits: int,
    precision: int,
    *,
    quantity: Decimal = ZERO,
    value: Decimal | None = None,
) -> LineBack:
    points_value = _called(sold.points_value, share, digits) - sold.back_points_value
    certificate = _called(sold.certificate, share, digits) - sold.back_certificate
    if value is None:
        money = _called(sold.paid, share, digits) - sold.back_money
        value = money + points_value + certificate
    else:
        # The sum asked for is kept to the kopeck: money takes up what the parts were rounded by.
        points_value = min(points_value, value)
        certificate = min(certificate, value - points_value)
        money = min(value - points_value - certificate, sold.paid - sold.back_money)
        rest = value - money - points_value - certificate
        points_value += rest
    return LineBack(
        position=sold.position,
        quantity=quantity,
        value=value,
        money=money,
        points_value=points_value,
        points=_called(sold.points, share, precision) - sold.back_points,
        certificate=certificate,
        earned=_called(sold.earned, share, precision) - sold.back_earned,
    )


def _called(whole: Decimal, share: Fraction, digits: int) -> Decimal:
    """`whole` × `share`, half up, in exact arithmetic."""
    step = unit(digits)
    units = Fraction(whole) * share / Fraction(step)
    return Decimal((units.numerator * 2 + units.denominator) // (units.denominator * 2)) * step * ONE
