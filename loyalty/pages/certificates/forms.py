"""Forms of the certificates: filters, what to issue, until when, to whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.certificates.codes import may_be, spelled
from loyalty.certificates.issuing import LARGEST_BATCH, Terms
from loyalty.certificates.rows import USUAL_DAYS
from loyalty.engine.calendar import Calendar
from loyalty.models import Certificate
from loyalty.pages.goods.forms import PriceField
from loyalty.pages.receipts.forms import DayInput
from merchants.forms import PageForm

SOON: Final = dt.timedelta(days=30)
LONGEST: Final = dt.timedelta(days=3650)
SHOW: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("All certificates"),
    "good": gettext_lazy("Good now"),
    "soon": gettext_lazy("End within 30 days"),
    "used": gettext_lazy("Used up"),
    "expired": gettext_lazy("Expired"),
    "cancelled": gettext_lazy("Cancelled"),
}
ORIGIN: Final[Mapping[str, Promise]] = {
    "": gettext_lazy("Sold and given away"),
    "sold": gettext_lazy("Sold ones"),
    "given": gettext_lazy("Given away ones"),
}
KINDS: Final = [
    ("sum", gettext_lazy("A sum: pays in parts until nothing is left")),
    ("percent", gettext_lazy("A percent: takes it off one receipt")),
    ("product", gettext_lazy("An article: pays one unit of it")),
]
ORIGINS: Final = [("sold", gettext_lazy("Sold: the money has been taken")), ("given", gettext_lazy("Given away"))]
NEEDED: Final = {"sum": "amount", "percent": "percent", "product": "sku"}


class FindForm(PageForm):
    """Addresses are edited by hand: what is wrong is as good as empty."""

    q = forms.CharField(
        label=gettext_lazy("Code or for whom"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    show = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=list(SHOW.items()))
    origin = forms.ChoiceField(label=gettext_lazy("Origin"), required=False, choices=list(ORIGIN.items()))
    batch = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def asked(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def filters(self) -> Q:
        """All but the state: that is a matter of the moment."""
        asked, found = self.asked(), Q()
        if text := asked.get("q", "").strip():
            code = spelled(text)
            by_code = Q(code=code) if may_be(code) else Q(code__endswith=code) if len(code) == 4 else Q(pk=None)
            found &= by_code | Q(for_whom__icontains=text)
        if "origin" in asked:
            found &= Q(is_sold=asked["origin"] == "sold")
        if "batch" in asked:
            found &= Q(batch=asked["batch"])
        return found


class IssueForm(PageForm):
    kind = forms.ChoiceField(label=gettext_lazy("What for"), choices=KINDS, widget=forms.RadioSelect, initial="sum")
    amount = PriceField(label=gettext_lazy("Sum"))
    percent = forms.DecimalField(
        label=gettext_lazy("Discount, %"),
        required=False,
        min_value=Decimal("0.01"),
        max_value=100,
        max_digits=5,
        decimal_places=2,
        localize=True,
    )
    sku = forms.CharField(
        label=gettext_lazy("SKU of the article"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Exactly as the till sends it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    title = forms.CharField(
        label=gettext_lazy("What it is called"),
        required=False,
        max_length=200,
        help_text=gettext_lazy("Stands on the certificate: “Two cappuccinos”, “For a birthday”."),
    )
    origin = forms.ChoiceField(
        label=gettext_lazy("Where it comes from"),
        choices=ORIGINS,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("One that was sold earns points like money when it pays; one given away does not."),
    )
    price = PriceField(
        label=gettext_lazy("Paid for one"),
        help_text=gettext_lazy("Only for a percent or an article that was sold: a sum costs what it holds."),
    )
    number = forms.IntegerField(
        label=gettext_lazy("How many"),
        min_value=1,
        max_value=LARGEST_BATCH,
        initial=1,
        help_text=gettext_lazy("Up to 500."),
    )
    last_day = forms.DateField(label=gettext_lazy("Good through"), widget=DayInput)
    for_whom = forms.CharField(label=gettext_lazy("For whom"), required=False, max_length=120)
    wish = forms.CharField(
        label=gettext_lazy("Wish"), required=False, max_length=250, widget=forms.Textarea(attrs={"rows": 2})
    )
    once = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, calendar: Calendar, now: dt.datetime, digits: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.calendar, self.now = calendar, now
        self.today = calendar.day_of(now)
        self.fields["last_day"].initial = self.today + dt.timedelta(days=USUAL_DAYS)
        for name in ("amount", "price"):
            self.fields[name].digits = digits  # type: ignore[attr-defined]

    def clean_last_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["last_day"]
        return checked_day(day, self.today)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        kind, needed = data.get("kind", ""), NEEDED.get(data.get("kind", ""), "")
        said = {"amount": _("Enter the sum."), "percent": _("Enter the percent."), "sku": _("Enter the SKU.")}
        if needed and needed not in self.errors and not data.get(needed):
            self.add_error(needed, said[needed])
        for other in set(NEEDED.values()) - {needed}:
            data[other] = None
        if kind == "sum" or data.get("origin") == "given":
            data["price"] = None
        return data

    @property
    def terms(self) -> Terms:
        data = self.cleaned_data
        return Terms(
            kind=data["kind"],
            amount=data["amount"] or Decimal(0),
            percent=data["percent"] or Decimal(0),
            sku=data["sku"] or "",
            title=data["title"],
            is_sold=data["origin"] == "sold",
            price=data["price"] or Decimal(0),
            expires_at=self.calendar.end_of(data["last_day"]),
            for_whom=data["for_whom"],
            wish=" ".join(data["wish"].split()),
        )


class ExtendForm(PageForm):
    last_day = forms.DateField(label=gettext_lazy("Good through"), widget=DayInput)
    reason = forms.CharField(label=gettext_lazy("Reason"), required=False, max_length=250)

    def __init__(self, *args: Any, certificate: Certificate, today: dt.date, calendar: Calendar, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.certificate, self.today, self.calendar = certificate, today, calendar
        self.before = calendar.day_of(certificate.expires_at - dt.timedelta(seconds=1))
        self.fields["last_day"].initial = max(self.before, today) + dt.timedelta(days=30)

    def clean_last_day(self) -> dt.date:
        day = checked_day(self.cleaned_data["last_day"], self.today)
        if day <= self.before:
            raise forms.ValidationError(_("It is good through that day already: take a later one."))
        return day

    @property
    def until(self) -> dt.datetime:
        return self.calendar.end_of(self.cleaned_data["last_day"])


class CancelForm(PageForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=250,
        help_text=gettext_lazy("For the audit log: lost, refunded, issued twice."),
    )


class SendForm(PageForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


def checked_day(day: dt.date, today: dt.date) -> dt.date:
    if day < today:
        raise forms.ValidationError(_("This day is over: take today or a later one."))
    if day > today + LONGEST:
        raise forms.ValidationError(_("No more than ten years ahead."))
    return day
