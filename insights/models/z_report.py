from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.fields import MoneyField
from merchants.models import Merchant, Outlet, Program, TenantManager


class ZReport(models.Model):
    """An outlet's total of a day, returns taken off, as its tills' Z-reports say and somebody typed it in.

    Tills that don't send receipts without a card can't be asked for more. Earlier figures are in the audit log.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    outlet = models.ForeignKey(Outlet, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    total = MoneyField(_("total"))
    receipts = models.PositiveIntegerField(_("receipts"), null=True, blank=True)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    entered_at = models.DateTimeField(default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("Z-report")
        verbose_name_plural = _("Z-reports")
        constraints = [
            models.UniqueConstraint("program", "outlet", "day", name="z_report_unique"),
            models.CheckConstraint(condition=models.Q(total__gte=0), name="z_report_not_negative"),
        ]
        indexes = [models.Index("program", "merchant", "day", name="z_report_merchant")]

    def __str__(self) -> str:
        return f"{self.day}"
