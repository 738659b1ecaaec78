"""What a back test is asked for with, and the figures of a shop without history."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.forms import PageForm

LENGTHS = (30, 90, 182, 365)


def decimal(label: Any, *, most: int, **options: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=0,
        max_value=most,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        **options,
    )


class BackTestForm(PageForm):
    since = forms.DateField(
        label=gettext_lazy("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    until = forms.DateField(
        label=gettext_lazy("Last day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    margin = decimal(
        gettext_lazy("Margin, %"),
        most=100,
        required=False,
        help_text=gettext_lazy("Of the prices on the shelf. With it the report tells the profit, too."),
    )

    def __init__(self, data: Any, *, today: dt.date) -> None:
        self.today = today
        super().__init__(data, initial={"since": today - dt.timedelta(days=89), "until": today})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and since > self.today:
            self.add_error("since", _("This day is yet to come."))
        elif since and until and until < since:
            self.add_error("until", _("The last day is before the first one."))
        return cleaned


class FileForm(PageForm):
    """Receipts of another system."""

    prefix = "file"

    file = forms.FileField(
        label=gettext_lazy("File of receipts"),
        help_text=gettext_lazy("CSV up to 50 MB and 1,000,000 lines, from Excel, 1C or a till."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}),
        allow_empty_file=True,
    )
    spend = forms.ChoiceField(
        label=gettext_lazy("What clients do with their points"),
        choices=[
            ("yes", gettext_lazy("Pay with as many as the rules allow")),
            ("no", gettext_lazy("Save them up")),
        ],
        initial="yes",
        widget=forms.RadioSelect,
    )
    margin = decimal(
        gettext_lazy("Margin, %"),
        most=100,
        required=False,
        help_text=gettext_lazy("Of the prices on the shelf. With it the report tells the profit, too."),
    )


class CalculatorForm(PageForm):
    receipts = forms.IntegerField(label=gettext_lazy("Receipts a month"), min_value=1, max_value=10_000_000)
    average = decimal(gettext_lazy("Average receipt"), most=10_000_000)
    margin = decimal(gettext_lazy("Margin, %"), most=100)
    with_card = decimal(gettext_lazy("Receipts with the card, %"), most=100)
    spent = decimal(
        gettext_lazy("Points that will be spent, %"),
        most=100,
        help_text=gettext_lazy("The others expire, or are forgotten."),
    )

    INITIAL = {
        "receipts": 1000,
        "average": Decimal(700),
        "margin": Decimal(30),
        "with_card": Decimal(60),
        "spent": Decimal(70),
    }
