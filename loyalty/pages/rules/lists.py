"""Several values in one field, as people type them: names, percents by level, rows of thresholds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.engine.effects.discounts import Step
from loyalty.pages.rules.fields import NumberField, shown

MOST_STEPS: Final = 20
_ITEM = re.compile(r'\s*"((?:[^"]|"")*)"\s*(?=[,;\n]|$)|([^,;\n]+)')


class NamesField(forms.CharField):
    """Texts separated by commas or lines, as a tuple; one that holds a comma stands in quotes."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}))
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return value
        found = (quoted.replace('""', '"') if quoted else plain for quoted, plain in _ITEM.findall(str(value or "")))
        return tuple(dict.fromkeys(name for one in found if (name := " ".join(one.split()))))

    def run_validators(self, value: Any) -> None:
        """Those of a text have nothing to say of several."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, tuple | list):
            return value
        return ", ".join(_quoted(name) for name in value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != self.to_python(self.prepare_value(initial or ())))


def _quoted(name: str) -> str:
    if any(sign in name for sign in ",;\n") or name.startswith('"'):
        return '"' + name.replace('"', '""') + '"'
    return name


class LevelsField(forms.CharField):
    """«5; 3; 1» as a tuple of numbers, the nearest level first."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.most = most

    def to_python(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return value
        text = str(value or "").strip()
        parts = re.split(r"\s*[;/\n]\s*|,\s+" if re.search(r"[;/\n]|,\s", text) else r"\s+", text)
        number = NumberField(required=False, least=Decimal(0))
        return tuple(number.clean(part.rstrip("%").strip()) for part in parts if part)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if len(value) > self.most:
            raise ValidationError(_("At most %(number)s numbers are possible here.") % {"number": self.most})

    def run_validators(self, value: Any) -> None:
        """Those of a text have nothing to say of several."""

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, tuple | list):
            return value
        return "; ".join(shown(one) for one in value)


class StepsWidget(forms.Widget):
    """Two numbers in a row: from how much, and how many percent. Some rows are left for more."""

    template_name = "rules/steps_widget.html"
    spare = 2
    least = 4

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        typed = [(str(one), str(other)) for one, other in value or ()]
        empty = max(self.least - len(typed), self.spare)
        rows = [*typed, *[("", "")] * empty][:MOST_STEPS]
        context["widget"]["rows"] = [
            {"from_name": f"{name}-{n}-from", "percent_name": f"{name}-{n}-percent", "from": one, "percent": other}
            for n, (one, other) in enumerate(rows)
        ]
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        found = ((data.get(f"{name}-{n}-from", ""), data.get(f"{name}-{n}-percent", "")) for n in range(MOST_STEPS))
        return [(one, other) for one, other in found if one.strip() or other.strip()]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-0-from" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-from" if id_ else id_


class StepsField(forms.Field):
    """Rows of thresholds as a tuple of `Step`."""

    widget = StepsWidget

    def to_python(self, value: Any) -> Any:
        steps, number = [], NumberField(required=True)
        for n, (one, other) in enumerate(value or (), start=1):
            try:
                steps.append(Step(number.clean(one), number.clean(other.replace("%", ""))))
            except ValidationError as error:
                said = _("Row %(number)s: %(fault)s") % {"number": n, "fault": " ".join(error.messages)}
                raise ValidationError(said, code="row") from None
        return tuple(sorted(steps, key=lambda step: step.at_least))

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Sequence) and value and isinstance(value[0], Step):
            return [(shown(step.at_least), shown(step.percent)) for step in value]
        return value or []

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != tuple(initial or ()))
        except ValidationError:
            return True
