from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from insights.models.backtest import BackTest
from merchants.models import Program, TenantManager


class ReceiptFile(models.Model):
    """Receipts of another system that a back test was tried on. What was sent is kept, without names, until the back
    test is over; what was found in it stays as long as the report."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    back_test = models.OneToOneField(BackTest, models.CASCADE, related_name="file")
    file_name = models.CharField(_("file"), max_length=120)
    # Clients pay with all the points that the rules allow; or with none.
    spend = models.BooleanField(_("points are spent"), default=True)
    columns = models.JSONField(_("columns"), default=list)
    unused = models.JSONField(_("columns not needed"), default=list)
    rows = models.PositiveIntegerField(_("lines"), default=0)
    content = models.BinaryField(null=True)
    # `loyalty.backtest.file_history.Facts`.
    facts = models.JSONField(default=dict)

    objects = TenantManager()

    class Meta:
        verbose_name = _("file of receipts")
        verbose_name_plural = _("files of receipts")
        indexes = [models.Index("program", condition=Q(content__isnull=False), name="receipt_file_kept")]

    def __str__(self) -> str:
        return self.file_name
