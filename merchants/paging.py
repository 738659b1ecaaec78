"""Pages of long lists by key: the thousandth page costs what the first one does, and new rows shift nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import BooleanField, F, Func, Model, Q, QuerySet, Value
from django.db.models.lookups import LessThan

Row = TypeVar("Row", bound=Model)

SIZE = 50
LONGEST_CURSOR = 200


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`older` is the cursor of the next page (for `?before=`), empty on the last one."""

    rows: list[Row]
    older: str
    is_first: bool


class _Row(Func):
    """`ROW(day, id)`: two of them compare as an index on both columns is sorted, which no AND and OR can say so that
    the index is entered at the very row."""

    function = "ROW"
    output_field = BooleanField()  # it has none; the comparison of two has


def newest_first(rows: QuerySet[Row], cursor: str, *, by: str = "", size: int = SIZE) -> Page[Row]:
    """A page of rows, newest first: by key, or by the date or time field `by` and then by key.

    A cursor that is not one of ours shows the first page: people edit addresses.
    """
    below = _below(rows, cursor[:LONGEST_CURSOR], by)
    order = [f"-{by}", "-pk"] if by else ["-pk"]
    page = list((rows if below is None else rows.filter(below)).order_by(*order)[: size + 1])
    older = _cursor(page[size - 1], by) if len(page) > size else ""
    return Page(page[:size], older, is_first=below is None)


def key_of(cursor: str) -> int | None:
    """The key that a cursor is, for lists that are not read by `newest_first`; None for none of ours."""
    return int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 19 else None


def _cursor(row: Model, by: str) -> str:
    return f"{getattr(row, by).isoformat()}~{row.pk}" if by else str(row.pk)


def _below(rows: QuerySet[Any], cursor: str, by: str) -> Q | None:
    moment, _tilde, end = cursor.rpartition("~")
    key = key_of(end)
    if key is None:
        return None
    if not by:
        return Q(pk__lt=key)
    try:
        at = rows.model._meta.get_field(by).to_python(moment)
    except Exception:  # noqa: BLE001  # whatever a field says of a text that is no date of its
        return None
    return None if at is None else Q(LessThan(_Row(F(by), F("pk")), _Row(Value(at), Value(key))))
