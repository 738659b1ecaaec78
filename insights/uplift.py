"""How much more those bought whom a campaign reached than those who were held out, and how sure that is.

The mean money per client is compared, clients who bought nothing included. The interval is Welch's (B. L. Welch, "The
generalization of 'Student's' problem when several different population variances are involved", Biometrika 34, 1947),
its degrees of freedom are Satterthwaite's; Student's quantile is expanded from the normal one (Abramowitz & Stegun,
26.7.5), which is right to a thousandth from ten degrees on. An estimate is no sum of money, but it is computed in
decimals as well: sums of squares of a million clients have more digits than a float.
"""

from __future__ import annotations

import decimal
from decimal import Decimal
from typing import Final

from msgspec import Struct

ZERO: Final = Decimal(0)
# Of a group: means of fewer clients are not near enough to normal.
ENOUGH: Final = 30
# The normal distribution has 2.5 % above it.
NORMAL: Final = Decimal("1.959963984540054")
_EXACT = decimal.Context(prec=50)


class Group(Struct, frozen=True):
    """Money of so many clients: its sum, and the sum of its squares."""

    clients: int = 0
    total: Decimal = ZERO
    squares: Decimal = ZERO

    @property
    def mean(self) -> Decimal:
        return self.total / self.clients if self.clients else ZERO

    @property
    def variance(self) -> Decimal:
        """Of one client's money, estimated without bias; of two clients at least."""
        with decimal.localcontext(_EXACT):
            return max(ZERO, (self.squares - self.total * self.total / self.clients) / (self.clients - 1))


class Uplift(Struct, frozen=True):
    """`difference` of the means, money per client; `low` to `high` is its 95 % interval. `treated` clients."""

    treated: int
    control: int
    difference: Decimal
    low: Decimal
    high: Decimal

    @property
    def is_certain(self) -> bool:
        """Whether zero lies outside of the interval."""
        return self.low > 0 or self.high < 0

    @property
    def incremental(self) -> Decimal:
        """Money that would not have come otherwise, all treated clients together."""
        return self.difference * self.treated

    @property
    def incremental_range(self) -> tuple[Decimal, Decimal]:
        return self.low * self.treated, self.high * self.treated


def uplift(treated: Group, control: Group) -> Uplift | None:
    """None where a group is too small to say anything."""
    if min(treated.clients, control.clients) < ENOUGH:
        return None
    with decimal.localcontext(_EXACT):
        parts = [group.variance / group.clients for group in (treated, control)]
        spread = sum(parts, ZERO)
        difference = treated.mean - control.mean
        if not spread:
            return Uplift(treated.clients, control.clients, difference, difference, difference)
        freedom = spread**2 / sum(
            part**2 / (group.clients - 1) for part, group in zip(parts, (treated, control), strict=True)
        )
        half = student(freedom) * spread.sqrt()
        return Uplift(treated.clients, control.clients, difference, difference - half, difference + half)


def student(freedom: Decimal) -> Decimal:
    """What Student's distribution exceeds with 2.5 %; `freedom` degrees, ten at least."""
    x, v = NORMAL, freedom
    return (
        x
        + (x**3 + x) / (4 * v)
        + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * v**2)
        + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / (384 * v**3)
        + (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / (92160 * v**4)
    )
