"""Members of the merchants' teams and the invitations to join them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from merchants import invitations, members, second_factor
from merchants.admin.acts import Act, ActForm, ReasonForm
from merchants.admin.base import ReadOnlyAdmin
from merchants.admin.widgets import Checkboxes, EmailInput, Select
from merchants.models import Invitation, Member, Merchant, Outlet, Role


class InviteForm(ActForm):
    email = forms.EmailField(label=gettext_lazy("E-mail"), widget=EmailInput)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, initial=Role.OWNER, widget=Select)
    outlets: Any = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Outlets"),
        queryset=None,
        required=False,
        widget=Checkboxes,
        help_text=gettext_lazy("None chosen means all of them."),
    )


class RoleForm(ReasonForm):
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=Role.choices, widget=Select)
    outlets: Any = InviteForm.base_fields["outlets"]
    field_order = ("seen", "role", "outlets", "reason")


class Invite(Act[Merchant]):
    slug = "invite"
    title = gettext_lazy("Invite a person")
    icon = "person_add"
    form = InviteForm

    def prepare(self, form: ActForm) -> None:
        form.fields["outlets"].queryset = Outlet.objects.filter(merchant=self.row).order_by("name")  # type: ignore[attr-defined]

    def seen(self) -> str:
        return str(Invitation.objects.filter(merchant=self.row).count())

    def says(self) -> Sequence[str]:
        return (_("The person gets an e-mail with a link that is good for a week."),)

    def do(self, data: dict[str, Any]) -> str:
        sent = invitations.invite(
            merchant=self.row,
            email=data["email"],
            role=Role(data["role"]),
            outlets=data["outlets"],
            site=self.site,
            by=self.by,
            now=self.now,
        )
        return _("%(email)s is invited.") % {"email": sent.email}


class RevokeInvitation(Act[Invitation]):
    slug = "revoke"
    title = gettext_lazy("Revoke")
    icon = "cancel"
    dangerous = True

    @classmethod
    def possible(cls, row: Invitation) -> bool:
        return row.accepted_at is None and row.revoked_at is None

    def says(self) -> Sequence[str]:
        return (_("The link in the e-mail to %(email)s stops working.") % {"email": self.row.email},)

    def do(self, data: dict[str, Any]) -> str:
        invitations.revoke(invitation=self.row, by=self.by, now=self.now, reason=data["reason"])
        return _("The invitation is revoked.")


class ChangeRole(Act[Member]):
    slug = "role"
    title = gettext_lazy("Change the role")
    icon = "badge"
    form = RoleForm

    @classmethod
    def possible(cls, row: Member) -> bool:
        return row.is_active

    def prepare(self, form: ActForm) -> None:
        outlets = Outlet.objects.filter(merchant=self.row.merchant_id).order_by("name")
        form.fields["outlets"].queryset = outlets  # type: ignore[attr-defined]
        form.initial = {"role": self.row.role, "outlets": self.row.outlets.all()}

    def seen(self) -> str:
        return self.row.role

    def do(self, data: dict[str, Any]) -> str:
        members.change_role(
            member=self.row,
            role=Role(data["role"]),
            outlets=data["outlets"],
            by=self.by,
            now=self.now,
            reason=data["reason"],
        )
        return _("The role is changed.")


class Deactivate(Act[Member]):
    slug = "deactivate"
    title = gettext_lazy("Deactivate")
    icon = "person_off"
    dangerous = True

    @classmethod
    def possible(cls, row: Member) -> bool:
        return row.is_active

    def says(self) -> Sequence[str]:
        return (
            _("%(person)s loses all access to “%(merchant)s”. What was done in this name stays.")
            % {"person": self.row.user, "merchant": self.row.merchant},
        )

    def do(self, data: dict[str, Any]) -> str:
        members.deactivate(member=self.row, by=self.by, now=self.now, reason=data["reason"])
        return _("%(person)s has no access any more.") % {"person": self.row.user}


class ResetSecondFactor(Act[Member]):
    slug = "second-factor"
    title = gettext_lazy("Reset the two-factor login")
    icon = "lock_reset"
    dangerous = True

    @classmethod
    def possible(cls, row: Member) -> bool:
        return row.is_active and second_factor.has_one(row.user)

    def says(self) -> Sequence[str]:
        return (
            _("Make sure that it is really %(person)s who asks. Codes stop working, all logins end.")
            % {"person": self.row.user},
        )

    def do(self, data: dict[str, Any]) -> str:
        second_factor.reset(member=self.row, by=self.by, now=self.now, reason=data["reason"])
        return _("The two-factor login is reset. %(person)s gets a letter.") % {"person": self.row.user}


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin[Member]):
    list_display = ("of_user", "role", "of_merchant", "in_program", "is_active", "created_at")
    list_filter = ("role", "is_active")
    list_select_related = ("user", "merchant", "program")
    search_fields = ("user__email", "user__name", "merchant__name")
    fields = ("of_user", "role", "of_merchant", "in_program", "where", "is_active", "created_at")
    acts = (ChangeRole, ResetSecondFactor, Deactivate)

    @admin.display(description=gettext_lazy("outlets"))
    def where(self, member: Member) -> str:
        return ", ".join(outlet.name for outlet in member.outlets.all()) or _("all of them")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin[Invitation]):
    list_display = ("email", "role", "of_merchant", "created_at", "expires_at", "accepted_at", "revoked_at")
    list_filter = ("role",)
    list_select_related = ("merchant",)
    search_fields = ("email", "merchant__name")
    fields = (
        "email", "role", "of_merchant", "in_program", "where", "invited_by_whom",
        "created_at", "expires_at", "accepted_at", "revoked_at",
    )  # fmt: skip
    acts = (RevokeInvitation,)

    @admin.display(description=gettext_lazy("outlets"))
    def where(self, invitation: Invitation) -> str:
        return ", ".join(outlet.name for outlet in invitation.outlets.all()) or _("all of them")

    @admin.display(description=gettext_lazy("invited by"))
    def invited_by_whom(self, invitation: Invitation) -> str:
        return str(invitation.invited_by)
