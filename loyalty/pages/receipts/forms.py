"""Filters of the list of receipts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import Return, Sale
from merchants.doors import Workplace
from merchants.forms import PageForm
from merchants.models import Outlet

# A part of a number, or a rare cashier, is looked for among the receipts of so many days, not of all years.
LOOKED_BACK: Final = dt.timedelta(days=92)

STATUSES: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("All receipts"),
    "sold": gettext_lazy("Sold"),
    "returned": gettext_lazy("With returns"),
    "voided": gettext_lazy("Voided"),
    "held": gettext_lazy("On hold"),
    "flagged": gettext_lazy("To be looked at"),
}
WHO: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("All"),
    "with": gettext_lazy("With a client"),
    "without": gettext_lazy("Without a client"),
}


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class FindForm(PageForm):
    """Addresses are edited by hand: what is wrong is as good as empty, and said beside the field."""

    since = forms.DateField(label=gettext_lazy("From day"), required=False, widget=DayInput)
    until = forms.DateField(label=gettext_lazy("To day"), required=False, widget=DayInput)
    outlet = forms.ModelChoiceField(Outlet.objects.none(), label=gettext_lazy("Outlet"), required=False)
    cashier = forms.CharField(
        label=gettext_lazy("Cashier"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"list": "cashiers", "autocomplete": "off"}),
    )
    who = forms.ChoiceField(label=gettext_lazy("Client"), required=False, choices=list(WHO.items()))
    status = forms.ChoiceField(label=gettext_lazy("Status"), required=False, choices=list(STATUSES.items()))
    number = forms.CharField(
        label=gettext_lazy("Receipt number"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, place: Workplace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outlet: Any = self.fields["outlet"]
        outlets = Outlet.objects.filter(merchant=place.merchant).order_by("name")
        outlet.queryset = outlets if place.outlets is None else outlets.filter(pk__in=place.outlets)
        outlet.empty_label = _("All outlets")
        outlet.label_from_instance = lambda one: one.name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("since") and data.get("until") and data["since"] > data["until"]:
            self.add_error("until", _("The last day comes before the first."))
        return data

    def asked(self) -> dict[str, Any]:
        """What is asked for, without what is empty or wrong."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}

    def filters(self, today: dt.date) -> tuple[Q, dt.date | None]:
        """The condition on sales; and the day from which it looks, where that was not asked for."""
        asked = self.asked()
        found, looked_from = Q(), None
        if {"cashier", "number", "status"} & set(asked) and "since" not in asked:
            looked_from = max(min(asked.get("until", today), today), dt.date.min + LOOKED_BACK) - LOOKED_BACK
        since = asked.get("since", looked_from)
        if since:
            found &= Q(local_day__gte=since)
        if "until" in asked:
            found &= Q(local_day__lte=asked["until"])
        if "outlet" in asked:
            found &= Q(outlet=asked["outlet"])
        if "cashier" in asked:
            found &= Q(cashier=asked["cashier"])
        if "who" in asked:
            found &= Q(account__isnull=asked["who"] == "without")
        if "number" in asked:
            found &= Q(receipt_number__contains=asked["number"])
        return found & _in_status(asked.get("status", "")), looked_from


def _in_status(status: str) -> Q:
    match status:
        case "sold":
            return Q(status=Sale.Status.COMMITTED)
        case "returned":
            returns = Return.objects.filter(program_id=OuterRef("program_id"), sale=OuterRef("pk"))
            return Q(Exists(returns), status=Sale.Status.COMMITTED)
        case "voided":
            return Q(status=Sale.Status.VOIDED)
        case "held":
            return Q(status=Sale.Status.HELD)
        case "flagged":
            return ~Q(flags=[])
        case _:
            return Q()
