"""The Z-reports' form: a row for each day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext as _

from insights.telling import Teller, date
from insights.z_reports import Shift
from merchants.forms import PageForm


class MoneyInput(forms.DecimalField):
    """A sum as people type it: `12 500,50`."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(max_digits=14, decimal_places=2, min_value=0, required=False, widget=widget, **options)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # the stubs derive it from integers
        typed = "".join(str(value or "").split()).replace(",", ".")
        return super().to_python(typed.removesuffix("₽"))


@dataclass(frozen=True)
class DayRow:
    shift: Shift
    total: BoundField
    receipts: BoundField
    sure: BoundField | None


class ZReportForm(PageForm):
    """`entered` are the days whose figures were changed, once the form is valid."""

    def __init__(self, *args: Any, shifts: Sequence[Shift], teller: Teller, **options: Any) -> None:
        self.shifts, self.teller = shifts, teller
        self.asks: set[dt.date] = set()
        super().__init__(*args, **options)
        for shift in shifts:
            said = {"day": date(shift.day)}
            report = shift.report
            self.fields[f"total-{shift.day}"] = MoneyInput(
                label=_("Total of %(day)s") % said,
                initial=_plain(report.total) if report else None,
            )
            self.fields[f"receipts-{shift.day}"] = forms.IntegerField(
                label=_("Receipts of %(day)s") % said,
                min_value=0,
                max_value=1_000_000,
                required=False,
                initial=report.receipts if report else None,
                widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
            )
            self.fields[f"sure-{shift.day}"] = forms.BooleanField(
                label=_("The total of %(day)s is right all the same") % said, required=False
            )

    @property
    def rows(self) -> Iterator[DayRow]:
        for shift in self.shifts:
            sure = self[f"sure-{shift.day}"] if shift.day in self.asks else None
            yield DayRow(shift, self[f"total-{shift.day}"], self[f"receipts-{shift.day}"], sure)

    @property
    def entered(self) -> Iterator[tuple[dt.date, Decimal | None, int | None]]:
        for shift in self.shifts:
            yield shift.day, *self._typed(shift)

    def clean(self) -> None:
        for shift in self.shifts:
            total, receipts = self._typed(shift)
            if self.errors.keys() & {f"total-{shift.day}", f"receipts-{shift.day}"}:
                continue
            if total is None and receipts is not None:
                self.add_error(f"total-{shift.day}", _("Enter the total of the day, too."))
            elif total is not None:
                self._compare(shift, total, receipts)

    def _compare(self, shift: Shift, total: Decimal, receipts: int | None) -> None:
        """Less than what went with the card can't be all of it; who knows better says so."""
        too_few = receipts is not None and receipts < shift.receipts_with
        if total >= shift.money_with and not too_few:
            return
        report = shift.report
        if report and (report.total, report.receipts) == (total, receipts):
            return
        self.asks.add(shift.day)
        if self.cleaned_data.get(f"sure-{shift.day}"):
            return
        if total < shift.money_with:
            said = _("Receipts with the card alone make %(money)s. Correct the total, or confirm it.")
            self.add_error(f"total-{shift.day}", said % {"money": self.teller.words.money(shift.money_with)})
        if too_few:
            said = _("There were %(count)s receipts with the card alone. Correct the number, or confirm it.")
            self.add_error(f"receipts-{shift.day}", said % {"count": shift.receipts_with})

    def _typed(self, shift: Shift) -> tuple[Decimal | None, int | None]:
        return self.cleaned_data.get(f"total-{shift.day}"), self.cleaned_data.get(f"receipts-{shift.day}")


def _plain(amount: Decimal) -> str:
    """Without kopecks that are not there, as one would type it."""
    return f"{amount:f}".removesuffix(".00").replace(".", ",")
