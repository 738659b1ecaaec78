from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models import Merchant, Program, TenantManager

if TYPE_CHECKING:
    from insights.models.receipt_file import ReceiptFile

# Whoever has not said anything for so long is dead, and another takes over.
SILENT = dt.timedelta(minutes=2)


class BackTestQuerySet(models.QuerySet["BackTest"]):
    def due(self, now: dt.datetime) -> BackTestQuerySet:
        """Waiting, or left by a worker that was killed."""
        waits = Q(state=BackTest.State.WAITING)
        return self.filter(waits | Q(state=BackTest.State.RUNNING, seen_at__lt=now - SILENT))


class BackTest(models.Model):
    """A draft of the rules, tried on the receipts of a period beside the rules in force.

    `document` is the whole rulebook that was tried: the draft may go on changing. A worker that runs it says so in
    `claim` and `seen_at`; one that has lost its claim stops. The same past gives the same report, so whatever was
    interrupted begins anew.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for its turn")
        RUNNING = "running", _("is running")
        DONE = "done", _("ready")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    document = models.JSONField(_("rules"))
    digest = models.CharField(_("SHA-256 of the rules"), max_length=64)
    # The version that it is compared with; 0 where none was published.
    live = models.PositiveIntegerField(_("version in force"), default=0)
    since = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("up to"))
    margin = models.DecimalField(_("margin, %"), max_digits=5, decimal_places=2, null=True, blank=True)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.WAITING)
    receipts = models.PositiveIntegerField(_("receipts"), default=0)
    # Of those of the period, what a file of past receipts has brought.
    loaded = models.PositiveIntegerField(_("receipts from a file"), default=0, db_default=0)
    done = models.PositiveIntegerField(_("receipts done"), default=0)
    result = models.JSONField(null=True)
    claim = models.UUIDField(null=True)
    seen_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("asked for"), default=timezone.now)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = TenantManager.from_queryset(BackTestQuerySet)()

    class Meta:
        verbose_name = _("back test")
        verbose_name_plural = _("back tests")
        indexes = [
            models.Index(fields=["program", "merchant", "-id"], name="back_test_newest"),
            models.Index("id", condition=Q(state__in=["waiting", "running"]), name="back_test_due"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"

    @property
    def is_over(self) -> bool:
        return self.state not in (self.State.WAITING, self.State.RUNNING)

    @property
    def file_or_none(self) -> ReceiptFile | None:
        """The file that it was tried on; None where the shop's own receipts were."""
        return getattr(self, "file", None)

    @property
    def percent(self) -> int:
        return min(self.done * 100 // self.receipts, 100) if self.receipts else 0
