"""The parts that every rule has besides its effect and its conditions: its name, goods, limits, and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import structs

from loyalty.engine.conditions import Goods
from loyalty.engine.effects import DiscountEffect, Effect
from loyalty.engine.quantities import ZERO
from loyalty.engine.rulebook import Limits, Rule
from loyalty.pages.rules.editor_forms import LONGEST, Part
from loyalty.pages.rules.expiry_fields import EXPIRY_FIELDS, check_expiry, chosen_expiry, shown_expiry
from loyalty.pages.rules.fields import NumberField
from loyalty.pages.rules.lists import NamesField


class HeadForm(Part[Rule]):
    """What the rule is called, and whether it works."""

    title = forms.CharField(
        label=gettext_lazy("Name of the rule"),
        max_length=120,
        strip=False,
        help_text=gettext_lazy("Clients and cashiers see it where a receipt is explained."),
    )
    enabled = forms.BooleanField(label=gettext_lazy("The rule is switched on"), required=False)

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if not title.strip():
            raise ValidationError(_("Call the rule somehow."), code="required")
        return title


class GoodsForm(Part[Goods]):
    """Which goods the rule is about; nothing means all."""

    KINDS: Final = {
        "skus": "sku",
        "categories": "category",
        "brands": "brand",
        "except_skus": "sku",
        "except_categories": "category",
        "except_brands": "brand",
    }

    categories = NamesField(label=gettext_lazy("Only the categories"), required=False)
    brands = NamesField(label=gettext_lazy("Only the brands"), required=False)
    skus = NamesField(label=gettext_lazy("Only the goods (SKU)"), required=False)
    except_categories = NamesField(label=gettext_lazy("Except the categories"), required=False)
    except_brands = NamesField(label=gettext_lazy("Except the brands"), required=False)
    except_skus = NamesField(label=gettext_lazy("Except the goods (SKU)"), required=False)

    def __init__(self, data: Any, old: Goods, *, suggest: str = "", **kwargs: Any) -> None:
        super().__init__(data, old, **kwargs)
        if suggest:
            self.find_in(suggest)

    def find_in(self, suggest: str) -> None:
        """The address at which the directory suggests goods."""
        for name, kind in self.KINDS.items():
            self.fields[name].widget.attrs["data-suggest"] = f"{suggest}?kind={kind}"


OF_POINTS: Final[Mapping[str, Promise]] = {
    "per_receipt": gettext_lazy("For one receipt at most, points"),
    "per_day": gettext_lazy("For a client in a day at most, points"),
    "per_week": gettext_lazy("For a client in a week at most, points"),
    "per_month": gettext_lazy("For a client in a month at most, points"),
    "per_client": gettext_lazy("For a client in all at most, points"),
    "budget": gettext_lazy("For all clients together at most, points"),
}
OF_MONEY: Final[Mapping[str, Promise]] = {
    "per_receipt": gettext_lazy("For one receipt at most, money"),
    "per_day": gettext_lazy("For a client in a day at most, money"),
    "per_week": gettext_lazy("For a client in a week at most, money"),
    "per_month": gettext_lazy("For a client in a month at most, money"),
    "per_client": gettext_lazy("For a client in all at most, money"),
    "budget": gettext_lazy("For all clients together at most, money"),
}


class LimitsForm(Part[Limits]):
    """The most that the rule gives. Empty is without a limit."""

    per_receipt = NumberField(required=False, least=ZERO)
    per_day = NumberField(required=False, least=ZERO)
    per_week = NumberField(required=False, least=ZERO)
    per_month = NumberField(required=False, least=ZERO)
    per_client = NumberField(required=False, least=ZERO)
    budget = NumberField(required=False, least=ZERO)
    times_per_day = forms.IntegerField(
        label=gettext_lazy("Receipts of a client in a day at most"), required=False, min_value=1, max_value=10**6
    )
    times_per_month = forms.IntegerField(
        label=gettext_lazy("Receipts of a client in a month at most"), required=False, min_value=1, max_value=10**6
    )
    times_per_client = forms.IntegerField(
        label=gettext_lazy("Receipts of a client in all at most"), required=False, min_value=1, max_value=10**6
    )
    uses = forms.IntegerField(
        label=gettext_lazy("Receipts of all clients together at most"), required=False, min_value=1, max_value=10**9
    )

    def __init__(self, data: Any, old: Limits, *, effect: type[Effect], **kwargs: Any) -> None:
        super().__init__(data, old, **kwargs)
        for name, label in (OF_MONEY if issubclass(effect, DiscountEffect) else OF_POINTS).items():
            self.fields[name].label = label  # type: ignore[assignment]  # lazy, as those of classes


class RestForm(Part[Rule]):
    """What few rules need: a group, a life of its points, what it closes."""

    group = forms.CharField(
        label=gettext_lazy("Does not add up with (name of a group)"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Of the rules with the same group, the one that gives the client most applies."),
    )
    closes = forms.MultipleChoiceField(
        label=gettext_lazy("Goods with this discount"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[
            ("points", gettext_lazy("can’t be paid with points")),
            ("earning", gettext_lazy("earn no points")),
        ],
    )
    pending_days = forms.IntegerField(
        label=gettext_lazy("These points can be spent after, days"),
        required=False,
        min_value=0,
        max_value=LONGEST,
        help_text=gettext_lazy("Empty: as all points of the programme."),
    )
    expiry_kind = forms.ChoiceField(
        label=gettext_lazy("These points expire"),
        choices=[
            ("", gettext_lazy("as all points of the programme")),
            ("never", gettext_lazy("never")),
            ("days", gettext_lazy("some days after earning")),
            ("date", gettext_lazy("on a date")),
        ],
        required=False,
    )
    expiry_days = forms.IntegerField(
        label=gettext_lazy("After how many days"), required=False, min_value=1, max_value=LONGEST
    )
    expiry_date = forms.DateField(
        label=gettext_lazy("On which date"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, data: Any, old: Rule, *, effect: type[Effect], groups: tuple[str, ...] = (), **kwargs: Any):
        super().__init__(data, old, **kwargs)
        discount = issubclass(effect, DiscountEffect)
        for name in ("pending_days", "expiry_kind", "expiry_days", "expiry_date") if discount else ("closes",):
            del self.fields[name]
        self.fields["group"].widget.attrs |= {"list": "groups", "autocomplete": "off"}
        self.groups = groups

    def initial_of(self, old: Rule) -> dict[str, Any]:
        return super().initial_of(old) | shown_expiry(old.expiry)

    def clean_closes(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["closes"])

    def clean(self) -> dict[str, Any]:
        check_expiry(self)
        return self.cleaned_data

    def made(self) -> Rule:
        rule = super().made()
        if self.touched().keys() & EXPIRY_FIELDS:
            rule = structs.replace(rule, expiry=chosen_expiry(self.cleaned_data, rule.expiry))
        return rule
