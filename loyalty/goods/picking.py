"""Goods to pick from while a rule is written: of the directory first, then of what the tills sold lately."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

from django.db import connection
from django.utils import timezone

from loyalty.goods import categories
from loyalty.models import Category, Product

Kind: TypeAlias = Literal["sku", "category", "brand"]
KINDS: Final[tuple[Kind, ...]] = ("sku", "category", "brand")
# What a rule gets (it is compared with the tills' own spelling), and what a person reads.
Choice: TypeAlias = tuple[str, str]

LOOKED_BACK: Final = dt.timedelta(days=90)
# Of so many receipts: asked with every letter that somebody types.
MOST_RECEIPTS: Final = 1_000
LONGEST: Final = 120

_SOLD = """
    WITH newest AS MATERIALIZED (
        SELECT id FROM loyalty_sale
         WHERE program_id = %(program)s AND local_day >= %(since)s
         ORDER BY local_day DESC, id DESC LIMIT %(receipts)s
    )
    SELECT l.{column}, max(l.name)
      FROM newest CROSS JOIN LATERAL (
          SELECT sku, name, category, brand FROM loyalty_saleline
           WHERE program_id = %(program)s AND sale_id = newest.id OFFSET 0
      ) l
     WHERE l.{column} <> '' AND ({matches})
     GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %(limit)s
"""
# Distinct names by an index, one step for each: not all hundred thousand goods.
_BRANDS = """
    WITH RECURSIVE brands AS (
        (SELECT brand FROM loyalty_product WHERE program_id = %(program)s AND brand > '' ORDER BY brand LIMIT 1)
        UNION ALL
        SELECT (SELECT p.brand FROM loyalty_product p
                 WHERE p.program_id = %(program)s AND p.brand > brands.brand ORDER BY p.brand LIMIT 1)
          FROM brands WHERE brands.brand IS NOT NULL
    )
    SELECT brand FROM brands WHERE brand IS NOT NULL AND upper(brand) LIKE upper(%(like)s) LIMIT %(limit)s
"""


def suggest(program_id: int, kind: Kind, text: str, limit: int = 20, *, today: dt.date | None = None) -> list[Choice]:
    """What `text` may mean, at most `limit`: value and title. Nothing typed suggests the first of all.

    What the tills sold in 90 days up to `today` follows, whether or not the directory has it.
    """
    part = " ".join(text.replace("\0", " ").split())[:LONGEST]
    found = dict(_known(program_id, kind, part, limit))
    if len(found) < limit:
        for value, name in _sold(program_id, kind, part, limit, today or timezone.localdate()):
            found.setdefault(value, f"{name} · {value}" if kind == "sku" and name else value)
    return list(found.items())[:limit]


def brands(program_id: int, part: str = "", limit: int = 1000) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_BRANDS, {"program": program_id, "like": _like(part), "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def _known(program_id: int, kind: Kind, part: str, limit: int) -> Iterable[Choice]:
    match kind:
        case "sku":
            goods = Product.objects.filter(program_id=program_id, is_active=True)
            goods = goods.matching(part) if part else goods
            return [(one.sku, f"{one.name} · {one.sku}") for one in goods.order_by("name", "pk")[:limit]]
        case "category":
            named = Category.objects.filter(program_id=program_id, name__icontains=part).order_by("name")[:limit]
            places = categories.paths(program_id)
            return [(one.name, places.get(one.name, one.name)) for one in named]
        case "brand":
            return [(name, name) for name in brands(program_id, part, limit)]


def _sold(program_id: int, kind: Kind, part: str, limit: int, today: dt.date) -> list[Choice]:
    matches = "l.sku ILIKE %(like)s OR l.name ILIKE %(like)s" if kind == "sku" else f"l.{kind} ILIKE %(like)s"
    with connection.cursor() as cursor:
        cursor.execute(
            _SOLD.format(column=kind, matches=matches),
            {
                "program": program_id,
                "since": today - LOOKED_BACK,
                "receipts": MOST_RECEIPTS,
                "like": _like(part),
                "limit": limit,
            },
        )
        return [(str(value), str(name)) for value, name in cursor.fetchall()]


def _like(part: str) -> str:
    for sign in ("\\", "%", "_"):
        part = part.replace(sign, f"\\{sign}")
    return f"%{part}%"
