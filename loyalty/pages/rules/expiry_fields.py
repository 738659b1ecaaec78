"""The fields that say when points expire: of all rules, and of a rule whose points live otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from loyalty.engine.rulebook import AfterDays, Expiry, Never, OnDate

# `expiry_kind` is «never», «days», «date», or empty: as all rules have it.
EXPIRY_FIELDS = frozenset({"expiry_kind", "expiry_days", "expiry_date"})


def shown_expiry(expiry: Expiry | None) -> dict[str, Any]:
    """What the fields begin with."""
    match expiry:
        case Never():
            return {"expiry_kind": "never"}
        case AfterDays(days=days):
            return {"expiry_kind": "days", "expiry_days": days}
        case OnDate(date=date):
            return {"expiry_kind": "date", "expiry_date": date}
    return {"expiry_kind": ""}


def check_expiry(form: forms.Form) -> None:
    """A kind that needs a number or a date has got it; otherwise the error stands beside the field."""
    given = form.cleaned_data
    for kind, said in (("days", _("Say after how many days.")), ("date", _("Say the date."))):
        name = f"expiry_{kind}"
        if given.get("expiry_kind") == kind and given.get(name) is None and name not in form.errors:
            form.add_error(name, ValidationError(said, code="required"))


def chosen_expiry(given: Mapping[str, Any], old: Expiry | None) -> Expiry | None:
    """What was chosen; the old one where the fields don't come to any."""
    match given.get("expiry_kind"):
        case "":
            return None
        case "never":
            return Never()
        case "days" if given.get("expiry_days") is not None:
            return AfterDays(given["expiry_days"])
        case "date" if given.get("expiry_date") is not None:
            return OnDate(given["expiry_date"])
    return old
