"""The six questions of the wizard."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from loyalty.pages.rules.fields import NumberField
from loyalty.starting import CURRENCIES, Answers
from loyalty.wording import currency
from merchants.forms import PageForm

LIVES = (0, 90, 180, 365, 730)


def _lives() -> list[tuple[int, str]]:
    never = str(_("they never expire"))
    return [
        (days, ngettext("%(days)s day", "%(days)s days", days) % {"days": days} if days else never) for days in LIVES
    ]


def _currencies() -> list[tuple[str, str]]:
    return [(code, currency(code)) for code in CURRENCIES]


class StartForm(PageForm):
    token = forms.UUIDField(widget=forms.HiddenInput)
    name = forms.CharField(
        label=_("What is your shop called?"),
        max_length=120,
        help_text=_("Clients see this name on their card and on the poster."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "organization"}),
    )
    outlet = forms.CharField(
        label=_("Name of the outlet"),
        required=False,
        max_length=120,
        help_text=_("For example “Lesnaya 5”. Leave it empty if there is only one: it will be called as the shop is."),
    )
    currency = forms.ChoiceField(label=_("Currency"), choices=_currencies, initial="RUB")
    percent = NumberField(
        label=_("How many percent of a purchase come back as points?"),
        initial=Decimal(5),
        least=Decimal(0),
        most=Decimal(100),
        help_text=_("Coffee shops mostly give 5 to 10 %, shops 3 to 5 %. One point pays 1 unit of money."),
    )
    max_percent = NumberField(
        label=_("How many percent of a receipt may points pay?"),
        initial=Decimal(50),
        least=Decimal(0),
        most=Decimal(100),
        help_text=_("50 means that at least half of each receipt is paid with money."),
    )
    days = forms.TypedChoiceField(
        label=_("How long do points live?"),
        choices=_lives,
        coerce=int,
        initial=365,
        help_text=_("Clients come back sooner when points have a term."),
    )
    tiers = forms.BooleanField(
        label=_("Three tiers: the more a client buys, the higher the percent"), required=False, initial=False
    )


def answers_of(form: StartForm, pin: str) -> Answers:
    """What is answered so far: a question with a fault has its usual answer, for the example beside it."""
    form.is_valid()
    usual = {name: field.initial for name, field in form.fields.items()}
    given: Mapping[str, Any] = {**usual, **getattr(form, "cleaned_data", {})}
    return Answers(
        token=str(given["token"] or ""),
        pin=pin,
        name=" ".join((given["name"] or "").split()),
        outlet=" ".join((given["outlet"] or "").split()),
        currency=given["currency"],
        percent=given["percent"],
        max_percent=given["max_percent"],
        days=given["days"],
        tiers=given["tiers"],
    )
