"""The receipt beside the constructor: what is bought, by whom, when; worked out by the engine on the draft."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import Struct

from loyalty.engine.cart import Cart, Client, Day, Line, Upline, line
from loyalty.engine.conditions import WithCode
from loyalty.engine.quantities import ONE, ZERO
from loyalty.engine.quote import Quote, quote
from loyalty.engine.rulebook import Rulebook
from loyalty.explanations import Explained, explain, why_rejected
from loyalty.pages.rules.fields import NumberField
from loyalty.pages.rules.vocabulary import Setting
from loyalty.wording import Words
from merchants.forms import PageForm

LINES: Final = 3
# As many points as nobody has: only the rules limit what is spent.
PLENTY: Final = Decimal(10) ** 9
# A leap year: every day of any year is a day of it.
BORN: Final = 1992
MOST: Final = Decimal(10_000_000)


class Trial(Struct, frozen=True):
    """The receipt worked out, and why it came out so."""

    quote: Quote
    explained: tuple[Explained, ...]
    rejected: tuple[str, ...]
    tier: str


class LineForm(PageForm):
    amount = NumberField(label=gettext_lazy("Sum"), required=False, least=ZERO, most=MOST)
    quantity = NumberField(label=gettext_lazy("Pieces"), required=False, empty=ONE, least=Decimal("0.001"), most=MOST)
    category = forms.CharField(label=gettext_lazy("Category"), required=False, max_length=120)
    brand = forms.CharField(label=gettext_lazy("Brand"), required=False, max_length=120)
    sku = forms.CharField(label=gettext_lazy("SKU"), required=False, max_length=64)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("category", "brand", "sku"):
            self.fields[name].widget.attrs |= {"list": f"receipt-{name}", "autocomplete": "off"}

    def line(self, digits: int) -> Line | None:
        """None for an empty row, and for one that is half typed."""
        given = self.cleaned_data if self.is_valid() else {}
        if not given.get("amount"):
            return None
        return line(
            amount=given["amount"],
            quantity=given["quantity"],
            digits=digits,
            sku=given["sku"].strip(),
            name=given["sku"].strip(),
            category=given["category"].strip(),
            brand=given["brand"].strip(),
        )


class TrialForm(PageForm):
    tier = forms.ChoiceField(label=gettext_lazy("Tier of the client"), required=False)
    spent = NumberField(label=gettext_lazy("Bought before for"), required=False, empty=ZERO, least=ZERO, most=10 * MOST)
    visits = forms.IntegerField(label=gettext_lazy("Visits before"), required=False, min_value=0, max_value=100_000)
    first = forms.BooleanField(label=gettext_lazy("The first purchase"), required=False)
    birthday = forms.BooleanField(label=gettext_lazy("Birthday today"), required=False)
    invited = forms.BooleanField(label=gettext_lazy("A client has invited him"), required=False)
    points = forms.BooleanField(label=gettext_lazy("Pays with points as far as possible"), required=False)
    code = forms.CharField(label=gettext_lazy("Promo code"), required=False, max_length=40)
    outlet = forms.ChoiceField(label=gettext_lazy("Outlet"), required=False)
    at = forms.DateTimeField(
        label=gettext_lazy("Day and hour"),
        required=False,
        help_text=gettext_lazy("Empty: now."),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
    )

    def __init__(self, rulebook: Rulebook, setting: Setting, data: Any, *, total: Decimal) -> None:
        self.rulebook, self.total = rulebook, total
        sent = data if data is not None and "receipt-0-amount" in data else None
        super().__init__(sent, prefix="receipt")
        self.lines = [
            LineForm(
                sent, prefix=f"receipt-{n}", initial={"amount": None if n else total, "quantity": None if n else ONE}
            )
            for n in range(LINES)
        ]
        self._offer("tier", [("", _("by purchases")), *((tier.id, tier.title) for tier in rulebook.tiers)])
        self._offer("outlet", [("", _("any other")), *setting.outlets.items()])
        if not any(isinstance(condition, WithCode) for rule in rulebook.rules for condition in rule.when):
            del self.fields["code"]
        if not rulebook.tiers:
            del self.fields["tier"]
        if len(setting.outlets) < 2:
            del self.fields["outlet"]

    def _offer(self, name: str, choices: list[Any]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def names(self) -> Iterator[tuple[str, list[str]]]:
        """What the rules speak of, for the rows to choose from."""
        for kind, name in (("categories", "category"), ("brands", "brand"), ("skus", "sku")):
            named = (one for rule in self.rulebook.rules for one in getattr(rule.goods, kind))
            excepted = (one for rule in self.rulebook.rules for one in getattr(rule.goods, f"except_{kind}"))
            yield name, list(dict.fromkeys((*named, *excepted)))

    def trial(self, words: Words, now: dt.datetime) -> Trial:
        """What was typed wrong counts as not typed."""
        self.is_valid()
        given = self.cleaned_data if self.is_bound else {}
        at = given.get("at") or now
        digits = self.rulebook.program.currency_digits
        bought = [one for form in self.lines if (one := form.line(digits)) is not None]
        cart = Cart(
            tuple(bought) or (line(amount=self.total, digits=digits),),
            points="max" if given.get("points") else None,
            promo_codes=(given["code"],) if given.get("code") else (),
            outlet=given.get("outlet", ""),
        )
        computed = quote(self.rulebook, self._client(given, at), cart, at)
        rank = self.rulebook.tiers_by_id.get(computed.tier)
        return Trial(
            computed,
            tuple(explain(fact, words, rulebook=self.rulebook) for fact in computed.facts),
            tuple(f"{one.value}: {why_rejected(one, words)}" for one in computed.rejected),
            self.rulebook.tiers[rank].title if rank is not None else "",
        )

    def _client(self, given: dict[str, Any], at: dt.datetime) -> Client:
        day = self.rulebook.calendar.day_of(at)
        spent, visits = given.get("spent") or ZERO, given.get("visits") or 0
        first = given.get("first", False)
        came = 0 if first else max(visits, 1)
        before = day - dt.timedelta(days=1)
        return Client(
            confirmed=True,
            available=PLENTY if given.get("points") else ZERO,
            manual_tier=given.get("tier", ""),
            tier=given.get("tier", ""),
            spent=ZERO if first else spent,
            visits=came,
            purchases=came,
            birthday=day.replace(year=BORN) if given.get("birthday") else None,
            invited=given.get("invited", False),
            joined_on=day if first else day - dt.timedelta(days=365),
            last_purchase_on=None if first else before,
            days=() if first else (Day(before, spent),),
            uplines=tuple(Upline(level) for level in (1, 2, 3)) if given.get("invited") else (),
        )
