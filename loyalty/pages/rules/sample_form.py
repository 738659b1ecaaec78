"""The receipt under the rules: how large, whose, paid with points or not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from loyalty.engine.rulebook import Rulebook
from loyalty.pages.rules.fields import NumberField
from loyalty.samples import Sample, categories, sample
from loyalty.wording import Words
from merchants.forms import PageForm


class SampleForm(PageForm):
    total = NumberField(label=_("Sum of the receipt"), least=Decimal("0.01"), most=Decimal(10_000_000))
    tier = forms.ChoiceField(label=_("Tier of the client"), required=False)
    category = forms.ChoiceField(label=_("Category of the goods"), required=False)
    points = forms.BooleanField(label=_("Pays with points as far as possible"), required=False)

    def __init__(self, rulebook: Rulebook, data: QueryDict, *, total: Decimal) -> None:
        self.rulebook, self.usual = rulebook, total
        super().__init__(data if "total" in data else None, initial={"total": total}, auto_id="sample_%s")
        self._offer("tier", [(tier.id, tier.title) for tier in rulebook.tiers])
        named = [(name, name) for name in categories(rulebook)]
        self._offer("category", [("", _("any other")), *named] if named else [])

    def _offer(self, name: str, choices: list[Any]) -> None:
        if choices:
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields[name]

    def sample(self, words: Words, at: dt.datetime) -> Sample:
        """The usual receipt where what was typed in makes none."""
        given = self.cleaned_data if self.is_valid() else {}
        return sample(
            self.rulebook,
            words,
            total=given.get("total") or self.usual,
            at=at,
            tier=given.get("tier", ""),
            points=given.get("points", False),
            category=given.get("category", ""),
        )
