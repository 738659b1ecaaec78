from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from merchants.models import Program, TenantManager


class CampaignResult(models.Model):
    """What a campaign has brought and cost, measured at a moment (`insights.campaign_results.Found`)."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+", db_index=False)
    measured_at = models.DateTimeField(_("measured"))
    found: models.JSONField[Any, Any] = models.JSONField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("result of a campaign")
        verbose_name_plural = _("results of campaigns")
        constraints = [models.UniqueConstraint("program", "campaign", name="campaign_result_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.campaign_id}"
