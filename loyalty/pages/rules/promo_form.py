"""The short form of a promo: what, on which goods, where, when, out of which budget."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.pages.receipts.forms import DayInput
from loyalty.pages.rules.lists import NamesField
from merchants.forms import PageForm

KINDS: Final = [
    ("multiply", gettext_lazy("More points: times the usual ones")),
    ("percent", gettext_lazy("Points in percent, instead of the usual ones where these are fewer")),
    ("give", gettext_lazy("Points for a receipt")),
    ("discount", gettext_lazy("A discount in percent")),
]
FIELDS: Final = {"multiply": "by", "percent": "percent", "give": "points", "discount": "percent"}


class PromoForm(PageForm):
    title = forms.CharField(
        label=gettext_lazy("What the promo is called"),
        max_length=80,
        help_text=gettext_lazy("Clients see it on the receipt: “Coffee week”."),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it gives"), choices=KINDS, widget=forms.RadioSelect, initial="multiply"
    )
    value = forms.DecimalField(
        label=gettext_lazy("How much"),
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        localize=True,
        help_text=gettext_lazy("2 for twice the points, 10 for ten percent, 300 for three hundred points."),
    )
    categories = NamesField(
        label=gettext_lazy("Only these categories"), required=False, help_text=gettext_lazy("Empty: all goods.")
    )
    skus = NamesField(label=gettext_lazy("Only these articles (SKU)"), required=False)
    outlets = forms.MultipleChoiceField(
        label=gettext_lazy("Only at these outlets"), required=False, widget=forms.CheckboxSelectMultiple
    )
    minimum = forms.DecimalField(
        label=gettext_lazy("On receipts from"),
        required=False,
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        localize=True,
    )
    since = forms.DateField(label=gettext_lazy("First day"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To day, inclusive"), required=False, widget=DayInput)
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("Only on these days of the week"), required=False, widget=forms.CheckboxSelectMultiple
    )
    time_from = forms.TimeField(
        label=gettext_lazy("From hour"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    time_to = forms.TimeField(
        label=gettext_lazy("Until hour"), required=False, widget=forms.TimeInput(attrs={"type": "time"})
    )
    budget = forms.DecimalField(
        label=gettext_lazy("Budget"),
        required=False,
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
        localize=True,
        help_text=gettext_lazy(
            "In points, for a discount in money: when it is spent, the promo is over. Empty: without a limit."
        ),
    )

    def __init__(self, *args: Any, outlets: Mapping[str, str], precision: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.precision = precision
        self.fields["outlets"].choices = list(outlets.items())  # type: ignore[attr-defined]
        self.fields["weekdays"].choices = [(str(n + 1), name) for n, name in WEEKDAYS.items()]  # type: ignore[attr-defined]
        if len(outlets) < 2:
            del self.fields["outlets"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", _("It would end before it begins."))
        value, kind = data.get("value"), data.get("kind", "")
        if value is not None and kind == "multiply" and value <= 1:
            self.add_error("value", _("More than 1: with 1 nothing would change."))
        if value is not None and kind in ("percent", "discount") and value > 100:
            self.add_error("value", _("No more than 100 percent."))
        if not self.errors and not (since or until or data.get("weekdays") or data.get("budget")):
            self.add_error("until", _("Give it an end: a day or a budget. What lasts for ever is a rule."))
        return data

    def rule(self, known: Collection[str]) -> dict[str, Any]:
        """As the format of rules has it."""
        data = self.cleaned_data
        kind, n = data["kind"], 1
        while f"promo-{n}" in known:
            n += 1
        goods = {name: list(data[name]) for name in ("skus", "categories") if data[name]}
        limits = {"budget": f"{data['budget'].normalize():f}"} if data["budget"] else {}
        effect = {"kind": kind, FIELDS[kind]: f"{data['value'].normalize():f}"}
        return {
            "id": f"promo-{n}",
            "title": data["title"],
            "effect": effect,
            "goods": goods,
            "when": [*self._time(data), *self._place(data)],
            "limits": limits,
        }

    def _time(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        found: dict[str, Any] = {
            name: _iso(data[name]) for name in ("since", "until", "time_from", "time_to") if data[name]
        }
        if data["weekdays"]:
            found["weekdays"] = [int(one) for one in data["weekdays"]]
        return [{"kind": "period", **found}] if found else []

    def _place(self, data: dict[str, Any]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        if data.get("outlets"):
            found.append({"kind": "outlet", "outlets": list(data["outlets"])})
        if data["minimum"]:
            found.append({"kind": "minimum_receipt", "amount": f"{data['minimum'].normalize():f}"})
        return found


def _iso(value: dt.date | dt.time) -> str:
    return value.isoformat()
