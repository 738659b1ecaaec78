"""Settings: how many points the team may add and deduct by hand. The owner's page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from loyalty import hand_limits
from merchants.access import Action
from merchants.doors import Workplace, members_only
from merchants.forms import PageForm
from merchants.models import Role


def _most(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        required=False,
        max_digits=12,
        decimal_places=2,
        localize=True,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )


class HandLimitsForm(PageForm):
    operator_add_once = _most(gettext_lazy("Add in one operation, at most"))
    operator_add_day = _most(gettext_lazy("Add in a day, at most"))
    operator_deduct_once = _most(gettext_lazy("Deduct in one operation, at most"))
    operator_deduct_day = _most(gettext_lazy("Deduct in a day, at most"))
    manager_add_once = _most(gettext_lazy("Add in one operation, at most"))
    manager_add_day = _most(gettext_lazy("Add in a day, at most"))
    manager_deduct_once = _most(gettext_lazy("Deduct in one operation, at most"))
    manager_deduct_day = _most(gettext_lazy("Deduct in a day, at most"))

    def of(self, role: Role) -> list[Any]:
        return [self[f"{role}_{name}"] for name in hand_limits.FIELDS]

    def limits(self) -> dict[Role, dict[str, Decimal | None]]:
        return {
            role: {name: self.cleaned_data[f"{role}_{name}"] for name in hand_limits.FIELDS}
            for role in hand_limits.LIMITED
        }


@members_only(Action.LIMIT_POINTS)
@require_http_methods(["GET", "HEAD", "POST"])
def points_limits(request: HttpRequest, place: Workplace) -> HttpResponse:
    form = HandLimitsForm(request.POST if request.method == "POST" else None, initial=_now(place))
    if form.is_valid():
        try:
            hand_limits.change(merchant=place.merchant, limits=form.limits(), now=timezone.now(), by=place.user)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("points_limits", place.merchant.pk)
    sections = [
        (_("An operator"), form.of(Role.OPERATOR)),
        (_("A manager"), form.of(Role.MANAGER)),
    ]
    return render(request, "settings/points_limits.html", {"form": form, "sections": sections})


def _now(place: Workplace) -> dict[str, Decimal | None]:
    return {
        f"{role}_{name}": _short(getattr(row, name))
        for role, row in hand_limits.of(place.merchant).items()
        for name in hand_limits.FIELDS
    }


def _short(value: Decimal | None) -> Decimal | None:
    """A whole number without its noughts."""
    return value.quantize(Decimal(1)) if value is not None and value == value.to_integral_value() else value
