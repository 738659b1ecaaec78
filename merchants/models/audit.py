from __future__ import annotations

import pgtrigger
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.program import Program
from merchants.models.tenancy import TenantManager


class AuditRecord(models.Model):
    """Who did what, when and why. Append-only: the database refuses changes."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"), default=timezone.now)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("who")
    )
    # A till or a command acts without a user: «till:17 cashier:anna», «manage.py program».
    actor = models.CharField(_("acting"), max_length=120, blank=True)
    action = models.CharField(_("action"), max_length=60)
    object_type = models.CharField(_("object"), max_length=40, blank=True)
    object_id = models.CharField(_("object id"), max_length=64, blank=True)
    details = models.JSONField(_("details"), default=dict)
    reason = models.CharField(_("reason"), max_length=250, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("audit record")
        verbose_name_plural = _("audit log")
        indexes = [models.Index(fields=["program", "-at"], name="audit_program_at")]
        triggers = [pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.action
