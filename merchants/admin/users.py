"""People who log in. They come by invitation; a platform operator is made here or by `createsuperuser`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants.admin.base import PlatformAdmin
from merchants.admin.panels import Panel, link
from merchants.models import Member, User


class UserForm(forms.ModelForm[User]):
    by: User

    class Meta:
        labels = {"name": gettext_lazy("Full name"), "is_superuser": gettext_lazy("Has all rights")}
        help_texts = {
            "is_staff": gettext_lazy("Enters this admin, if the next box is ticked, too."),
            "is_superuser": gettext_lazy("An operator of the platform needs both."),
        }

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        keys = ("is_active", "is_staff", "is_superuser")
        if self.instance.pk == self.by.pk and not all(self.cleaned_data.get(key) for key in keys):
            raise ValidationError(_("You can't shut yourself out. Ask another operator."))
        return data


@admin.register(User)
class UserAdmin(PlatformAdmin[User]):
    form = UserForm
    list_display = ("email", "full_name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("email", "date_joined", "last_login")
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    @admin.display(description=gettext_lazy("full name"), ordering="name")
    def full_name(self, user: User) -> str:
        return user.name

    def panels(self, request: HttpRequest, row: User) -> Sequence[Panel]:
        members = Member.objects.of(row).order_by("merchant__name")[:50]
        return (
            Panel(
                _("Teams"),
                (_("Merchant"), _("Programme"), _("Role"), _("Active")),
                [
                    (link(member, member.merchant), member.program, member.get_role_display(), member.is_active)
                    for member in members
                ],
                empty=_("Belongs to no team."),
            ),
        )
