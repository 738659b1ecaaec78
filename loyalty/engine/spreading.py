"""Spreading one sum over lines so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from loyalty.engine.cart import Line
from loyalty.engine.quantities import ZERO, unit


def spread(
    total: Decimal,
    weights: Sequence[Decimal],
    lines: Sequence[Line],
    *,
    digits: int,
    caps: Sequence[Decimal] | None = None,
) -> list[Decimal]:
    """Parts of `total` in proportion to `weights`, each a whole number of units of `digits` decimal places.

    Parts are rounded down; the units left over go to the largest remainders; ties are broken by SKU, price,
    quantity and position, so that the order of entry does not matter. No part exceeds its cap: what a capped line
    can't take goes to the others. `lines` gives the tie-breakers. Raises ValueError where the caps leave no room.
    """
    step = unit(digits)
    left = int(total / step)
    room = [int(cap / step) for cap in caps] if caps is not None else None
    parts = [0] * len(weights)
    # Weights are money or points: two decimal places at the most, so these integers are exact.
    ints = [int(weight.scaleb(2)) for weight in weights]
    open_ = [i for i, weight in enumerate(ints) if weight > 0]
    if room is not None:
        if left > sum(room[i] for i in open_):
            raise ValueError(f"{total} does not fit under the caps")
        while True:
            whole = sum(ints[i] for i in open_)
            full = [i for i in open_ if left * ints[i] > room[i] * whole]
            if not full:
                break
            for i in full:
                parts[i] = room[i]
                left -= room[i]
                open_.remove(i)
    if left == 0:
        return [part * step for part in parts] if any(parts) else [ZERO] * len(parts)
    if not open_:
        raise ValueError(f"nothing to spread {total} over")
    whole = sum(ints[i] for i in open_)
    remainders = {}
    for i in open_:
        parts[i], remainders[i] = divmod(left * ints[i], whole)
    left -= sum(parts[i] for i in open_)
    queue = sorted(open_, key=lambda i: (-remainders[i], lines[i].tie_breaker, i))
    while left:
        for i in queue:
            if left and (room is None or parts[i] < room[i]):
                parts[i] += 1
                left -= 1
    return [part * step for part in parts]
