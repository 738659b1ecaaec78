"""Numbers as people type them: with a comma or a point, with spaces between thousands."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.wording import spoken

_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?")


class NumberField(forms.CharField):
    """A Decimal, or `empty` for nothing. ValidationError `invalid` for what is no number, `range` outside of it."""

    def __init__(
        self, *, empty: Decimal | None = None, least: Decimal | None = None, most: Decimal | None = None, **kwargs: Any
    ) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.empty, self.least, self.most = empty, least, most

    def to_python(self, value: Any) -> Any:
        if isinstance(value, Decimal):
            return value
        text = re.sub(r"[\s\u00a0\u202f]", "", str(value or "")).replace(",", ".").replace("−", "-")
        if not text:
            return self.empty
        if not _NUMBER.fullmatch(text):
            raise ValidationError(_("Write a number such as 5 or 7.5."), code="invalid")
        return Decimal(text)

    def validate(self, value: Any) -> None:
        if value is None:
            super().validate(value)
            return
        low, high = self.least, self.most
        if (low is not None and value < low) or (high is not None and value > high):
            limits = {"low": shown(low or Decimal(0)), "high": shown(high or Decimal(0))}
            said = _("The number must be at least %(low)s.") if high is None else _("From %(low)s to %(high)s, please.")
            raise ValidationError(said % limits, code="range")

    def run_validators(self, value: Any) -> None:
        """Those of a text have nothing to say of a number."""

    def prepare_value(self, value: Any) -> Any:
        return shown(value) if isinstance(value, Decimal) else value


def shown(value: Decimal) -> str:
    """`7,5`: all that the number has, without zeros that say nothing."""
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace(".", ",") if spoken() == "ru" else text
