from __future__ import annotations

from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.program import Program
from merchants.models.tenancy import TenantManager


class OutboxQuerySet(models.QuerySet["OutboxMessage"]):
    def due(self, now: datetime) -> OutboxQuerySet:
        return self.filter(due_at__lte=now).order_by("due_at")


class OutboxMessage(models.Model):
    """Something that must follow a transaction, written inside it and done by a worker later.

    A row is work not yet done: the worker claims it, does it, and deletes it. The broker only wakes workers up;
    losing all of it loses nothing.
    """

    # No foreign key in the database: every sale writes a row here, and the check would lock the one programme row.
    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    topic = models.CharField(max_length=40)
    payload = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True, default="", db_default="")

    objects = TenantManager.from_queryset(OutboxQuerySet)()

    class Meta:
        verbose_name = _("outbox message")
        verbose_name_plural = _("outbox")
        indexes = [models.Index("due_at", name="outbox_due")]

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk}"
