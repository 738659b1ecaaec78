"""Spreading one sum over lines so that the parts add up exactly.

Parts are rounded down; the units left over go to the largest remainders; ties are broken by SKU, price, quantity and
position, so that the order of entry does not matter.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property

from loyalty.engine.cart import Line
from loyalty.engine.quantities import HUNDRED, ZERO, unit


class Weights:
    """The weights of lines, ready for many sums to be spread by them. `lines` gives the tie-breakers."""

    def __init__(self, weights: Sequence[Decimal], lines: Sequence[Line]) -> None:
        self._lines = lines
        self._chosen = [i for i, weight in enumerate(weights) if weight > ZERO]
        self._shares = [_share(weights[i]) for i in self._chosen]
        self._whole = sum(self._shares)

    def spread(self, total: Decimal, digits: int) -> list[Decimal]:
        """Parts of `total` in proportion, each a whole number of units of `digits` decimal places. ValueError where
        there is something to spread, and no weight."""
        step, whole = unit(digits), self._whole
        left = int(total / step)
        parts = [0 * step] * len(self._lines)
        if not left:
            return parts
        if not whole:
            raise ValueError(f"there is no room for {total}")
        wanted = [left * share for share in self._shares]
        units = [each // whole for each in wanted]
        left -= sum(units)
        if left:
            remainders = [each % whole for each in wanted]
            for n in self._winners(left, remainders):
                units[n] += 1
        for i, number in zip(self._chosen, units, strict=True):
            parts[i] = number * step
        return parts

    def _winners(self, left: int, remainders: Sequence[int]) -> list[int]:
        """The places of the `left` largest remainders. Fewer are left than there are lines."""
        border = sorted(remainders, reverse=True)[left - 1]
        above = [n for n, remainder in enumerate(remainders) if remainder > border]
        ties = [n for n in self._order if remainders[n] == border]
        return [*above, *ties[: left - len(above)]]

    @cached_property
    def _order(self) -> list[int]:
        """The places in the order that breaks ties."""
        breakers = [self._lines[i].tie_breaker for i in self._chosen]
        return sorted(range(len(breakers)), key=breakers.__getitem__)


def spread(
    total: Decimal,
    weights: Sequence[Decimal],
    lines: Sequence[Line],
    *,
    digits: int,
    caps: Sequence[Decimal] | None = None,
) -> list[Decimal]:
    """Parts of `total` in proportion to `weights`, each a whole number of units of `digits` decimal places.

    No part exceeds its cap: what a capped line can't take goes to the others. Raises ValueError where the sum does not
    fit.
    """
    if caps is None:
        return Weights(weights, lines).spread(total, digits)
    step = unit(digits)
    left = int(total / step)
    shares = {i: _share(weight) for i, weight in enumerate(weights) if weight > ZERO}
    room = {i: int(caps[i] / step) for i in shares}
    parts = [0] * len(weights)
    if left > sum(room.values()):
        raise ValueError(f"there is no room for {total}")
    for i in _full(left, shares, room):
        parts[i] = room[i]
        left -= room[i]
        del shares[i]
    whole = sum(shares.values())
    remainders = {}
    for i, share in shares.items():
        parts[i], remainders[i] = divmod(left * share, whole)
    left -= sum(parts[i] for i in shares)
    queue = _queue(remainders, lines) if left else []
    while left > 0:
        for i in queue:
            if left > 0 and parts[i] < room[i]:
                parts[i] += 1
                left -= 1
    return [part * step for part in parts]


def _share(weight: Decimal) -> int:
    """Weights are money or points: two decimal places at the most, so these integers are exact."""
    return int(weight * HUNDRED)


def _queue(remainders: dict[int, int], lines: Sequence[Line]) -> list[int]:
    return sorted(remainders, key=lambda i: (-remainders[i], lines[i].tie_breaker, i))


def _full(left: int, shares: dict[int, int], room: dict[int, int]) -> list[int]:
    """The lines whose cap is below their share. Filling one raises the others' shares, hence the rounds."""
    shares = dict(shares)
    full: list[int] = []
    while True:
        whole = sum(shares.values())
        over = [i for i, share in shares.items() if left * share > room[i] * whole]
        if not over:
            return full
        for i in over:
            left -= room[i]
            del shares[i]
        full += over
