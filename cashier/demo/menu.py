"""What «Зерно» sells, and the receipts that people usually make of it."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Literal

from loyalty.engine.cart import Line, line

DayPart = Literal["morning", "day", "evening"]

# SKU, name, category, brand, price, how often it is asked for in the morning, by day, in the evening.
_GOODS: tuple[tuple[str, str, str, str, str, tuple[int, int, int]], ...] = (
    ("espresso", "Эспрессо", "Кофе", "Зерно", "130", (6, 5, 3)),
    ("americano", "Американо 300 мл", "Кофе", "Зерно", "170", (16, 12, 6)),
    ("cappuccino", "Капучино 300 мл", "Кофе", "Зерно", "220", (28, 20, 14)),
    ("latte", "Латте 400 мл", "Кофе", "Зерно", "250", (18, 16, 14)),
    ("flat-white", "Флэт уайт", "Кофе", "Зерно", "240", (12, 9, 5)),
    ("filter", "Фильтр-кофе", "Кофе", "Зерно", "190", (9, 7, 3)),
    ("raf", "Раф ванильный", "Кофе", "Зерно", "310", (5, 8, 11)),
    ("cocoa", "Какао с зефиром", "Напитки", "Зерно", "260", (2, 4, 8)),
    ("tea", "Чай облепиховый", "Напитки", "Зерно", "240", (3, 7, 12)),
    ("lemonade", "Лимонад", "Напитки", "Зерно", "230", (1, 6, 8)),
    ("oat-milk", "Овсяное молоко", "Добавки", "", "70", (9, 7, 5)),
    ("croissant", "Круассан", "Выпечка", "Пекарня Седова", "160", (14, 5, 3)),
    ("bun", "Булочка с корицей", "Выпечка", "Пекарня Седова", "180", (9, 5, 5)),
    ("cheesecake", "Чизкейк", "Десерты", "Пекарня Седова", "320", (2, 7, 11)),
    ("medovik", "Медовик", "Десерты", "Пекарня Седова", "290", (2, 7, 11)),
    ("eclair", "Эклер фисташковый", "Десерты", "Пекарня Седова", "210", (3, 7, 9)),
    ("cookies", "Печенье овсяное, вес", "Десерты", "Пекарня Седова", "1150", (2, 3, 3)),
    ("syrniki", "Сырники", "Завтраки", "Зерно", "340", (9, 3, 0)),
    ("porridge", "Каша овсяная", "Завтраки", "Зерно", "230", (8, 1, 0)),
    ("sandwich", "Сэндвич с индейкой", "Еда", "Зерно", "360", (5, 14, 6)),
    ("quiche", "Киш с лососем", "Еда", "Зерно", "330", (2, 10, 5)),
    ("beans-250", "Кофе в зёрнах «Бразилия» 250 г", "Кофе домой", "Зерно", "890", (1, 2, 3)),
    ("beans-kg", "Кофе в зёрнах «Эфиопия», вес", "Кофе домой", "Зерно", "3400", (1, 1, 2)),
)
_BY_WEIGHT = {"cookies": ("0.120", "0.185", "0.237", "0.310"), "beans-kg": ("0.250", "0.350", "0.500")}
_PARTS: tuple[DayPart, ...] = ("morning", "day", "evening")
# One line, two, three, four: how many of a hundred receipts.
_LENGTHS = (46, 36, 13, 5)
_RECEIPTS_KNOWN = 70


class Menu:
    """Receipts by part of the day. Few enough that the same ones return, as they do at a counter."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(f"{seed}:menu")  # noqa: S311
        self.carts: list[tuple[Line, ...]] = []
        self.of_part: dict[DayPart, range] = {}
        # The first are the most usual: a hyperbola, as with words of a language.
        self.weights: list[float] = []
        total = 0.0
        for n in range(_RECEIPTS_KNOWN):
            total += 1 / (n + 3)
            self.weights.append(total)
        for column, part in enumerate(_PARTS):
            first = len(self.carts)
            self.carts += [_cart(rng, column) for _ in range(_RECEIPTS_KNOWN)]
            self.of_part[part] = range(first, len(self.carts))


def part_of_day(hour: int) -> DayPart:
    return "morning" if hour < 12 else "day" if hour < 17 else "evening"


def _cart(rng: random.Random, column: int) -> tuple[Line, ...]:
    length = rng.choices((1, 2, 3, 4), _LENGTHS)[0]
    chosen: list[Line] = []
    while len(chosen) < length:
        goods = rng.choices(_GOODS, [row[5][column] for row in _GOODS])[0]
        if goods[0] in {known.sku for known in chosen} or (goods[0] == "oat-milk" and not chosen):
            continue
        sku, name, category, brand, price, _asked_for = goods
        weights = _BY_WEIGHT.get(sku)
        quantity = rng.choice(weights) if weights else rng.choices(("1", "2", "3"), (88, 10, 2))[0]
        chosen.append(
            line(quantity=Decimal(quantity), price=Decimal(price), sku=sku, name=name, category=category, brand=brand)
        )
    return tuple(chosen)
