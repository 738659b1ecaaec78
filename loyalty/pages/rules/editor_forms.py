"""The fields of the editor, by the parts of the rules that they change. Their names are those of the format."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct, structs

from loyalty.engine.quantities import HUNDRED, ZERO
from loyalty.engine.rulebook import (
    CalendarPeriod,
    Caps,
    LastDays,
    Lifetime,
    Points,
    Spending,
    Status,
    Tier,
    Window,
)
from loyalty.pages.rules.expiry_fields import EXPIRY_FIELDS, check_expiry, chosen_expiry, shown_expiry
from loyalty.pages.rules.fields import NumberField
from merchants.forms import PageForm

S = TypeVar("S", bound=Struct)
LONGEST: Final = 3660
NEW_TIER: Final = Tier("new", "")


class Part(PageForm, Generic[S]):
    """A form over one struct of the rules. What nobody has touched keeps the value that it had, to the digit."""

    def __init__(self, data: Any, old: S, **kwargs: Any) -> None:
        self.old = old
        super().__init__(data, initial=self.initial_of(old), **kwargs)

    def initial_of(self, old: S) -> dict[str, Any]:
        return {name: getattr(old, name) for name in self.base_fields if name in old.__struct_fields__}

    def touched(self) -> dict[str, Any]:
        """The fields that say something else than the old value; those with a fault keep the old one."""
        if not self.is_bound:
            return {}
        self.is_valid()
        return {name: self.cleaned_data[name] for name in self.changed_data if name in self.cleaned_data}

    @property
    def is_open(self) -> bool:
        """Whether a folded part has something to show: a fault, or anything else than the usual."""
        return bool(self.errors) or self.made() != type(self.old)()

    def made(self) -> S:
        names = set(self.old.__struct_fields__)
        return structs.replace(self.old, **{name: new for name, new in self.touched().items() if name in names})


class BaseForm(PageForm):
    """The plain rules that nearly every programme has: a percent of everything, and points on joining."""

    percent = NumberField(label=gettext_lazy("Percent of every purchase"), required=False, least=ZERO, most=HUNDRED)
    welcome = NumberField(label=gettext_lazy("Welcome points"), required=False, least=ZERO)


class PointsForm(Part[Points]):
    value = NumberField(label=gettext_lazy("What one point pays"))
    rounding = forms.ChoiceField(
        label=gettext_lazy("Rounding of earned points"),
        choices=[
            ("down", gettext_lazy("down")),
            ("half_up", gettext_lazy("to the nearest")),
            ("up", gettext_lazy("up")),
        ],
    )
    earn_on = forms.ChoiceField(
        label=gettext_lazy("Points are earned on"),
        choices=[
            ("money", gettext_lazy("what is paid with money")),
            ("total", gettext_lazy("the whole receipt, with the part paid by points")),
        ],
    )
    earn_when_redeeming = forms.BooleanField(
        label=gettext_lazy("A receipt that points paid a part of earns, too"), required=False
    )
    pending_days = forms.IntegerField(
        label=gettext_lazy("Points can be spent after, days"), min_value=0, max_value=LONGEST
    )
    expiry_kind = forms.ChoiceField(
        label=gettext_lazy("Points expire"),
        choices=[
            ("never", gettext_lazy("never")),
            ("days", gettext_lazy("some days after earning")),
            ("date", gettext_lazy("on a date")),
        ],
    )
    expiry_days = forms.IntegerField(
        label=gettext_lazy("After how many days"), required=False, min_value=1, max_value=LONGEST
    )
    expiry_date = forms.DateField(
        label=gettext_lazy("On which date"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    inactivity_days = forms.IntegerField(
        label=gettext_lazy("All points are gone after so many days without a purchase"),
        required=False,
        min_value=1,
        max_value=LONGEST,
    )
    debt = forms.ChoiceField(
        label=gettext_lazy("When points of a returned purchase are spent already"),
        choices=[
            ("allow", gettext_lazy("the next points make up for them")),
            ("clamp", gettext_lazy("the rest is forgiven")),
        ],
    )
    reinstate_days = forms.IntegerField(
        label=gettext_lazy("Points that come back after their time live, days"), min_value=0, max_value=LONGEST
    )
    late_days = forms.IntegerField(label=gettext_lazy("How old a receipt may be, days"), min_value=0, max_value=LONGEST)

    def initial_of(self, old: Points) -> dict[str, Any]:
        return super().initial_of(old) | shown_expiry(old.expiry)

    def clean(self) -> dict[str, Any]:
        check_expiry(self)
        return self.cleaned_data

    def made(self) -> Points:
        points = super().made()
        if self.touched().keys() & EXPIRY_FIELDS:
            chosen = chosen_expiry(self.cleaned_data, points.expiry)
            points = structs.replace(points, expiry=chosen or points.expiry)
        return points


class SpendingForm(Part[Spending]):
    max_percent = NumberField(label=gettext_lazy("Points pay at most, percent of a receipt"), least=ZERO, most=HUNDRED)
    per_receipt = NumberField(label=gettext_lazy("At most on one receipt, points"), required=False)
    per_day = NumberField(label=gettext_lazy("At most in one day, points"), required=False)
    min_points = NumberField(label=gettext_lazy("At least at once, points"), required=False, empty=ZERO)
    step = NumberField(label=gettext_lazy("In steps of, points"), required=False)
    redeem_from = NumberField(
        label=gettext_lazy("Spending begins with a balance of, points"), required=False, empty=ZERO
    )
    min_line_price = NumberField(
        label=gettext_lazy("Points pay only for goods that cost at least"), required=False, empty=ZERO, least=ZERO
    )
    confirm_phone = forms.BooleanField(
        label=gettext_lazy("Spending by phone number needs a code from the client"), required=False
    )
    line_minimum = forms.ChoiceField(
        label=gettext_lazy("A unit of goods costs at least"), choices=[("0", "0"), ("0.01", "0,01"), ("1", "1")]
    )
    round_to_pay = forms.BooleanField(label=gettext_lazy("Round the sum to pay down to whole units"), required=False)

    def initial_of(self, old: Spending) -> dict[str, Any]:
        return super().initial_of(old) | {"confirm_phone": "phone" in old.confirm}

    def made(self) -> Spending:
        spending = super().made()
        if "confirm_phone" in self.touched():
            others = tuple(way for way in spending.confirm if way != "phone")
            wanted = self.cleaned_data["confirm_phone"]
            spending = structs.replace(spending, confirm=("phone", *others) if wanted else others)
        return spending


class CapsForm(Part[Caps]):
    """The most that a client earns, all rules together. Empty is without a limit."""

    per_receipt = NumberField(label=gettext_lazy("On one receipt at most, points"), required=False, least=ZERO)
    per_day = NumberField(label=gettext_lazy("In a day at most, points"), required=False, least=ZERO)
    per_week = NumberField(label=gettext_lazy("In a week at most, points"), required=False, least=ZERO)
    per_month = NumberField(label=gettext_lazy("In a month at most, points"), required=False, least=ZERO)


class StatusForm(Part[Status]):
    """How tiers are kept."""

    window_kind = forms.ChoiceField(
        label=gettext_lazy("What counts for a tier"),
        choices=[
            ("lifetime", gettext_lazy("everything since joining")),
            ("days", gettext_lazy("the last days")),
            ("calendar", gettext_lazy("the present month, quarter or year")),
        ],
    )
    window_days = forms.IntegerField(
        label=gettext_lazy("How many last days"), required=False, min_value=7, max_value=1100
    )
    window_unit = forms.ChoiceField(
        label=gettext_lazy("Which period"),
        required=False,
        choices=[
            ("month", gettext_lazy("the month")),
            ("quarter", gettext_lazy("the quarter")),
            ("year", gettext_lazy("the year")),
        ],
    )
    downgrade = forms.ChoiceField(
        label=gettext_lazy("When too little is bought, the tier"),
        choices=[
            ("never", gettext_lazy("is kept for ever")),
            ("at_once", gettext_lazy("falls at once")),
            ("period_end", gettext_lazy("falls at the end of the next period")),
        ],
    )
    grace_days = forms.IntegerField(label=gettext_lazy("It falls so many days later"), min_value=0, max_value=LONGEST)
    fall = forms.ChoiceField(
        label=gettext_lazy("It falls"),
        choices=[
            ("straight", gettext_lazy("to where the client belongs")),
            ("one_step", gettext_lazy("one tier at a time")),
        ],
    )

    def initial_of(self, old: Status) -> dict[str, Any]:
        window: dict[str, Any] = {"window_kind": "lifetime", "window_unit": "year"}
        match old.window:
            case LastDays(days=days):
                window |= {"window_kind": "days", "window_days": days}
            case CalendarPeriod(unit=unit):
                window = {"window_kind": "calendar", "window_unit": unit}
        return super().initial_of(old) | window

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if given.get("window_kind") == "days" and given.get("window_days") is None and "window_days" not in self.errors:
            self.add_error("window_days", ValidationError(_("Say how many days."), code="required"))
        return given

    def made(self) -> Status:
        status = super().made()
        if any(name.startswith("window_") for name in self.touched()):
            status = structs.replace(status, window=self._window(status.window))
        return status

    def _window(self, old: Window) -> Window:
        given = self.cleaned_data
        match given.get("window_kind"):
            case "lifetime":
                return Lifetime()
            case "days" if given.get("window_days") is not None:
                return LastDays(given["window_days"])
            case "calendar" if given.get("window_unit"):
                return CalendarPeriod(given["window_unit"])
        return old


class TierForm(Part[Tier]):
    title = forms.CharField(label=gettext_lazy("Title"), max_length=120, strip=False)
    spent = NumberField(label=gettext_lazy("From a sum of purchases"), required=False)
    visits = forms.IntegerField(label=gettext_lazy("Or from visits"), required=False, min_value=0, max_value=10**9)
    referrals = forms.IntegerField(
        label=gettext_lazy("Or from invited clients"), required=False, min_value=0, max_value=10**9
    )
    earn_percent = NumberField(label=gettext_lazy("Earns, %"), required=False, least=ZERO, most=HUNDRED)
    discount_percent = NumberField(
        label=gettext_lazy("Discount, %"), required=False, empty=ZERO, least=ZERO, most=HUNDRED
    )
    max_percent = NumberField(label=gettext_lazy("Points pay at most, %"), required=False, least=ZERO, most=HUNDRED)
    gift = NumberField(label=gettext_lazy("Gift, points"), required=False, empty=ZERO)

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if not title.strip():
            raise ValidationError(_("Call the tier somehow."), code="required")
        return title
