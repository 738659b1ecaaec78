"""What the directory says of the lines of a receipt: `flags_of` reads, `marked` applies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db import connection
from msgspec import Struct, structs

from loyalty.engine.cart import Line
from loyalty.engine.quantities import ZERO

_FLAGS = """
    SELECT p.sku, coalesce(p.earn, c.earn, true), coalesce(p.redeem, c.redeem, true),
           coalesce(p.discount, c.discount, true), coalesce(p.min_price, 0)
      FROM loyalty_product p
      LEFT JOIN loyalty_category c ON c.program_id = p.program_id AND c.name = p.category
     WHERE p.program_id = %s AND p.sku = ANY(%s)
       AND NOT (coalesce(p.earn, c.earn, true) AND coalesce(p.redeem, c.redeem, true)
                AND coalesce(p.discount, c.discount, true) AND coalesce(p.min_price, 0) = 0)
"""


class Flags(Struct, frozen=True):
    """What may be done with an article, and what a unit of it costs at least."""

    earn: bool = True
    redeem: bool = True
    discount: bool = True
    min_price: Decimal = ZERO


_NAMES: Final = structs.fields(Flags)


def flags_of(program_id: int, skus: Iterable[str]) -> dict[str, Flags]:
    """Of those goods only that differ from an ordinary article; an SKU that nobody knows is not among them."""
    asked = sorted({sku for sku in skus if sku})
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FLAGS, [program_id, asked])
        return {sku: Flags(*flags) for sku, *flags in cursor.fetchall()}


def marked(
    lines: Sequence[Line], flags_by_sku: Mapping[str, Flags], said: Sequence[Collection[str]] | None = None
) -> tuple[Line, ...]:
    """The lines with what the directory says of them. What the till said itself stands.

    `said` has for each line the names of the fields that the till sent. Without it, whatever differs from an ordinary
    line was sent.
    """
    if not flags_by_sku:
        return tuple(lines)
    sent = said if said is not None else [_differing(line) for line in lines]
    return tuple(_marked(line, flags_by_sku.get(line.sku), own) for line, own in zip(lines, sent, strict=True))


def _marked(line: Line, flags: Flags | None, own: Collection[str]) -> Line:
    if flags is None:
        return line
    return structs.replace(
        line, **{field.name: getattr(flags, field.name) for field in _NAMES if field.name not in own}
    )


def _differing(line: Line) -> set[str]:
    return {field.name for field in _NAMES if getattr(line, field.name) != field.default}
