"""One rule as forms, and the forms as a rule. What the forms do not show goes through untouched."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django.http import QueryDict
from django.utils.translation import gettext as _
from msgspec import Struct, structs

from loyalty import faults as fault_words
from loyalty.engine.conditions import CONDITIONS, Condition
from loyalty.engine.effects import EFFECTS, DiscountEffect, Effect
from loyalty.engine.faults import Fault
from loyalty.engine.fields import fields_of
from loyalty.engine.rulebook import Rule
from loyalty.pages.rules.rule_parts import GoodsForm, HeadForm, LimitsForm, RestForm
from loyalty.pages.rules.vocabulary import Setting, VocabularyForm

MOST_CONDITIONS: Final = 30
EFFECT_BY_KIND: Final[dict[str, type[Effect]]] = {str(cls.__struct_config__.tag): cls for cls in EFFECTS}
CONDITION_BY_KIND: Final[dict[str, type[Condition]]] = {str(cls.__struct_config__.tag): cls for cls in CONDITIONS}
_KEY = re.compile(r"([0-9]{1,3})-([a-z_]{1,40})")


class Row(Struct, frozen=True):
    """A condition on the page. `key` is its number and its kind, as the fields are called."""

    key: str
    title: str
    form: VocabularyForm


class RuleSheet:
    """`before` is the rule that was opened; for a new one `kind` says its effect. `data` is what was typed in.

    The conditions stand in the order of their `when` fields, each «number-kind»; the number is that of the condition
    in `before`, or a higher one for a condition that was added here.
    """

    def __init__(
        self,
        kind: str,
        before: Rule | None,
        setting: Setting,
        data: QueryDict | None = None,
        *,
        keys: Sequence[str] | None = None,
        rule_id: str = "new",
    ) -> None:
        self.kind, self.before, self.setting, self.data = kind, before, setting, data
        self.cls = EFFECT_BY_KIND[kind]
        self.rule_id = before.id if before else rule_id
        base = before or Rule(self.rule_id, _(self.cls.title), None)  # type: ignore[arg-type]  # filled by `rule`
        self.base = base
        self.head = HeadForm(data, base, prefix="head", use_required_attribute=False)
        self.effect = VocabularyForm(
            self.cls, before.effect if before else None, data, prefix="effect", setting=setting
        )
        # Parts that the page did not show were not sent: they stay as they are.
        self.shows_goods = self.cls.of_goods and self.cls.on_receipt
        self.goods = GoodsForm(data if self.shows_goods else None, base.goods, suggest=setting.suggest, prefix="goods")
        self.shows_conditions = self.cls.on_receipt
        own = [f"{n}-{condition.__struct_config__.tag}" for n, condition in enumerate(base.when)]
        self.keys = list(keys) if keys is not None else own
        self.rows = [self._row(key) for key in self.keys]
        self.limits = LimitsForm(data, base.limits, effect=self.cls, prefix="limits")
        groups = tuple(dict.fromkeys(rule.group for rule in setting.rulebook.rules if rule.group))
        self.rest = RestForm(data, base, effect=self.cls, groups=groups, prefix="rest", use_required_attribute=False)
        self.loose: list[str] = []

    @classmethod
    def posted(
        cls, kind: str, before: Rule | None, setting: Setting, data: QueryDict, *, rule_id: str = "new"
    ) -> RuleSheet:
        """`do` may be «add:birthday» or «remove:0-birthday»."""
        keys = [key for key in dict.fromkeys(data.getlist("when")) if _known(key)][:MOST_CONDITIONS]
        verb, _colon, what = data.get("do", "").partition(":")
        if verb == "remove":
            keys = [key for key in keys if key != what]
        if verb == "add" and what in CONDITION_BY_KIND and len(keys) < MOST_CONDITIONS:
            taken = {int(key.partition("-")[0]) for key in keys} | set(range(len(before.when) if before else 0))
            keys.append(f"{max(taken, default=-1) + 1}-{what}")
        return cls(kind, before, setting, data, keys=keys, rule_id=rule_id)

    def _row(self, key: str) -> Row:
        number, _dash, kind = key.partition("-")
        condition = CONDITION_BY_KIND[kind]
        n = int(number)
        old = self.base.when[n] if n < len(self.base.when) and isinstance(self.base.when[n], condition) else None
        names = [f"when-{key}-{one.name}" for one in fields_of(condition)]
        # A condition that is being added has not been sent: no faults yet.
        sent = self.data is not None and (old is not None or f"sent-{key}" in self.data or not names)
        form = VocabularyForm(condition, old, self.data if sent else None, prefix=f"when-{key}", setting=self.setting)
        return Row(key, _(condition.title), form)

    # ------------------------------------------------------------ as a rule

    @property
    def forms(self) -> list[Any]:
        shown = [self.head, self.effect, *(row.form for row in self.rows), self.limits, self.rest]
        return [*shown, self.goods] if self.shows_goods else shown

    def is_valid(self) -> bool:
        # All of them are asked: each has its faults to show.
        return not [form for form in self.forms if not form.is_valid()]

    def rule(self) -> Rule | None:
        """What is typed in; None while the effect can't be told yet. A condition that can't be told yet is left out."""
        effect = self.effect.made()
        if effect is None:
            return None
        when = tuple(made for row in self.rows if (made := row.form.made()) is not None)
        rule = structs.replace(
            self.rest.made(),
            title=self.head.made().title or self.base.title,
            enabled=self.head.made().enabled,
            effect=effect,
            limits=self.limits.made(),
        )
        if self.shows_goods:
            rule = structs.replace(rule, goods=self.goods.made())
        if self.shows_conditions:
            rule = structs.replace(rule, when=when)
        return rule

    def unreadable(self) -> list[Fault]:
        """What the format itself does not take (a text that is too long): such a rule can't be kept in a draft."""
        rule = self.rule()
        if rule is None:
            return []
        try:
            msgspec.convert(msgspec.to_builtins(rule), Rule)
        except msgspec.ValidationError as error:
            text, _at, place = str(error).partition(" - at `$")
            pointer = place.rstrip("`").replace("[", ".").replace("]", "").replace(".", "/")
            return [Fault(pointer, "malformed", detail=text)]
        return []

    # ------------------------------------------------------------ faults

    def tell(self, faults: Sequence[Fault]) -> None:
        """Puts each fault (its pointer begins inside the rule) beside the field that it is about, or into `loose`."""
        for fault in faults:
            form, name = self._field_of(fault.pointer)
            if form is not None and form.is_bound and name in form.fields:
                form.add_error(name, fault_words.sentence(fault))
            else:
                self.loose.append(fault_words.sentence(fault))

    def _field_of(self, pointer: str) -> tuple[Any, str]:
        match pointer.split("/")[1:]:
            case ["effect", name, *_rest]:
                return self.effect, name
            case ["when", row, name, *_rest] if row.isdigit() and int(row) < len(self.rows):
                return self.rows[int(row)].form, name
            case ["limits", name]:
                return self.limits, name
            case ["goods", name, *_rest]:
                return self.goods, name
            case ["expiry", name]:
                return self.rest, f"expiry_{name}"
            case ["title"]:
                return self.head, "title"
            case [name, *_rest]:
                return self.rest, name
        return None, ""

    # ------------------------------------------------------------ how it looks

    @property
    def title(self) -> str:
        return _(self.cls.title)

    @property
    def is_discount(self) -> bool:
        return issubclass(self.cls, DiscountEffect)

    @property
    def open_limits(self) -> bool:
        """Whether the folded part has something to show."""
        return bool(self.limits.errors) or any(one is not None for one in structs.astuple(self.limits.made()))

    @property
    def open_rest(self) -> bool:
        rest = self.rest.made()
        return bool(self.rest.errors) or bool(
            rest.group or rest.closes or rest.expiry is not None or rest.pending_days is not None
        )

    @property
    def open_goods(self) -> bool:
        return self.goods.is_open


def _known(key: str) -> bool:
    match = _KEY.fullmatch(key)
    return match is not None and match[2] in CONDITION_BY_KIND
