"""The conditions of a segment as forms, and the forms as conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from django import forms
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from clients.segments.conditions import BY_KIND, CONDITIONS, Condition
from clients.segments.conditions.base import InPeriod
from clients.segments.definition import MOST_CLAUSES, Clause, Definition, read, stored
from loyalty.engine.fields import fields_of
from loyalty.pages.rules.vocabulary import Setting, VocabularyForm
from merchants.forms import PageForm

_KEY: Final = re.compile(r"([0-9]{1,3})-([a-z_]{1,40})")
PERIOD: Final = tuple(one.name for one in fields_of(InPeriod))
# Modules of the vocabulary, as the page heads their conditions.
CHAPTERS: Final[Mapping[str, Promise]] = {
    "profile": gettext_lazy("Who the client is"),
    "behaviour": gettext_lazy("Purchases, points, certificates"),
    "rfm": gettext_lazy("Compared with the others (RFM)"),
}


class NameForm(PageForm):
    name = forms.CharField(
        label=gettext_lazy("Name of the segment"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class Row(Struct, frozen=True):
    """A condition on the page. `key` is its number and its kind, as its fields are called."""

    key: str
    title: str
    form: VocabularyForm
    negated: bool
    sent: bool

    def clause(self) -> Clause | None:
        """None while something in it is wrong or missing."""
        if self.form.fields and (not self.sent or not self.form.is_valid()):
            return None
        made = self.form.made()
        if not isinstance(made, Condition):
            return None
        clause = Clause(made, self.negated)
        try:
            # Bounds that a type has and a form does not know.
            return read(stored(Definition((clause,)))).clauses[0]
        except msgspec.ValidationError:
            self.form.add_error(None, _("Something in this condition is not right."))
            return None


class Kind(Struct, frozen=True):
    kind: str
    title: str


class Sheet:
    """`before` are the conditions that were opened, `data` what was typed in."""

    def __init__(
        self,
        before: Definition,
        setting: Setting,
        *,
        name: str = "",
        data: QueryDict | None = None,
        keys: Sequence[str] | None = None,
    ) -> None:
        self.before, self.setting, self.data = before, setting, data
        self.name = NameForm(data, initial={"name": name}, use_required_attribute=False)
        own = [f"{n}-{clause.condition.__struct_config__.tag}" for n, clause in enumerate(before.clauses)]
        self.keys = list(keys) if keys is not None else own
        self.rows = [self._row(key) for key in self.keys]

    @classmethod
    def posted(cls, before: Definition, setting: Setting, data: QueryDict) -> Sheet:
        """`do` may be «add:birthday_soon» or «remove:0-birthday_soon»."""
        keys = [key for key in dict.fromkeys(data.getlist("when")) if _known(key)][:MOST_CLAUSES]
        verb, _colon, what = data.get("do", "").partition(":")
        if verb == "remove":
            keys = [key for key in keys if key != what]
        if verb == "add" and what in BY_KIND and len(keys) < MOST_CLAUSES:
            taken = {int(key.partition("-")[0]) for key in keys} | set(range(len(before.clauses)))
            keys.append(f"{max(taken, default=-1) + 1}-{what}")
        return cls(before, setting, data=data, keys=keys)

    def _row(self, key: str) -> Row:
        number, _dash, kind = key.partition("-")
        condition, n = BY_KIND[kind], int(number)
        clause = self.before.clauses[n] if n < len(self.before.clauses) else None
        old = clause.condition if clause and isinstance(clause.condition, condition) else None
        sent = self.data is not None and f"sent-{key}" in self.data
        form = VocabularyForm(condition, old, self.data if sent else None, prefix=f"when-{key}", setting=self.setting)
        # The period is asked last.
        form.order_fields([*(name for name in form.fields if name not in PERIOD), *PERIOD])
        negated = bool(self.data and self.data.get(f"not-{key}")) if sent else bool(old and clause and clause.negated)
        return Row(key, _(condition.title), form, negated, sent or (old is not None and self.data is None))

    # ------------------------------------------------------------ as conditions

    def so_far(self) -> tuple[Definition, int]:
        """The conditions that can be read, and how many can't yet."""
        clauses = [self._stands(row) for row in self.rows]
        return Definition(tuple(one for one in clauses if one)), sum(one is None for one in clauses)

    def definition(self) -> Definition | None:
        """All of them; None where there is something to correct, which the forms say."""
        found, wrong = self.so_far()
        return None if wrong else found

    def _stands(self, row: Row) -> Clause | None:
        clause = row.clause() if self.data is not None else self.before.clauses[int(row.key.partition("-")[0])]
        if clause is None:
            return None
        wrong = list(clause.condition.faults())
        for name, sentence in wrong:
            if row.form.is_bound:
                row.form.add_error(name if name in row.form.fields else None, _(sentence))
        return None if wrong else clause


def addable() -> list[tuple[Promise, list[Kind]]]:
    """The vocabulary by chapters."""
    return [
        (
            title,
            [
                Kind(str(one.__struct_config__.tag), _(one.title))
                for one in CONDITIONS
                if one.__module__.rpartition(".")[2] == module
            ],
        )
        for module, title in CHAPTERS.items()
    ]


def _known(key: str) -> bool:
    found = _KEY.fullmatch(key)
    return found is not None and found[2] in BY_KIND


def shown(sheet: Sheet) -> dict[str, Any]:
    return {"sheet": sheet, "addable": addable(), "most": len(sheet.rows) >= MOST_CLAUSES}
