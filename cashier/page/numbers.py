"""Sums as people key them in («1 234,50 ₽»), read by the numbers of the till API."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from cashier.api.answers.quantities import shortest
from cashier.api.input.errors import Invalid
from cashier.api.input.numbers import Money, PointsOrMax, Quantity
from cashier.api.problems.values import sentence

# Spaces of all kinds, apostrophes between thousands, and the sign of the currency.
_NOISE = re.compile(r"[\s\u2009\u202f\u00a0'’₽р]", re.IGNORECASE)
ALL = "всё"
_ALL = re.compile(r"вс[её]|max|all", re.IGNORECASE)


class NumberField(forms.CharField):
    """A number of one of the API's kinds; `cleaned_data` holds a Decimal, "max", or None for nothing."""

    def __init__(self, *, kind: Any, inputmode: str = "decimal", **options: Any) -> None:
        self.kind = kind
        widget = forms.TextInput(attrs={"inputmode": inputmode, "autocomplete": "off"})
        super().__init__(**{"max_length": 24, "widget": widget, **options})

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        if _ALL.fullmatch(text) and "max" in self.kind.words:
            return "max"
        plain = _NOISE.sub("", text).replace(",", ".")
        if not plain:
            return None
        try:
            return self.kind.read(plain)
        except Invalid as error:
            raise ValidationError(self._sentence(error), code=error.code) from None

    def _sentence(self, error: Invalid) -> str:
        if error.code != "not_a_number":
            return sentence(error.code, error.facts)
        return _("Enter the sum in digits, for instance 350 or 349.90.") if self.kind is Money else _("Enter digits.")

    def run_validators(self, value: Any) -> None:
        """The kind has said all there is to say; Django's would take the number for a text."""

    def validate(self, value: Any) -> None:
        if self.required and value is None:
            raise ValidationError(self.error_messages["required"], code="required")


def money_field(**options: Any) -> NumberField:
    return NumberField(kind=Money, **options)


def quantity_field(**options: Any) -> NumberField:
    return NumberField(kind=Quantity, **options)


def points_field(**options: Any) -> NumberField:
    return NumberField(kind=PointsOrMax, **options)


def spelled(value: Decimal | str | None) -> str:
    """A number for a field: `1234,50`, `17`, `0,35`; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, str):
        return ALL
    whole = value == value.to_integral_value()
    return (shortest(value) if whole else format(value, "f")).replace(".", ",")
