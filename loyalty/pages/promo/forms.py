"""Forms of promo codes: a new batch, its dates, a code to look up."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.engine.calendar import Calendar
from loyalty.models import PromoBatch
from loyalty.pages.goods.forms import PriceField
from loyalty.pages.receipts.forms import DayInput
from loyalty.promo import audiences
from loyalty.promo.terms import LONGEST, MOST, SHORTEST, Terms, length_for
from merchants.forms import PageForm
from merchants.models import Merchant

KINDS: Final = [
    ("shared", gettext_lazy("One code for everybody: “NOVEMBER”")),
    ("unique", gettext_lazy("A code for each: good once, nobody guesses it")),
]
GIVES: Final = [
    ("percent", gettext_lazy("A discount in percent")),
    ("sum", gettext_lazy("A discount of a sum")),
    ("points", gettext_lazy("Points after the purchase")),
    ("product", gettext_lazy("One product for nothing")),
    ("rule", gettext_lazy("What a rule of the programme says")),
]
NEEDED: Final = {"percent": "percent", "sum": "amount", "points": "points"}


class BatchForm(PageForm):
    name = forms.CharField(
        label=gettext_lazy("What the offer is called"),
        min_length=2,
        max_length=80,
        help_text=gettext_lazy("Clients see it on the receipt: “Spring”, “For the first order”."),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Which codes"), choices=KINDS, widget=forms.RadioSelect, initial="shared"
    )
    word = forms.CharField(
        label=gettext_lazy("Code"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Letters and digits, as clients type it. Capitals make no difference."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    size = forms.IntegerField(
        label=gettext_lazy("How many codes"),
        required=False,
        min_value=1,
        max_value=MOST,
        initial=100,
        help_text=gettext_lazy("Up to 1,000,000."),
    )
    beginning = forms.CharField(
        label=gettext_lazy("Each begins with"),
        required=False,
        max_length=8,
        help_text=gettext_lazy("Latin letters and digits, or nothing."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    length = forms.IntegerField(
        label=gettext_lazy("Characters by chance"),
        required=False,
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text=gettext_lazy("Empty: as many as it takes that nobody guesses one."),
    )
    gives = forms.ChoiceField(
        label=gettext_lazy("What a code gives"), choices=GIVES, widget=forms.RadioSelect, initial="percent"
    )
    percent = forms.DecimalField(
        label=gettext_lazy("Discount, %"),
        required=False,
        min_value=0.01,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        localize=True,
    )
    at_most = PriceField(label=gettext_lazy("At most, in money"), help_text=gettext_lazy("Empty: without a limit."))
    amount = PriceField(label=gettext_lazy("Discount of a sum"))
    points = PriceField(label=gettext_lazy("Points"))
    sku = forms.CharField(
        label=gettext_lazy("Only this article (SKU)"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Exactly as the till sends it. Empty: all goods."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    category = forms.CharField(label=gettext_lazy("Only this category"), required=False, max_length=120)
    minimum = PriceField(label=gettext_lazy("On receipts from"))
    first_purchase = forms.BooleanField(label=gettext_lazy("On a client’s first purchase only"), required=False)
    per_client = forms.IntegerField(
        label=gettext_lazy("Times for one client"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=gettext_lazy("With a limit the receipt has to name a client. Empty: as often as he likes."),
    )
    total_limit = forms.IntegerField(
        label=gettext_lazy("Times for all together"),
        required=False,
        min_value=1,
        max_value=100_000_000,
        help_text=gettext_lazy("Then the offer is over. Empty: without a limit."),
    )
    audience = forms.ChoiceField(label=gettext_lazy("For whom"), required=False)
    first_day = forms.DateField(label=gettext_lazy("First day"), required=False, widget=DayInput)
    last_day = forms.DateField(label=gettext_lazy("To day, inclusive"), required=False, widget=DayInput)
    stacks = forms.BooleanField(
        label=gettext_lazy("Adds up with other promo codes of the receipt"),
        required=False,
        help_text=gettext_lazy("Otherwise the best of them for the client counts."),
    )

    def __init__(self, *args: Any, merchant: Merchant, calendar: Calendar, digits: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        for name in ("amount", "minimum", "at_most"):
            self.fields[name].digits = digits  # type: ignore[attr-defined]
        self.fields["points"].digits = merchant.program.precision  # type: ignore[attr-defined]
        segments = [(str(key), name) for key, name in audiences.known().choices(merchant)]
        self.fields["audience"].choices = [("", _("all clients")), *segments]  # type: ignore[attr-defined]
        self.segments = dict(segments)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._check_codes(data)
        self._check_worth(data)
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It would end before it begins."))
        if data.get("first_purchase"):
            data["per_client"] = 1
        return data

    def _check_codes(self, data: dict[str, Any]) -> None:
        if data.get("kind") == "shared":
            if not data.get("word") and "word" not in self.errors:
                self.add_error("word", _("Enter the code."))
            data |= {"size": 1, "beginning": "", "length": 0}
            return
        data["word"] = ""
        if not data.get("size") and "size" not in self.errors:
            self.add_error("size", _("Enter how many."))
        elif data.get("size") and not data.get("length") and "length" not in self.errors:
            data["length"] = max(8, length_for(data["size"]))

    def _check_worth(self, data: dict[str, Any]) -> None:
        gives = data.get("gives", "")
        needed = NEEDED.get(gives)
        said = {"percent": _("Enter the percent."), "amount": _("Enter the sum."), "points": _("Enter the points.")}
        if needed and not data.get(needed) and needed not in self.errors:
            self.add_error(needed, said[needed])
        for other in set(NEEDED.values()) - {needed}:
            data[other] = None
        if gives == "product" and not (data.get("sku") or data.get("category")):
            self.add_error("sku", _("Name the article or its category."))
        if gives in ("points", "rule"):
            data |= {"sku": "", "category": ""}
        if data.get("sku") and data.get("category"):
            self.add_error("category", _("An article or a category, not both."))

    @property
    def terms(self) -> Terms:
        data, calendar = self.cleaned_data, self.calendar
        return Terms(
            name=data["name"],
            kind=data["kind"],
            gives=data["gives"],
            word=data["word"].strip(),
            prefix=data["beginning"].upper(),
            length=data["length"] or 0,
            size=data["size"],
            percent=data["percent"],
            amount=data["at_most"] if data["gives"] == "percent" else data["amount"],
            points=data["points"],
            sku=data["sku"],
            category=data["category"],
            minimum=data["minimum"] or Decimal(0),
            total_limit=data["total_limit"],
            per_client=data["per_client"],
            first_purchase=data["first_purchase"],
            audience=int(data["audience"]) if data["audience"] else None,
            stacks=data["stacks"],
            starts_at=calendar.start_of(data["first_day"]) if data["first_day"] else None,
            ends_at=calendar.end_of(data["last_day"]) if data["last_day"] else None,
        )


class DatesForm(PageForm):
    first_day = forms.DateField(label=gettext_lazy("First day"), required=False, widget=DayInput)
    last_day = forms.DateField(
        label=gettext_lazy("To day, inclusive"),
        required=False,
        widget=DayInput,
        help_text=gettext_lazy("Empty: without an end."),
    )

    def __init__(self, *args: Any, batch: PromoBatch, calendar: Calendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar = calendar
        if batch.starts_at is not None:
            self.fields["first_day"].initial = calendar.day_of(batch.starts_at)
        if batch.ends_at is not None:
            self.fields["last_day"].initial = calendar.day_of(batch.ends_at - dt.timedelta(seconds=1))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("It would end before it begins."))
        return data

    @property
    def dates(self) -> tuple[dt.datetime | None, dt.datetime | None]:
        first, last = self.cleaned_data["first_day"], self.cleaned_data["last_day"]
        return self.calendar.start_of(first) if first else None, self.calendar.end_of(last) if last else None


class CheckForm(PageForm):
    code = forms.CharField(
        label=gettext_lazy("Promo code"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
    )
