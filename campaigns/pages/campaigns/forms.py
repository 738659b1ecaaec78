from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import CampaignSettings
from loyalty.engine.quantities import ZERO
from loyalty.pages.rules.fields import NumberField
from merchants.forms import PageForm


class RulesForm(PageForm):
    daily_cap = forms.IntegerField(
        label=_("Campaigns for one client in a day, at most"),
        min_value=1,
        max_value=20,
        help_text=_("The one with the higher priority comes first; the others wait or leave him out."),
    )
    holdout = NumberField(
        label=_("Held out of all campaigns, share of clients in %"),
        required=False,
        empty=ZERO,
        least=ZERO,
        most=Decimal(50),
        help_text=_(
            "Always the same clients: they show what the campaigns bring all together. 0: nobody. Another share is "
            "another group: the comparison begins anew."
        ),
    )

    def __init__(self, data: Any, *, instance: CampaignSettings | None) -> None:
        self.instance = instance or CampaignSettings()
        initial = {"daily_cap": self.instance.daily_cap, "holdout": self.instance.holdout}
        super().__init__(data, initial=initial)

    def clean(self) -> dict[str, Any]:
        for name in ("daily_cap", "holdout"):
            if name in self.cleaned_data:
                setattr(self.instance, name, self.cleaned_data[name])
        return self.cleaned_data
