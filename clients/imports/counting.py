"""The figures of an import: what the dry run found, what loading and taking back did."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from clients.imports import staging
from clients.imports.staging import Counts, Span
from clients.models import ClientImport


class Told(Struct, kw_only=True):
    """`found` is of the dry run, and of what was really done once it is loaded: somebody may have joined meanwhile.
    `loaded_to` is the last row that was loaded."""

    found: Counts
    loaded_to: int = 0
    undone: int = 0
    undone_points: Decimal = Decimal(0)
    left: int = 0


def told(one: ClientImport) -> Told:
    return msgspec.convert(one.counts, Told, strict=False) if one.counts else Told(found=Counts())


def packed(counts: Told) -> Any:
    return msgspec.json.decode(msgspec.json.encode(counts))


def after_check(found: Counts) -> Told:
    return Told(found=found)


def after_loading(one: ClientImport) -> Told:
    return Told(found=staging.counted(Span.of(one)), loaded_to=one.mark)


def after_undoing(one: ClientImport) -> Told:
    counts = told(one)
    [(undone, left, points)] = staging.read(
        'SELECT count(*) FILTER (WHERE l."left" IS NULL), count(*) FILTER (WHERE l."left" IS NOT NULL),'
        '       coalesce(sum(l.points) FILTER (WHERE l."left" IS NULL'
        "                                        AND (l.outcome = 'fresh' OR l.entry IS NOT NULL)), 0)"
        "  FROM clients_clientimportline l"
        "  JOIN loyalty_account a ON a.program_id = %(program)s AND a.id = l.account"
        " WHERE l.id BETWEEN %(first)s AND %(last)s AND l.outcome IN ('fresh', 'change')",
        Span.of(one, 0, one.lines),
    )
    counts.undone, counts.left, counts.undone_points = undone, left, points
    return counts


def in_the_log(counts: Told, state: str) -> dict[str, Any]:
    if state == ClientImport.State.UNDONE:
        return {"undone": counts.undone, "left": counts.left}
    found = counts.found
    return {
        "new": found.fresh,
        "changed": found.changed,
        "refused": found.refused,
        "points": str(found.fresh_points + found.added_points),
    }
