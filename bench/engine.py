"""The engine alone: rules over lines, no database and no HTTP."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from typing import Any

from loyalty.engine.cart import Cart, Client, line
from loyalty.engine.quote import quote
from loyalty.engine.rulebook import Rulebook, load

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)


def rulebook(rules: int, *, applying: int | None = None) -> Rulebook:
    """As many rules, a third each of percents, multipliers and fixed sums. All of them apply to every line, or only
    the first `applying`: the others miss the receipt by a little."""
    effects: list[dict[str, Any]] = [
        {"kind": "percent", "percent": "3"},
        {"kind": "multiply", "by": "1.5"},
        {"kind": "for_every", "points": "1", "amount": "100"},
    ]
    return load(
        {
            "tiers": [{"id": "base", "title": "База", "earn_percent": "5"}],
            "rules": [
                {
                    "id": f"r{n}",
                    "title": f"Правило {n}",
                    "effect": effects[n % 3],
                    "when": [{"kind": "minimum_receipt", "amount": "10" if n < (applying or rules) else "99999"}],
                }
                for n in range(rules)
            ],
        }
    )


def cart(lines: int) -> Cart:
    return Cart(
        tuple(
            line(quantity=Decimal(1 + n % 3), price=Decimal("49.90") + n, sku=f"sku-{n}", category=f"c{n % 5}")
            for n in range(lines)
        )
    )


def milliseconds(lines: int, rules: int, *, applying: int | None = None, repeats: int = 150) -> float:
    """One quote at its best of many: the engine waits for nothing, and neighbours can only make it slower."""
    book, bought, client = rulebook(rules, applying=applying), cart(lines), Client(available=Decimal(100))
    times = []
    for _ in range(repeats):
        began = time.process_time_ns()
        quote(book, client, bought, NOW)
        times.append(time.process_time_ns() - began)
    return min(times) / 1e6


SIZES = ((20, 50), (40, 50), (20, 100), (80, 50), (20, 200), (3, 5))
SOME = "20 × 50, 10 apply"


def table() -> dict[str, float]:
    """Milliseconds by «lines × rules», the best of three turns."""
    found: dict[str, list[float]] = {}
    for _ in range(3):
        for lines, rules in SIZES:
            found.setdefault(f"{lines} × {rules}", []).append(milliseconds(lines, rules))
        found.setdefault(SOME, []).append(milliseconds(20, 50, applying=10))
    return {name: min(times) for name, times in found.items()}
