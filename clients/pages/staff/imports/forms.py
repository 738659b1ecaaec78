"""Forms of an import: the file, how it is read, its columns and what the owner wants."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clients.imports import encodings, tables
from clients.imports.choices import Choices, Existing, Expiry
from clients.imports.columns import CLIENTS, Vocabulary
from clients.imports.receipts.choices import ReceiptChoices, Unknown
from clients.imports.receipts.columns import RECEIPTS
from clients.imports.tables import Layout
from clients.pages.staff.forms import DayInput
from merchants.forms import PageForm

SEPARATORS: Final[Sequence[tuple[str, Promise]]] = [
    (";", gettext_lazy("semicolon")),
    (",", gettext_lazy("comma")),
    ("\t", gettext_lazy("tab")),
]
MOST_DAYS: Final = 3660


class FileForm(PageForm):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy(
            "XLSX or CSV, up to a million lines. Nothing changes yet: first you see what the file would do."
        ),
        widget=forms.FileInput(
            attrs={
                "accept": ".csv,.txt,.tsv,.xlsx,text/csv,"
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            }
        ),
        allow_empty_file=True,
    )


class LayoutForm(PageForm):
    """How the file is read, where we guessed wrong."""

    header = forms.IntegerField(
        label=gettext_lazy("Line with the names of the columns"),
        min_value=0,
        max_value=tables.LOOKED_THROUGH,
        help_text=gettext_lazy("0 if there is none."),
    )
    encoding = forms.ChoiceField(label=gettext_lazy("Encoding"), choices=list(encodings.NAMES.items()))
    separator = forms.ChoiceField(
        label=gettext_lazy("Between columns stands a"), choices=list(SEPARATORS), required=False
    )

    def __init__(self, *args: Any, layout: Layout, **kwargs: Any) -> None:
        super().__init__(*args, initial=msgspec.to_builtins(layout), prefix="layout", **kwargs)
        self.layout = layout
        # A browser would cut a tab off.
        self.fields["separator"].strip = False  # type: ignore[attr-defined]
        if layout.kind == "xlsx":
            del self.fields["encoding"], self.fields["separator"]

    @property
    def chosen(self) -> Layout:
        return msgspec.convert({**msgspec.to_builtins(self.layout), **self.cleaned_data}, Layout)


class ColumnsForm(forms.Form):
    """What each column of the file is; drawn as a table, with what stands in it."""

    def __init__(
        self, *args: Any, titles: Sequence[str], chosen: Sequence[str], words: Vocabulary = CLIENTS, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.words = words
        choices = [("", _("don’t load")), *words.titles.items()]
        for place, title in enumerate(titles):
            self.fields[f"column{place}"] = forms.ChoiceField(
                label=title,
                choices=choices,
                required=False,
                initial=chosen[place] if place < len(chosen) else "",
                widget=forms.Select(attrs={"class": "form-select", "aria-label": title}),
            )
        self.width = len(titles)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen: dict[str, str] = {}
        for name, column in list(data.items()):
            if column and column in seen:
                self.add_error(name, _("“%(column)s” is chosen twice.") % {"column": self.words.titles[column]})
            seen.setdefault(column, name)
        if not self.errors and (lacking := self.lacking(set(seen))):
            raise forms.ValidationError(lacking)
        return data

    def lacking(self, chosen: set[str]) -> str:
        """What has to be there and is not."""
        if self.words is RECEIPTS:
            if "at" not in chosen:
                return _("Say which column has the date of the receipt.")
            if "amount" not in chosen and not {"price", "quantity"} <= chosen:
                return _("Say which column has the sum, or which have the price and the quantity.")
        elif not {"phone", "card", "virtual"} & chosen:
            return _("Say which column has the phone or the card number: without them a till finds nobody.")
        return ""

    @property
    def chosen(self) -> list[str]:
        return [self.cleaned_data[f"column{place}"] for place in range(self.width)]


class ChoicesForm(PageForm):
    existing = forms.ChoiceField(
        label=gettext_lazy("Clients whom you have already"),
        choices=[
            (Existing.SKIP, gettext_lazy("leave as they are")),
            (Existing.FILL, gettext_lazy("fill in what is empty with them")),
            (Existing.OVERWRITE, gettext_lazy("replace their data with the file’s (empty cells change nothing)")),
        ],
        widget=forms.RadioSelect,
    )
    add_balances = forms.BooleanField(
        label=gettext_lazy("Add the file’s points to what they have, once"),
        required=False,
        help_text=gettext_lazy(
            "A balance is never replaced. If the same client comes in another file, his points are not added again."
        ),
    )
    expiry = forms.ChoiceField(
        label=gettext_lazy("When the points expire if the file does not say it"),
        choices=[
            (Expiry.RULES, gettext_lazy("as your programme’s points do, from today")),
            (Expiry.DAYS, gettext_lazy("in so many days")),
            (Expiry.DATE, gettext_lazy("after a day")),
            (Expiry.NEVER, gettext_lazy("never")),
        ],
        widget=forms.RadioSelect,
    )
    expires_days = forms.IntegerField(label=gettext_lazy("Days"), required=False, min_value=1, max_value=MOST_DAYS)
    expires_on = forms.DateField(label=gettext_lazy("Last day of the points"), required=False, widget=DayInput())
    round_points = forms.BooleanField(
        label=gettext_lazy("Round points down to what your programme counts"),
        required=False,
        help_text=gettext_lazy("Otherwise lines with finer points are refused."),
    )
    tier_until = forms.DateField(
        label=gettext_lazy("Keep tiers above what was bought until"),
        required=False,
        widget=DayInput(),
        help_text=gettext_lazy("Empty: for good."),
    )
    all_consented = forms.BooleanField(
        label=gettext_lazy("All clients of the file have agreed to the processing of their data"),
        required=False,
        help_text=gettext_lazy("You have their consents, and can show them."),
    )

    def __init__(self, *args: Any, choices: Choices, today: dt.date, **kwargs: Any) -> None:
        super().__init__(*args, initial={**msgspec.structs.asdict(choices)}, **kwargs)
        self.today = today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("expiry") == Expiry.DAYS and not data.get("expires_days") and "expires_days" not in self.errors:
            self.add_error("expires_days", _("Say how many days."))
        if data.get("expiry") == Expiry.DATE and not data.get("expires_on") and "expires_on" not in self.errors:
            self.add_error("expires_on", _("Say which day."))
        for field in ("expires_on", "tier_until"):
            if (day := data.get(field)) and day < self.today:
                self.add_error(field, _("This day has passed."))
            elif day and day > self.today + dt.timedelta(days=MOST_DAYS):
                self.add_error(field, _("This day is too far ahead."))
        return data

    @property
    def chosen(self) -> Choices:
        return Choices(
            **{
                **self.cleaned_data,
                "existing": Existing(self.cleaned_data["existing"]),
                "expiry": Expiry(self.cleaned_data["expiry"]),
            }
        )


class ReceiptChoicesForm(PageForm):
    outlet = forms.TypedChoiceField(
        label=gettext_lazy("Outlet of receipts that name none"), required=False, coerce=int, empty_value=None
    )
    unknown = forms.ChoiceField(
        label=gettext_lazy("Receipts of clients whom you have not"),
        choices=[
            (Unknown.ANONYMOUS, gettext_lazy("load without a client")),
            (Unknown.REFUSE, gettext_lazy("refuse: the client base comes first")),
        ],
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, choices: ReceiptChoices, outlets: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, initial={"outlet": choices.outlet, "unknown": choices.unknown}, **kwargs)
        field: Any = self.fields["outlet"]
        if len(outlets) == 1:
            del self.fields["outlet"]
        else:
            field.choices = [("", _("refuse such lines")), *outlets]

    @property
    def chosen(self) -> ReceiptChoices:
        return ReceiptChoices(unknown=Unknown(self.cleaned_data["unknown"]), outlet=self.cleaned_data.get("outlet"))
