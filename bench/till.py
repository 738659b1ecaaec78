"""What tills send: requests for the load generator."""

from __future__ import annotations

import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.load.wrk import Target
from bench.shop import Shop

POINTS = Decimal(100)
LINES: list[dict[str, Any]] = [
    {"sku": "latte-300", "name": "Латте 300 мл", "category": "Кофе", "brand": "Зерно", "quantity": "2", "price": "190"},
    {"sku": "eclair", "name": "Эклер ванильный", "category": "Десерты", "quantity": "1", "price": "145.50"},
    {
        "sku": "beans-250",
        "name": "Сидамо 250 г",
        "category": "Зерно",
        "brand": "Зерно",
        "quantity": "1",
        "price": "690",
    },
]
TOTAL = "1215.50"


def receipt(shop: Shop, account: int, *, redeem: bool, number: str) -> dict[str, Any]:
    """A receipt of three lines. An earning one knows its client by phone, a spending one by card: with a card this
    programme asks for no confirmation."""
    body: dict[str, Any] = {
        "client": {"card": shop.card(account)} if redeem else {"phone": shop.phone(account)},
        "receipt_number": number,
        "cashier": "anna",
        "lines": LINES,
        "total": TOTAL,
        "channel": "store",
    }
    return body | ({"points": str(POINTS)} if redeem else {})


def requests(shop: Shop, *, redeem: bool, path: str, count: int, seed: int) -> list[str]:
    """Lines for `bench/load`: clients in random order without repetition, tills by turns."""
    chosen = random.Random(seed).sample(range(1, shop.accounts + 1), min(count, shop.accounts))
    lines = []
    for n, account in enumerate(chosen):
        body = json.dumps(receipt(shop, account, redeem=redeem, number="@KEY@"), ensure_ascii=False)
        lines.append(f"{path}\t{authorization(shop, n)}\t{body}\n")
    return lines


def authorization(shop: Shop, n: int) -> str:
    return f"Authorization: Bearer {shop.keys[n % len(shop.keys)]}"


def sales(shop: Shop, folder: Path, port: int, *, redeem: bool, count: int = 30_000) -> Target:
    lines = requests(shop, redeem=redeem, path="/api/v1/sales", count=count, seed=1 + redeem)
    return target(folder / ("redeem" if redeem else "earn"), port, lines)


def quotes(shop: Shop, folder: Path, port: int, *, count: int = 30_000) -> Target:
    lines = requests(shop, redeem=True, path="/api/v1/quotes", count=count, seed=3)
    return target(folder / "quotes", port, lines, key="")


def authenticated(shop: Shop, folder: Path, port: int) -> Target:
    lines = [f"/api/v1/authenticated\t{authorization(shop, n)}\t\n" for n in range(len(shop.keys))]
    return target(folder / "authenticated", port, lines, method="GET", key="")


def target(file: Path, port: int, lines: list[str], *, method: str = "POST", key: str = "Idempotency-Key") -> Target:
    file.write_text("".join(lines), encoding="utf-8")
    return Target(f"http://127.0.0.1:{port}/", file, {}, key, method)
