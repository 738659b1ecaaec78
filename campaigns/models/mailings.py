from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.models.messages import MessageTemplate
from clients.models import Segment
from merchants.models import Merchant, Program, TenantManager

# Whoever has not said anything for so long is dead, and another takes over.
SILENT: Final = dt.timedelta(minutes=2)


class MailingQuerySet(models.QuerySet["Mailing"]):
    def due(self, now: dt.datetime) -> MailingQuerySet:
        """For a worker: it is time to write the audience down, or whoever did it was killed."""
        free = Q(claim=None) | Q(seen_at__lt=now - SILENT)
        return self.filter(free, state=Mailing.State.PLANNED, starts_at__lte=now)


class Mailing(models.Model):
    """A message to many, asked for by hand. At `starts_at` a worker writes its audience down, each client a `Message`;
    those are sent while it is `sending`. What is paused or stopped nobody takes up; it can be gone on with."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        SENDING = "sending", _("is being sent")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    LIVING = (State.PLANNED, State.SENDING, State.PAUSED)

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    template = models.ForeignKey(MessageTemplate, models.PROTECT, related_name="+", db_index=False)
    title = models.CharField(_("name"), max_length=80)
    # Nobody's segment is all clients.
    segment = models.ForeignKey(Segment, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False)
    whom = models.CharField(_("for whom"), max_length=80, blank=True)
    # What was confirmed: clients whom it would have reached then, and its price.
    expected = models.PositiveIntegerField(_("clients"))
    expected_cost = models.DecimalField(max_digits=12, decimal_places=2, default=0)
    starts_at = models.DateTimeField(_("begins"))
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.PLANNED)
    audience = models.PositiveIntegerField(_("audience"), null=True, blank=True)
    claim = models.UUIDField(null=True)
    seen_at = models.DateTimeField(null=True)
    # Kept a week after the end (`campaigns.mailings.results`).
    results: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True)
    why = models.CharField(_("why it failed"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(_("asked"), default=timezone.now)
    began_at = models.DateTimeField(_("began"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = TenantManager.from_queryset(MailingQuerySet)()

    class Meta:
        verbose_name = _("mailing")
        verbose_name_plural = _("mailings")
        constraints = [models.UniqueConstraint("program", "public_id", name="mailing_unique")]
        indexes = [
            models.Index("program", "merchant", models.F("id").desc(), name="mailing_newest"),
            models.Index("starts_at", condition=Q(state="planned"), name="mailing_due"),
            models.Index("merchant", condition=Q(state="sending"), name="mailing_sending"),
        ]

    def __str__(self) -> str:
        return self.title
