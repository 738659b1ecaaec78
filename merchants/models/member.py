from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant, Outlet
from merchants.models.program import Program
from merchants.models.tenancy import TenantManager
from merchants.models.user import User


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    MANAGER = "manager", _("manager")
    OPERATOR = "operator", _("operator")
    CASHIER = "cashier", _("cashier")
    READER = "reader", _("read-only")


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> MemberQuerySet:
        return self.filter(is_active=True, merchant__is_active=True, user__is_active=True)

    def of(self, user: User) -> MemberQuerySet:
        """With what a list of them shows."""
        return self.filter(user=user).select_related("merchant", "program").prefetch_related("outlets")

    def owners(self) -> MemberQuerySet:
        return self.filter(is_active=True, user__is_active=True, role=Role.OWNER)


class Member(models.Model):
    """What a user may do for a merchant; one person may be a member of several merchants."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="members")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    outlets = models.ManyToManyField(
        Outlet, blank=True, verbose_name=_("outlets"), help_text=_("None chosen means all of them.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TenantManager.from_queryset(MemberQuerySet)()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint("program", "merchant", "user", name="member_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def pending(self) -> InvitationQuerySet:
        """Neither accepted nor revoked; perhaps out of date."""
        return self.filter(accepted_at=None, revoked_at=None)

    def open(self, now: datetime) -> InvitationQuerySet:
        return self.pending().filter(expires_at__gt=now)

    def by_digest(self, digest: bytes) -> Invitation | None:
        return self.select_related("merchant", "program", "invited_by").filter(digest=digest).first()

    def over(self, before: datetime) -> InvitationQuerySet:
        """Of no use since `before`: accepted, revoked or out of date."""
        return self.filter(Q(accepted_at__lt=before) | Q(revoked_at__lt=before) | Q(expires_at__lt=before))


class Invitation(models.Model):
    """An e-mailed offer to become a member. Only a hash of the link's token is kept."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="invitations")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="invitations")
    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    outlets = models.ManyToManyField(Outlet, blank=True, verbose_name=_("outlets"))
    digest = models.BinaryField(max_length=32, editable=False)
    invited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    objects = TenantManager.from_queryset(InvitationQuerySet)()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            models.UniqueConstraint("program", "digest", name="invitation_digest_unique"),
            models.UniqueConstraint(
                "program",
                "merchant",
                Lower("email"),
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_open_unique",
            ),
        ]

    def __str__(self) -> str:
        return self.email
