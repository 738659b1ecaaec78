"""Forms made from the vocabulary: each kind of field that a condition or an effect may declare has its form field.

A new condition or effect needs nothing here; a new kind of field needs one row in `MAKERS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import NODEFAULT, Struct

from loyalty.engine.fields import Field, Kind, fields_of
from loyalty.engine.quantities import HUNDRED, ZERO
from loyalty.engine.rulebook import Rulebook
from loyalty.pages.rules.fields import NumberField
from loyalty.pages.rules.lists import LevelsField, NamesField, StepsField
from loyalty.rule_sentences import WAYS
from merchants.forms import PageForm


@dataclass(frozen=True)
class Setting:
    """What the fields offer to choose from: tiers of the draft, outlets of the shop, where goods are suggested."""

    rulebook: Rulebook
    outlets: Mapping[str, str] = field(default_factory=dict)
    suggest: str = ""


def form_over(part: type[Struct], old: Struct | None, data: Any, prefix: str, setting: Setting) -> VocabularyForm:
    """The form over the declared fields of a condition or an effect."""
    return VocabularyForm(part, old, data, prefix=prefix, setting=setting)


class VocabularyForm(PageForm):
    """`old` is None for a part that is being added. What nobody has touched keeps the value that it had."""

    def __init__(self, part: type[Struct], old: Struct | None, data: Any, *, prefix: str, setting: Setting) -> None:
        self.part, self.old = part, old
        declared = fields_of(part)
        initial = {one.name: _value(one, old) for one in declared}
        super().__init__(data, prefix=prefix, initial=initial, use_required_attribute=False)
        for one in declared:
            made = MAKERS[one.kind](one, setting, initial[one.name])
            made.template_name = "forms/field.html"
            self.fields[one.name] = made

    def values(self) -> dict[str, Any]:
        """What is said so far: fields with a fault keep what they were, and are missing where they were nothing."""
        self.is_valid()
        given = self.cleaned_data if self.is_bound else {}
        said = {}
        for one in fields_of(self.part):
            untouched = self.old is not None and one.name not in self.changed_data
            if self.old is not None and (untouched or one.name not in given):
                said[one.name] = getattr(self.old, one.name)
            elif one.name in given:
                said[one.name] = given[one.name]
            elif one.default is not NODEFAULT:
                said[one.name] = one.default
        return said

    def made(self) -> Struct | None:
        """The part; None while a field that must be said is not."""
        said = self.values()
        missing = [one.name for one in fields_of(self.part) if one.name not in said]
        return None if missing else self.part(**said)


def _value(one: Field, old: Struct | None) -> Any:
    if old is not None:
        return getattr(old, one.name)
    return None if one.default is NODEFAULT else one.default


# ---------------------------------------------------------------- kinds

Maker = Callable[[Field, Setting, Any], Any]


def _worded(one: Field) -> dict[str, Any]:
    """Fields without a default must be said."""
    help_text = _(one.help) if one.help else ""
    return {"label": _(one.title), "help_text": help_text, "required": one.default is NODEFAULT}


def _number(one: Field, _setting: Setting, _value: Any) -> NumberField:
    empty = None if one.optional or one.default is NODEFAULT else one.default
    most = HUNDRED if one.kind == "percent" else None
    return NumberField(empty=empty, least=ZERO, most=most, **_worded(one))


class WholeField(forms.IntegerField):
    """`empty` for nothing."""

    def __init__(self, *, empty: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.empty = empty

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        return self.empty if cleaned is None else cleaned


def _whole(one: Field, _setting: Setting, _value: Any) -> WholeField:
    empty = None if one.optional or one.default is NODEFAULT else one.default
    return WholeField(empty=empty, min_value=one.least, max_value=one.most, **_worded(one))


class ChosenField(forms.MultipleChoiceField):
    """Boxes to tick, as a tuple in the order of the choices."""

    def __init__(self, *, coerce: Callable[[str], Any] = str, **kwargs: Any) -> None:
        super().__init__(widget=forms.CheckboxSelectMultiple, **kwargs)
        self.coerce = coerce
        self.values = [str(value) for value, _label in kwargs["choices"]]

    def clean(self, value: Any) -> Any:
        ticked = set(super().clean(value))
        return tuple(self.coerce(value) for value in self.values if value in ticked)


def _chosen(one: Field, names: Mapping[Any, Any], value: Any, coerce: Callable[[str], Any] = str) -> ChosenField:
    strange = {each: each for each in value or () if each not in names}
    return ChosenField(choices=[*names.items(), *strange.items()], coerce=coerce, **_worded(one))


def _names(one: Field, setting: Setting, _value: Any) -> NamesField:
    made = NamesField(**_worded(one))
    kind = {"skus": "sku", "categories": "category", "brands": "brand"}.get(one.kind)
    if kind and setting.suggest:
        made.widget.attrs["data-suggest"] = f"{setting.suggest}?kind={kind}"
    return made


def _text(one: Field, _setting: Setting, _value: Any) -> forms.CharField:
    attrs = {"autocomplete": "off"}
    return forms.CharField(max_length=40, widget=forms.TextInput(attrs=attrs), **_worded(one))


def _choice(one: Field, _setting: Setting, _value: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=[(value, _(words)) for value, words in one.choices], **_worded(one))


def _date(one: Field, _setting: Setting, _value: Any) -> forms.DateField:
    return forms.DateField(widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), **_worded(one))


def _time(one: Field, _setting: Setting, value: Any) -> forms.TimeField:
    # Seconds only where somebody wrote them into a file: they must come back.
    to = "%H:%M:%S" if value is not None and value.second else "%H:%M"
    return forms.TimeField(widget=forms.TimeInput(format=to, attrs={"type": "time"}), **_worded(one))


MAKERS: Final[Mapping[Kind, Maker]] = {
    "money": _number,
    "points": _number,
    "percent": _number,
    "factor": _number,
    "quantity": _number,
    "count": _whole,
    "days": _whole,
    "tiers": lambda one, setting, value: _chosen(one, {tier.id: tier.title for tier in setting.rulebook.tiers}, value),
    "outlets": lambda one, setting, value: _chosen(one, setting.outlets, value),
    "ways": lambda one, _setting, value: _chosen(one, WAYS, value),
    "weekdays": lambda one, _setting, value: _chosen(one, DAYS, value, int),
    "channels": _names,
    "tags": _names,
    "skus": _names,
    "categories": _names,
    "brands": _names,
    "text": _text,
    "action": _text,
    "choice": _choice,
    "yes": lambda one, _setting, _value: forms.BooleanField(**_worded(one) | {"required": False}),
    "date": _date,
    "time": _time,
    "steps": lambda one, _setting, _value: StepsField(**_worded(one)),
    "levels": lambda one, _setting, _value: LevelsField(most=3, **_worded(one)),
}
DAYS: Final[Mapping[int, Promise]] = {
    1: gettext_lazy("Monday"),
    2: gettext_lazy("Tuesday"),
    3: gettext_lazy("Wednesday"),
    4: gettext_lazy("Thursday"),
    5: gettext_lazy("Friday"),
    6: gettext_lazy("Saturday"),
    7: gettext_lazy("Sunday"),
}
