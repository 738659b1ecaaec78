"""Whether the books are right: every invariant as one statement over all of them.

The checks of the books stand in `sql/audit.sql`; those of references are made from the models. Nothing is changed,
and nothing is read row by row: ten million sales take minutes.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from msgspec import Struct

_FILE = Path(__file__).parent / "sql" / "audit.sql"
_HEADER = re.compile(r"^-- check (\S+) \| (\w+) \| (.+)$", re.MULTILINE)
# Rows of other apps refer to programmes, too; those of Django's own apps belong to none.
_APPS = ("merchants", "loyalty", "clients", "campaigns")


class Check(Struct, frozen=True):
    """`sql` selects what is wrong: programme, id of the subject, the figures."""

    name: str
    subject: str
    sentence: str
    sql: str


class Wrong(Struct, frozen=True):
    """The first row that a check found."""

    check: Check
    program_id: int | None
    id: int | None
    figures: str

    def __str__(self) -> str:
        check = self.check
        which = f"{check.subject} {self.id} of programme {self.program_id}"
        return f"{check.name}: {check.sentence} Not so: {which}: {self.figures}"


@cache
def checks() -> tuple[Check, ...]:
    return (*_books(), *_references())


def audit(*, program_id: int | None = None, now: dt.datetime) -> Iterator[tuple[Check, Wrong | None]]:
    """Run every check, of one programme or of all; the first wrong row of each, by its id, or None."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Sums over everything: let them sort and hash in memory, in this transaction alone.
        cursor.execute("SET LOCAL work_mem = '256MB'")
        # A grouped sum is misjudged as small, and a loop over it takes minutes where a hash takes a second.
        cursor.execute("SET LOCAL enable_nestloop = off")
        parameters: dict[str, list[int] | dt.datetime] = {"programs": _programs(program_id), "now": now}
        for check in checks():
            cursor.execute(f"SELECT * FROM ({check.sql}) AS wrong ORDER BY 1, 2 LIMIT 1", parameters)  # noqa: S608
            row = cursor.fetchone()
            yield check, Wrong(check, *row) if row else None


def _programs(program_id: int | None) -> list[int]:
    if program_id is not None:
        return [program_id]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM merchants_program ORDER BY id")
        return [row[0] for row in cursor.fetchall()]


def _books() -> Iterator[Check]:
    _preface, *parts = _HEADER.split(_FILE.read_text())
    for name, subject, sentence, sql in zip(*[iter(parts)] * 4, strict=True):
        # A comment about the next check stands at the end of this one's part.
        statement = "\n".join(line for line in sql.splitlines() if not line.startswith("--"))
        yield Check(name, subject, sentence, statement.strip())


def _references() -> Iterator[Check]:
    """For every foreign key of a tenant's row: the row exists where the database does not check it, and is the
    same tenant's."""
    for model in _tenant_models():
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey):
                continue
            target: type[models.Model] = field.remote_field.model
            place = f"{model._meta.db_table}.{field.column}"
            if not field.db_constraint:  # type: ignore[attr-defined]  # the stubs lack it
                yield Check(
                    f"exists:{place}",
                    model._meta.model_name or "",
                    f"What {place} refers to is there.",
                    _missing_sql(model, field, target),
                )
            if field.name != "program" and _has_program(target):
                yield Check(
                    f"tenant:{place}",
                    model._meta.model_name or "",
                    f"What {place} refers to belongs to the same programme.",
                    _foreign_sql(model, field, target),
                )


def _tenant_models() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if model._meta.app_label in _APPS and _has_program(model):
            yield model


def _has_program(model: type[models.Model]) -> bool:
    return any(field.column == "program_id" for field in model._meta.concrete_fields)


def _foreign_sql(model: type[models.Model], field: models.ForeignKey[Any, Any], target: type[models.Model]) -> str:
    return f"""
        SELECT r.program_id, r.{_key(model)}::bigint,
               format('refers to %%s of programme %%s', t.{_key(target)}, t.program_id)
          FROM {model._meta.db_table} r JOIN {target._meta.db_table} t ON t.{_key(target)} = r.{field.column}
         WHERE r.program_id = ANY (%(programs)s) AND t.program_id <> r.program_id"""  # noqa: S608


def _missing_sql(model: type[models.Model], field: models.ForeignKey[Any, Any], target: type[models.Model]) -> str:
    # A row of no programme is found as well: it belongs to none of those that were asked for.
    mine = "" if field.name == "program" else "AND r.program_id = ANY (%(programs)s)"
    return f"""
        SELECT r.program_id, r.{_key(model)}::bigint, format('refers to %%s', r.{field.column})
          FROM {model._meta.db_table} r
         WHERE r.{field.column} IS NOT NULL {mine}
           AND NOT EXISTS (SELECT FROM {target._meta.db_table} t WHERE t.{_key(target)} = r.{field.column})"""  # noqa: S608


def _key(model: type[models.Model]) -> str:
    return str(model._meta.pk.column)
