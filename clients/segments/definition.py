"""The conditions of a segment: all must hold, each may be turned round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from django.db.models import Case, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.lookups import Exact
from django.utils.translation import gettext as _
from msgspec import Struct, field

from clients.segments.conditions import AnyCondition, Condition
from clients.segments.looking import Among, Look
from loyalty.rule_sentences import NO_NAMES, Names, said
from loyalty.wording import Words

if TYPE_CHECKING:
    from clients.models.client import ClientQuerySet

MOST_CLAUSES: Final = 20


class Clause(Struct, frozen=True, forbid_unknown_fields=True):
    is_: AnyCondition = field(name="is")
    negated: bool = field(name="not", default=False)

    @property
    def condition(self) -> Condition:
        return self.is_


class Definition(Struct, frozen=True, forbid_unknown_fields=True):
    clauses: tuple[Clause, ...] = ()


def read(stored: Any) -> Definition:
    """msgspec.ValidationError for what is no definition."""
    return msgspec.convert(stored or {}, Definition, strict=False)


def stored(definition: Definition) -> dict[str, Any]:
    """As JSON keeps it; sums are texts."""
    return cast("dict[str, Any]", msgspec.json.decode(msgspec.json.encode(definition)))


def faults(definition: Definition) -> Iterator[tuple[int, str, str]]:
    """The number of a clause, its field, and a sentence in the active language."""
    for number, clause in enumerate(definition.clauses):
        for name, sentence in clause.condition.faults():
            yield number, name, _(sentence)


def narrowed(rows: ClientQuerySet, definition: Definition, look: Look) -> ClientQuerySet:
    """The clients whom all the conditions find: one query, whatever they are."""
    for clause in definition.clauses:
        found = clause.condition.finds(look)
        if isinstance(found, Among):
            among = look.everybody().but(found) if clause.negated else found
            rows = rows.filter(account__in=RawSQL(among.sql, among.params))  # noqa: S611  # values are parameters
        elif clause.negated:
            # What is unknown is not true, so its opposite is.
            rows = rows.filter(Exact(Case(When(found, then=Value(True)), default=Value(False)), Value(False)))
        else:
            rows = rows.filter(found)
    return rows


def sentence(definition: Definition, words: Words, names: Names = NO_NAMES) -> str:
    """«Клиенты: есть телефон; последняя покупка 90 дней назад или раньше; кроме тех, у кого метка «опт».»"""
    if not definition.clauses:
        return _("All clients.")
    said_ = [clause_sentence(clause, words, names) for clause in definition.clauses]
    return _("Clients: %(conditions)s.") % {"conditions": "; ".join(said_)}


def clause_sentence(clause: Clause, words: Words, names: Names = NO_NAMES) -> str:
    text = said(cast("Any", clause.condition), words, names)
    return _("not so: %(condition)s") % {"condition": text} if clause.negated else text
