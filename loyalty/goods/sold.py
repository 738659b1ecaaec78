"""What the tills sold lately, beside what the directory knows.

The newest receipts of 90 days are looked at, and no more than so many: the day index leads to them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from decimal import Decimal
from typing import Any, Final

from django.db import connection, transaction
from msgspec import Struct

from loyalty.goods import categories
from loyalty.models import Product
from merchants import audit
from merchants.access import Actor

LOOKED_BACK: Final = dt.timedelta(days=90)
MOST_RECEIPTS: Final = 5_000
SHOWN: Final = 200

# Step by step, and each step kept: the planner can't guess how many of the tills' goods are known, and a wrong guess
# reads the directory once for every line.
_LINES = """
    WITH newest AS MATERIALIZED (
        SELECT id FROM loyalty_sale
         WHERE program_id = %(program)s AND local_day >= %(since)s AND status = 'committed'
           AND (%(merchant)s::bigint IS NULL OR merchant_id = %(merchant)s)
         ORDER BY local_day DESC, id DESC
         LIMIT %(receipts)s
    ), lines AS MATERIALIZED (
        SELECT l.id, l.sale_id, l.sku, l.category
          FROM newest CROSS JOIN LATERAL (
              SELECT id, sale_id, sku, category FROM loyalty_saleline
               WHERE program_id = %(program)s AND sale_id = newest.id OFFSET 0
          ) l
    )
"""
_UNKNOWN = """, seen AS MATERIALIZED (
        SELECT sku, max(id) AS last, count(DISTINCT sale_id) AS receipts FROM lines WHERE sku <> '' GROUP BY sku
    ), lacking AS MATERIALIZED (
        SELECT seen.* FROM seen
         WHERE NOT EXISTS (SELECT FROM loyalty_product p WHERE p.program_id = %(program)s AND p.sku = seen.sku)
         ORDER BY receipts DESC, sku LIMIT %(limit)s
    )
    SELECT lacking.sku, l.name, l.category, l.brand, l.price, lacking.receipts
      FROM lacking JOIN loyalty_saleline l ON l.id = lacking.last AND l.program_id = %(program)s
     ORDER BY lacking.receipts DESC, lacking.sku
"""
_UNKNOWN_CATEGORIES = """, seen AS MATERIALIZED (
        SELECT category, count(DISTINCT sale_id) AS receipts FROM lines WHERE category <> '' GROUP BY category
    )
    SELECT category, receipts FROM seen
     WHERE NOT EXISTS (SELECT FROM loyalty_category c WHERE c.program_id = %(program)s AND c.name = seen.category)
     ORDER BY receipts DESC, category LIMIT %(limit)s
"""


class Sold(Struct, frozen=True):
    """An article that the directory lacks, as the last receipt spelled it."""

    sku: str
    name: str
    category: str
    brand: str
    price: Decimal
    receipts: int


class SoldCategory(Struct, frozen=True):
    name: str
    receipts: int


def unknown_goods(*, program_id: int, merchant_id: int | None, today: dt.date, limit: int = SHOWN) -> list[Sold]:
    """Goods of the tills that the directory lacks, the most sold first. `merchant_id` narrows it to one's own."""
    return [Sold(*row) for row in _read(_UNKNOWN, program_id, merchant_id, today, limit)]


def unknown_categories(
    *, program_id: int, merchant_id: int | None, today: dt.date, limit: int = SHOWN
) -> list[SoldCategory]:
    """Categories of the tills that the directory lacks."""
    return [SoldCategory(*row) for row in _read(_UNKNOWN_CATEGORIES, program_id, merchant_id, today, limit)]


@transaction.atomic
def learn(
    *,
    program_id: int,
    merchant_id: int | None,
    skus: Collection[str],
    names: Collection[str],
    by: Actor,
    now: dt.datetime,
    today: dt.date,
) -> tuple[int, int]:
    """Add those of the unknown goods and categories (`names`) that were chosen; how many of each."""
    goods = [
        one for one in unknown_goods(program_id=program_id, merchant_id=merchant_id, today=today) if one.sku in skus
    ]
    found = unknown_categories(program_id=program_id, merchant_id=merchant_id, today=today) if names else []
    wanted = [one.name for one in found if one.name in names]
    fresh = categories.ensure(program_id, dict.fromkeys([*wanted, *(one.category for one in goods)], ""))
    Product.objects.bulk_create(
        (
            Product(
                program_id=program_id,
                sku=one.sku,
                name=one.name or one.sku,
                category=one.category,
                brand=one.brand,
                price=one.price,
                source=Product.Source.TILL,
                updated_at=now,
            )
            for one in goods
        ),
        ignore_conflicts=True,
    )
    if goods or fresh:
        audit.record(
            program_id=program_id,
            action="goods.learned",
            at=now,
            by=by,
            details={"new": len(goods), "categories": fresh},
        )
    return len(goods), fresh


def _read(statement: str, program_id: int, merchant_id: int | None, today: dt.date, limit: int) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            _LINES + statement,
            {
                "program": program_id,
                "merchant": merchant_id,
                "since": today - LOOKED_BACK,
                "receipts": MOST_RECEIPTS,
                "limit": limit,
            },
        )
        return list(cursor.fetchall())
