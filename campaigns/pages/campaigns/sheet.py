"""A campaign as forms, and the forms as a campaign. All but the name and the audience is made from the vocabulary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from campaigns import actions, triggers
from campaigns.actions import Action
from campaigns.plan import MOST_STEPS, Limits, Order, Plan, Step, Timing, faults, read, stored
from campaigns.triggers import Trigger
from campaigns.words import Names
from clients.models import Segment
from loyalty.pages.rules.vocabulary import Setting, VocabularyForm
from merchants.forms import PageForm

_KEY: Final = re.compile(r"([0-9]{1,2})-([a-z_]{1,40})")
CHAPTERS: Final = (
    ("calendar", gettext_lazy("By the calendar")),
    ("purchases", gettext_lazy("By purchases")),
    ("standing", gettext_lazy("By tier, points, segment")),
)


class HeadForm(PageForm):
    name = forms.CharField(
        label=gettext_lazy("Name of the campaign"),
        max_length=80,
        help_text=gettext_lazy("Clients read it beside what they are given: “Birthday gift”."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    audience = forms.ChoiceField(label=gettext_lazy("For whom"), required=False)

    def __init__(self, data: Any, *, segments: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(data, use_required_attribute=False, **kwargs)
        everybody = ("", _("All clients"))
        self.fields["audience"].choices = [everybody, *((str(key), name) for key, name in segments.items())]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())


class StepRow(Struct, frozen=True):
    """A step on the page. `key` is its number and its action, as its fields are called."""

    key: str
    title: str
    action: VocabularyForm
    timing: VocabularyForm
    is_first: bool


class Kind(Struct, frozen=True):
    kind: str
    title: str
    hint: str


class Sheet:
    """`before` is the plan that was opened, `data` what was typed in."""

    def __init__(
        self,
        before: Plan,
        setting: Setting,
        names: Names,
        *,
        name: str,
        audience: Segment | None,
        data: QueryDict | None = None,
        kind: str | None = None,
        keys: list[str] | None = None,
    ) -> None:
        self.before, self.setting, self.names, self.data = before, setting, names, data
        self.head = HeadForm(
            data,
            segments=names.segments,
            initial={"name": name, "audience": str(audience.pk) if audience else ""},
        )
        self.kind = kind or tag_of(before.when)
        self.trigger_class = triggers.BY_KIND[self.kind]
        self.trigger_title, self.trigger_hint = _(self.trigger_class.title), _(self.trigger_class.hint)
        old = before.when if isinstance(before.when, self.trigger_class) else None
        sent = data if data is not None and f"sent-trigger-{self.kind}" in data else None
        self.trigger = self._form(self.trigger_class, old, sent, f"trigger-{self.kind}")
        own = [f"{n}-{tag_of(step.action)}" for n, step in enumerate(before.steps)]
        self.keys = own if keys is None else keys
        self.steps = [self._row(key, n == 0) for n, key in enumerate(self.keys)]
        self.timing = self._form(Timing, before.timing, data, "timing")
        if not self.trigger_class.daily:
            del self.timing.fields["hour"]
        self.limits = self._form(Limits, before.limits, data, "limits")
        self.order = self._form(Order, before.order, data, "order")
        self.wrong: list[str] = []

    @classmethod
    def posted(
        cls, before: Plan, setting: Setting, names: Names, data: QueryDict, *, name: str, audience: Segment | None
    ) -> Sheet:
        """`do` may be «kind:absent», «add:points», «remove:0-points»."""
        verb, _colon, what = data.get("do", "").partition(":")
        kind = data.get("kind", "")
        if verb == "kind":
            kind = what
        if kind not in triggers.BY_KIND:
            kind = tag_of(before.when)
        keys = [key for key in dict.fromkeys(data.getlist("step")) if _known(key)][:MOST_STEPS]
        if verb == "remove":
            keys = [key for key in keys if key != what]
        if verb == "add" and what in actions.BY_KIND and len(keys) < MOST_STEPS:
            taken = {int(key.partition("-")[0]) for key in keys} | set(range(len(before.steps)))
            keys.append(f"{max(taken, default=-1) + 1}-{what}")
        return cls(before, setting, names, name=name, audience=audience, data=data, kind=kind, keys=keys)

    def _row(self, key: str, is_first: bool) -> StepRow:
        number, _dash, kind = key.partition("-")
        action, n = actions.BY_KIND[kind], int(number)
        step = self.before.steps[n] if n < len(self.before.steps) else None
        old = step.action if step and isinstance(step.action, action) else None
        data = self.data if self.data is not None and f"sent-step-{key}" in self.data else None
        form = self._form(action, old, data, f"step-{key}")
        timing = self._form(Step, step, data, f"when-{key}")
        return StepRow(key, _(action.title), form, timing, is_first)

    def _form(self, part: type[Struct], old: Struct | None, data: Any, prefix: str) -> VocabularyForm:
        form = VocabularyForm(part, old, data, prefix=prefix, setting=self.setting)
        for name, titles, empty in (
            ("segment", self.names.segments, _("Choose a segment")),
            ("template", self.names.templates, _("Choose a template")),
            ("tier", self.names.tiers, _("Choose a tier")),
        ):
            if name in form.fields and issubclass(part, Trigger | Action):
                _choose(form, name, cast("Mapping[Any, str]", titles), empty)
        return form

    # ------------------------------------------------------------ as a plan

    def plan(self) -> Plan | None:
        """What stands there; None where a field can't be read, which the forms say. What is missing in it, `faults`
        says: a draft may be kept so."""
        trigger = self.trigger.made() if self.trigger.is_bound or not self.trigger.fields else self._unsent()
        if not self.trigger.fields:
            trigger = self.trigger_class()
        steps: list[Step] = []
        for row in self.steps:
            made = row.action.made() if row.action.is_bound else None
            if made is None:
                made = row.action.old or actions.BY_KIND[row.key.partition("-")[2]]()
            after = row.timing.values() if row.timing.is_bound else {}
            if row.is_first:
                after = {}
            steps.append(Step(do=cast("Action", made), **after))
        timing, limits, order = self.timing.values(), self.limits.values(), self.order.values()
        forms_ = [self.trigger, self.timing, self.limits, self.order]
        forms_ += [form for row in self.steps for form in (row.action, row.timing)]
        if not all(form.is_valid() for form in forms_ if form.is_bound) or trigger is None:
            return None
        plan = Plan(
            trigger=cast("Trigger", trigger),
            steps=tuple(steps),
            timing=Timing(**timing),
            limits=Limits(**limits),
            order=Order(**order),
        )
        try:
            # Bounds that a type has and a form does not know.
            return read(stored(plan))
        except msgspec.ValidationError:
            self.wrong.append(_("A number is out of its bounds."))
            return None

    def _unsent(self) -> Any:
        return self.trigger.old or (self.trigger.made() if _has_defaults(self.trigger_class) else None)

    def complain(self, plan: Plan, precision: int) -> bool:
        """Faults beside their fields; whether there are any."""
        forms_ = {"trigger": self.trigger, "timing": self.timing, "limits": self.limits, "order": self.order}
        forms_ |= {f"step-{n}": row.action for n, row in enumerate(self.steps)}
        found = False
        for where, name, sentence in faults(plan, precision=precision):
            found = True
            form = forms_.get(where)
            if form is not None and form.is_bound and name in form.fields:
                form.add_error(name, sentence)
            else:
                self.wrong.append(sentence)
        return found

    @property
    def audience(self) -> int | None:
        chosen = self.head.cleaned_data.get("audience") if self.head.is_valid() else ""
        return int(chosen) if chosen else None


def _has_defaults(cls: type[Struct]) -> bool:
    try:
        cls()
    except TypeError:
        return False
    return True


def _choose(form: VocabularyForm, name: str, titles: Mapping[Any, str], empty: str) -> None:
    before = form.fields[name]
    initial = form.initial.get(name)
    numbers = not isinstance(initial, str)
    choices = [("", empty), *((str(key), title) for key, title in titles.items())]
    if initial and str(initial) not in dict(choices):
        choices.append((str(initial), _("(it is gone)")))
    made: Any = forms.TypedChoiceField(
        label=before.label,
        help_text=before.help_text,
        required=False,
        choices=choices,
        coerce=int if numbers else str,
        empty_value=cast("Any", 0 if numbers else ""),
    )
    made.template_name = "forms/field.html"
    form.fields[name] = made


def tag_of(part: Struct) -> str:
    return str(part.__struct_config__.tag)


def _known(key: str) -> bool:
    found = _KEY.fullmatch(key)
    return found is not None and found[2] in actions.BY_KIND


def trigger_kinds() -> list[tuple[Any, list[Kind]]]:
    """The vocabulary by chapters."""
    return [
        (
            title,
            [
                Kind(str(one.__struct_config__.tag), _(one.title), _(one.hint))
                for one in triggers.TRIGGERS
                if one.__module__.rpartition(".")[2] == module
            ],
        )
        for module, title in CHAPTERS
    ]


def action_kinds() -> list[Kind]:
    order = ("points", "certificates", "codes", "messages", "status")
    found = sorted(actions.ACTIONS, key=lambda one: order.index(one.__module__.rpartition(".")[2]))
    return [Kind(str(one.__struct_config__.tag), _(one.title), _(one.hint)) for one in found]
