"""The forms of the team: who may do what, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from merchants.access import Action
from merchants.doors import Workplace
from merchants.forms import PageForm
from merchants.models import Outlet, Role
from merchants.pages.scope import outlets_of

WHAT_ROLES_DO: Mapping[Role, Promise] = {
    Role.OWNER: gettext_lazy("everything, and makes others owners"),
    Role.MANAGER: gettext_lazy("everything but making owners: rules, team, tills, settings, figures"),
    Role.OPERATOR: gettext_lazy("clients, points by hand, receipts and returns; sees the rules, not the figures"),
    Role.CASHIER: gettext_lazy("the till page alone"),
    Role.READER: gettext_lazy("looks at figures, receipts, clients and rules, changes nothing"),
}


def roles_for(place: Workplace) -> list[Role]:
    """The roles that the member may give."""
    return [role for role in Role if role != Role.OWNER or place.may(Action.MAKE_OWNERS)]


class OutletsField(forms.ModelMultipleChoiceField[Outlet]):
    widget = forms.CheckboxSelectMultiple

    def __init__(self) -> None:
        super().__init__(Outlet.objects.none(), label=gettext_lazy("Where"), required=False)


class AtOutlets(PageForm):
    """Somebody who works at some outlets; none chosen means all of them, which a manager of some can't give."""

    outlets = OutletsField()

    def __init__(self, *args: Any, place: Workplace, chosen: Iterable[Outlet] = (), **kwargs: Any) -> None:
        keys = [outlet.pk for outlet in chosen]
        kwargs["initial"] = {"outlets": keys} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        field: Any = self.fields["outlets"]
        # A closed outlet is not offered, but whoever belongs to it goes on belonging.
        field.queryset = outlets_of(place).filter(Q(is_active=True) | Q(pk__in=keys))
        field.required = place.outlets is not None
        if not field.required:
            field.help_text = gettext_lazy("None chosen means all of them.")


class RoleForm(AtOutlets):
    role = forms.ChoiceField(label=gettext_lazy("Role"), widget=forms.RadioSelect)
    field_order = ["email", "role", "outlets"]

    def __init__(self, *args: Any, place: Workplace, **kwargs: Any) -> None:
        super().__init__(*args, place=place, **kwargs)
        field: Any = self.fields["role"]
        field.choices = [(role, f"{capfirst(role.label)}: {WHAT_ROLES_DO[role]}") for role in roles_for(place)]


class InviteForm(RoleForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("A letter with a link goes there. It is good for a week and for one person."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class CashierForm(AtOutlets):
    name = forms.CharField(
        label=gettext_lazy("Name of the person"),
        max_length=64,
        help_text=gettext_lazy("As it will stand in receipts and on the till page."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ["name", "pin", "outlets"]


class NewCashierForm(CashierForm):
    pin = forms.CharField(
        label=gettext_lazy("PIN"),
        max_length=6,
        help_text=gettext_lazy("4 to 6 digits. This one is random; another will do as well."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "pattern": "[0-9]{4,6}"}),
    )


class PinForm(PageForm):
    pin = forms.CharField(
        label=gettext_lazy("New PIN"),
        max_length=6,
        help_text=gettext_lazy("4 to 6 digits. The old one stops working at once."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric", "pattern": "[0-9]{4,6}"}),
    )


class ResetForm(PageForm):
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=250, help_text=gettext_lazy("For the audit log."))
