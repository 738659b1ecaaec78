from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Program, TenantManager


class HoldoutResult(models.Model):
    """What a merchant's campaigns have brought and cost all together, `since` clients are held out of all of them
    (`insights.campaign_results.Found`)."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField(_("held out since"))
    measured_at = models.DateTimeField(_("measured"))
    found: models.JSONField[Any, Any] = models.JSONField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("result of all campaigns together")
        verbose_name_plural = _("results of all campaigns together")
        constraints = [models.UniqueConstraint("program", "merchant", name="holdout_result_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.merchant_id}"
