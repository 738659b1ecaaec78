"""Categories: there as soon as goods name them; their flags hold for goods that say nothing themselves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

from django.db import connection, transaction

from loyalty.models import Category
from merchants import audit
from merchants.access import Actor

FLAGS = ("earn", "redeem", "discount")

_UNDER = """
    WITH RECURSIVE under AS (
        SELECT id FROM loyalty_category WHERE program_id = %(program)s AND id = %(category)s
        UNION
        SELECT c.id FROM loyalty_category c JOIN under ON c.parent_id = under.id WHERE c.program_id = %(program)s
    )
    SELECT id FROM under
"""


def ensure(program_id: int, parents: Mapping[str, str]) -> int:
    """Make sure that these categories (each with its parent's name, or "") are there; how many are new.

    A new one takes the flags of its parent. A parent that is named replaces the one that was, unless the two would
    stand in each other.
    """
    wanted = {name: parent for name, parent in parents.items() if name}
    known = {one.name: one for one in Category.objects.select_for_update().filter(program_id=program_id).order_by("pk")}
    names = {one.pk: one.name for one in known.values()}
    above = {one.name: names.get(one.parent_id or 0, "") for one in known.values()}
    for name, parent in wanted.items():
        if parent and not _stands_in(parent, name, above):
            above[name] = parent
            above.setdefault(parent, "")
        else:
            above.setdefault(name, "")
    fresh = {name for name in above if name not in known}
    for level in _from_the_top(fresh, above):
        Category.objects.bulk_create(
            (_new(program_id, name, known.get(above[name])) for name in level),
            ignore_conflicts=True,  # somebody may have added one meanwhile
            batch_size=1000,
        )
        known |= {one.name: one for one in Category.objects.filter(program_id=program_id, name__in=level)}
    moved = []
    for name, parent in above.items():
        one, over = known[name], known.get(parent)
        if name in wanted and wanted[name] and one.parent_id != (over.pk if over else None):
            one.parent = over
            moved.append(one)
    Category.objects.bulk_update(moved, ["parent"], batch_size=1000)
    return len(fresh)


@transaction.atomic
def set_flags(*, category: Category, flags: Mapping[str, bool], by: Actor, now: dt.datetime) -> int:
    """Set the flags of a category and of all below it; how many categories they are."""
    with connection.cursor() as cursor:
        cursor.execute(_UNDER, {"program": category.program_id, "category": category.pk})
        ids = [row[0] for row in cursor.fetchall()]
    chosen = {flag: flags[flag] for flag in FLAGS}
    Category.objects.filter(program_id=category.program_id, pk__in=ids).update(**chosen)
    audit.record(
        program_id=category.program_id,
        action="goods.category_changed",
        at=now,
        by=by,
        subject=category,
        details={"name": category.name, **{flag: "+" if yes else "−" for flag, yes in chosen.items()}},
    )
    return len(ids)


def paths(program_id: int) -> dict[str, str]:
    """Where each category stands, as «Продукты / Чай», by its name."""
    rows = list(Category.objects.filter(program_id=program_id).values_list("pk", "name", "parent_id"))
    names = {pk: name for pk, name, _parent in rows}
    above = {name: names.get(parent, "") if parent else "" for _pk, name, parent in rows}
    return {name: " / ".join(reversed(_line(name, above))) for name in above}


def _new(program_id: int, name: str, parent: Category | None) -> Category:
    flags = {flag: getattr(parent, flag) for flag in FLAGS} if parent else {}
    return Category(program_id=program_id, name=name, parent=parent, **flags)


def _from_the_top(names: Collection[str], above: Mapping[str, str]) -> list[list[str]]:
    """Names by their depth, so that each parent comes before its children."""
    levels: dict[int, list[str]] = {}
    for name in names:
        levels.setdefault(len(_line(name, above)), []).append(name)
    return [sorted(levels[depth]) for depth in sorted(levels)]


def _stands_in(name: str, other: str, above: Mapping[str, str]) -> bool:
    return other in _line(name, above)


def _line(name: str, above: Mapping[str, str]) -> list[str]:
    """A category and all above it, from itself up; each once, whatever stands in the rows."""
    line: list[str] = []
    while name and name not in line:
        line.append(name)
        name = above.get(name, "")
    return line
