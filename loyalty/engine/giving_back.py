"""What a return gives back: exactly the parts that the sale kept on its lines.

For q of Q of a line: its part × Σq ÷ Q, half up to the unit, less what earlier returns called for, so that all
returns together give exactly the whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct, structs

from loyalty.engine.cart import Line
from loyalty.engine.quantities import ZERO, unit
from loyalty.engine.quote import PricedLine
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
        """Which share of the line has come back, exactly: of its quantity, or of its value once a sum has."""
        if self.back_by_sum:
            return 1 - Fraction(self.value_left) / Fraction(self.value)
        return Fraction(self.back_quantity) / Fraction(self.line.quantity)

    @property
    def quantity_left(self) -> Fraction:
        quantity = Fraction(self.line.quantity)
        return min(quantity * (1 - self.share_back), quantity - Fraction(self.back_quantity))

    def after(self, backs: Iterable[LineBack]) -> SoldLine:
        """The line when these returns, too, have called for their parts of it."""
        sold = self
        for back in backs:
            sold = structs.replace(
                sold,
                back_quantity=sold.back_quantity + back.quantity,
                back_by_sum=sold.back_by_sum + (ZERO if back.quantity else back.value),
                back_points_value=sold.back_points_value + back.points_value,
                back_points=sold.back_points + back.points,
                back_certificate=sold.back_certificate + back.certificate,
                back_money=sold.back_money + back.money,
                back_earned=sold.back_earned + back.earned,
            )
        return sold


class LineBack(Struct, frozen=True):
    """What one return gives back of a line; `last` where it is known that nothing of the line is left then."""

    position: int
    quantity: Decimal
    value: Decimal
    money: Decimal
    points_value: Decimal
    points: Decimal
    certificate: Decimal
    earned: Decimal
    last: bool = False


class TooMuch(Exception):  # noqa: N818
    """More is to be returned than is left. `position` is None for a return by a sum."""

    def __init__(self, position: int | None, left: Decimal) -> None:
        super().__init__(f"{left} left")
        self.position = position
        self.left = left


def as_sold(lines: Iterable[PricedLine]) -> list[SoldLine]:
    """The lines of a quote, nothing of which has come back."""
    return [
        SoldLine(
            position=n,
            line=priced.line,
            points_value=priced.points_value,
            points=priced.points,
            certificate=priced.certificate,
            paid=priced.paid,
            earned=priced.earned,
        )
        for n, priced in enumerate(lines)
    ]


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
        share = Fraction(1)
        if quantity < sold.quantity_left:
            share = sold.share_back + Fraction(quantity) / Fraction(sold.line.quantity)
        part = _back(sold, share, digits, precision, quantity=quantity)
        if sold.back_by_sum and part.value == sold.value_left:
            # Its value is how the rest of this line is measured, and of that nothing is left.
            part = _back(sold, Fraction(1), digits, precision, quantity=quantity)
        parts.append(part)
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
        share = 1 - Fraction(sold.value_left - part) / Fraction(sold.value)
        parts.append(_back(sold, share, digits, precision, value=part))
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
    money = _more(sold.paid, sold.back_money, share, digits)
    points_value = _more(sold.points_value, sold.back_points_value, share, digits)
    certificate = _more(sold.certificate, sold.back_certificate, share, digits)
    if value is not None:
        # The sum asked for is kept to the kopeck: money takes up what the parts were rounded by, while it can.
        off = value - money - points_value - certificate
        money, off = _shift(money, off, sold.paid - sold.back_money)
        points_value, off = _shift(points_value, off, sold.points_value - sold.back_points_value)
        certificate, off = _shift(certificate, off, sold.certificate - sold.back_certificate)
    return LineBack(
        position=sold.position,
        quantity=quantity,
        value=money + points_value + certificate,
        money=money,
        points_value=points_value,
        points=_more(sold.points, sold.back_points, share, precision),
        certificate=certificate,
        earned=_more(sold.earned, sold.back_earned, share, precision),
        last=share == 1,
    )


def _more(whole: Decimal, back: Decimal, share: Fraction, digits: int) -> Decimal:
    """What this share calls for beyond what has come back already."""
    return max(_called(whole, share, digits) - back, ZERO)


def _shift(part: Decimal, by: Decimal, most: Decimal) -> tuple[Decimal, Decimal]:
    """The part changed by a difference as far as it goes, and what is left of the difference."""
    shifted = min(max(part + by, ZERO), most)
    return shifted, by - (shifted - part)


def _called(whole: Decimal, share: Fraction, digits: int) -> Decimal:
    """`whole` × `share`, half up, in exact arithmetic."""
    step = unit(digits)
    units = Fraction(whole) * share / Fraction(step)
    return Decimal((units.numerator * 2 + units.denominator) // (units.denominator * 2)) * step
