"""Spreading one sum over lines so that the parts add up exactly."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from loyalty.engine.cart import Line
from loyalty.engine.quantities import HUNDRED, ZERO, unit


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
    can't take goes to the others. `lines` gives the tie-breakers. Raises ValueError where the sum does not fit.
    """
    step = unit(digits)
    left = int(total / step)
    # Weights are money or points: two decimal places at the most, so these integers are exact.
    shares = {i: int(weight * HUNDRED) for i, weight in enumerate(weights) if weight > ZERO}
    room = {i: int(caps[i] / step) for i in shares} if caps is not None else None
    parts = dict.fromkeys(range(len(weights)), 0)
    if left > (sum(room.values()) if room is not None else left * len(shares)):
        raise ValueError(f"there is no room for {total}")
    if room is not None:
        for i in _full(left, shares, room):
            parts[i] = room[i]
            left -= room[i]
            del shares[i]
    whole = sum(shares.values())
    remainders = {}
    for i, share in shares.items():
        parts[i], remainders[i] = divmod(left * share, whole)
    left -= sum(parts[i] for i in shares)
    if room is None:
        for i in _winners(left, remainders, lines):
            parts[i] += 1
        return [parts[i] * step for i in range(len(weights))]
    queue = _queue(remainders, lines) if left else []
    while left > 0:
        for i in queue:
            if left > 0 and parts[i] < room[i]:
                parts[i] += 1
                left -= 1
    return [parts[i] * step for i in range(len(weights))]


def _queue(remainders: dict[int, int], lines: Sequence[Line]) -> list[int]:
    return sorted(remainders, key=lambda i: (-remainders[i], lines[i].tie_breaker, i))


def _winners(left: int, remainders: dict[int, int], lines: Sequence[Line]) -> list[int]:
    """The first `left` of the queue. Fewer are left than there are lines, and a tie is rarely at the border."""
    if not left:
        return []
    queue = sorted(remainders, key=remainders.__getitem__, reverse=True)
    if remainders[queue[left - 1]] == remainders[queue[left]]:
        queue = _queue(remainders, lines)
    return queue[:left]


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
