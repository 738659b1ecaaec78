"""Tills and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants import tills
from merchants.access import tenant
from merchants.admin.acts import Act, ActForm, Shown
from merchants.admin.base import PlatformAdmin, ReadOnlyAdmin
from merchants.admin.panels import Panel, link
from merchants.admin.widgets import Checkboxes
from merchants.models import Scope, Till, TillKey, User


class ScopesForm(ActForm):
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What the till may do"),
        choices=Scope.choices,
        initial=[Scope.SELL, Scope.ENROL, Scope.READ],
        widget=Checkboxes,
    )


class IssueKey(Act[Till]):
    slug = "issue-key"
    title = gettext_lazy("Issue a key")
    icon = "key"
    form = ScopesForm

    def seen(self) -> str:
        return str(TillKey.objects.filter(till=self.row).count())

    def says(self) -> Sequence[str]:
        return (
            _("The key is shown once, on the next page. Keep it ready to be entered at the till."),
            _("Earlier keys stay valid until they are revoked."),
        )

    def do(self, data: dict[str, Any]) -> Shown:
        key = tills.issue_key(till=self.row, scopes=data["scopes"], by=self.by, now=self.now)
        return Shown(
            _("Key of the till “%(till)s”") % {"till": self.row},
            key,
            (
                _("This key is shown only now: we keep no copy that could be read. Enter it at the till, or copy it."),
                _("If it is lost, issue another one and revoke this one."),
            ),
        )


class RevokeKey(Act[TillKey]):
    slug = "revoke"
    title = gettext_lazy("Revoke")
    icon = "key_off"
    dangerous = True

    @classmethod
    def possible(cls, row: TillKey) -> bool:
        return row.revoked_at is None

    def seen(self) -> str:
        return str(self.row.revoked_at or "")

    def says(self) -> Sequence[str]:
        return (
            _("The till “%(till)s” can't sell with the key %(key)s any more, from the next receipt on.")
            % {"till": self.row.till, "key": self.row},
            _("This can't be undone: issue another key first if the till has to go on selling."),
        )

    def do(self, data: dict[str, Any]) -> str:
        tills.revoke_key(key=self.row, by=self.by, now=self.now, reason=data["reason"])
        return _("The key %(key)s is revoked.") % {"key": self.row}


class TillForm(forms.ModelForm[Till]):
    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        outlet, name = self.cleaned_data.get("outlet"), self.cleaned_data.get("name", "")
        if outlet and Till.objects.filter(outlet=outlet, name=name.strip()).exclude(pk=self.instance.pk).exists():
            raise ValidationError({"name": _("The outlet has a till of this name.")})
        return data


@admin.register(Till)
class TillAdmin(PlatformAdmin[Till]):
    form = TillForm
    list_display = ("name", "at_outlet", "of_merchant", "in_program", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("outlet", "merchant", "program")
    search_fields = ("name", "outlet__name")
    autocomplete_fields = ("outlet",)
    acts = (IssueKey,)

    def get_fields(self, request: HttpRequest, obj: Till | None = None) -> Any:
        return ("at_outlet", "name", "is_active") if obj else ("outlet", "name")

    def get_readonly_fields(self, request: HttpRequest, obj: Till | None = None) -> tuple[str, ...]:
        return ("at_outlet",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Till, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        elif isinstance(request.user, User):
            with tenant(obj.outlet.program_id):
                made = tills.register_till(outlet=obj.outlet, name=obj.name, by=request.user, now=timezone.now())
            obj.pk, obj.program_id, obj.merchant_id = made.pk, made.program_id, made.merchant_id

    def record(self, request: HttpRequest, row: Till, verb: str, details: dict[str, Any]) -> None:
        if verb != "added":  # the service has recorded that
            super().record(request, row, verb, details)

    def panels(self, request: HttpRequest, row: Till) -> Sequence[Panel]:
        keys = TillKey.objects.filter(till=row).order_by("-pk")[:50]
        return (
            Panel(
                _("Till keys"),
                (_("Key"), _("Scopes"), _("Issued"), _("Revoked")),
                [(link(key), scopes_of(key), key.created_at, key.revoked_at) for key in keys],
                empty=_("No key yet: the till can't sell."),
            ),
        )


@admin.register(TillKey)
class TillKeyAdmin(ReadOnlyAdmin[TillKey]):
    list_display = ("hint_shown", "at_till", "in_program", "may", "created_at", "revoked_at")
    list_select_related = ("till__outlet", "program")
    search_fields = ("till__name", "till__outlet__name", "hint")
    fields = ("hint_shown", "at_till", "in_program", "may", "created_at", "revoked_at")
    acts = (RevokeKey,)

    @admin.display(description=gettext_lazy("key"))
    def hint_shown(self, key: TillKey) -> str:
        return str(key)

    @admin.display(description=gettext_lazy("scopes"))
    def may(self, key: TillKey) -> str:
        return scopes_of(key)


def scopes_of(key: TillKey) -> str:
    return ", ".join(str(Scope(scope).label) if scope in Scope else scope for scope in key.scopes)
