from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from clients.models.client import Client
from loyalty.models import AccountMerge
from merchants.models import Program, TenantManager


class ClientMerge(models.Model):
    """The person of an account that was merged into another's, for as long as it can be undone: his row is gone.

    `person` are the fields of that row with its consents, `took` what the one that stays got from it. Goes with the
    client who stays, and when undoing is over (`clients.merging.forget`): it is personal data.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merge = models.OneToOneField(AccountMerge, models.PROTECT, related_name="people")
    client = models.ForeignKey(Client, models.CASCADE, related_name="merges")
    person = models.JSONField()
    took = models.JSONField(default=dict)

    objects = TenantManager()

    class Meta:
        verbose_name = _("merge of clients")
        verbose_name_plural = _("merges of clients")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
