from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from insights.models.fields import SumField
from merchants.models import Merchant, Program, TenantManager


class Snapshot(models.Model):
    """How a merchant stood on a day, counted over all clients: one row a day, the last of the day stays.

    Clients belong to the merchant where they joined. `entered` is what the entries say of the same points at the same
    moment; where it is not `outstanding`, the books and the roll-ups differ.
    """

    program = models.ForeignKey(Program, models.CASCADE, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.CASCADE, related_name="+", db_index=False)
    local_day = models.DateField()
    at = models.DateTimeField(_("when"))
    took_ms = models.PositiveIntegerField()
    clients = models.PositiveIntegerField(_("clients"))
    active_days = models.PositiveSmallIntegerField()
    active = models.PositiveIntegerField(_("active clients"))
    # Of 30 days: who bought, and who of them more than once.
    buyers = models.PositiveIntegerField()
    repeat_buyers = models.PositiveIntegerField()
    outstanding = SumField(_("points outstanding"))
    entered = SumField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("snapshot")
        verbose_name_plural = _("snapshots")
        constraints = [models.UniqueConstraint("program", "merchant", "local_day", name="snapshot_unique")]

    @property
    def is_sound(self) -> bool:
        return bool(self.outstanding == self.entered)
