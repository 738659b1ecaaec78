"""How many rows there are, without counting them."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils.functional import cached_property
from msgspec import Struct

# Leafing further than this is not how anybody finds anything, and OFFSET reads all that it skips.
LEAFED_AT_MOST = 10_000


class Rough(Struct, frozen=True):
    """A number of rows; `exact` where they were counted."""

    rows: int
    exact: bool = False


def rough_counts(*models: type[Model]) -> dict[type[Model], Rough]:
    """The planner's estimates in one query; what is small, or was never analysed, is counted, up to a limit."""
    tables = {model._meta.db_table: model for model in models}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, reltuples::bigint FROM pg_class WHERE oid = ANY(%s::regclass[])", [list(tables)]
        )
        estimates: dict[str, int] = dict(cursor.fetchall())
    return {model: _refined(model, estimates[table]) for table, model in tables.items()}


def _refined(model: type[Model], estimate: int) -> Rough:
    if estimate > LEAFED_AT_MOST:
        return Rough(estimate)
    counted = model._default_manager.order_by()[: LEAFED_AT_MOST + 1].count()
    return Rough(counted, exact=counted <= LEAFED_AT_MOST)


class RoughPaginator(Paginator[Any]):
    """Leafs through the first rows of any number of them; beyond those one searches."""

    template_name = "admin/kopilka/pagination.html"

    @cached_property
    def counted(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by()[: LEAFED_AT_MOST + 1].count()

    @cached_property
    def count(self) -> int:
        return min(self.counted, LEAFED_AT_MOST)

    @cached_property
    def rough(self) -> Rough:
        """How many rows there are behind the pages."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        if self.counted <= LEAFED_AT_MOST:
            return Rough(self.counted, exact=True)
        if rows.query.where:
            return Rough(LEAFED_AT_MOST)
        return rough_counts(rows.model)[rows.model]
