from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models.claims import Claimed, ClaimedQuerySet
from clients.models.client import Client
from loyalty.models import Account
from merchants.models import Merchant, Program, TenantManager


class Segment(models.Model):
    """Clients that conditions describe (`clients.segments.definition.Definition`): found anew at each use, or frozen:
    those who fitted at `frozen_at`, each a row of `SegmentMember`. `counted` is what the last look found."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=80)
    definition: models.JSONField[Any, Any] = models.JSONField(_("conditions"), default=dict)
    frozen_at = models.DateTimeField(_("frozen"), null=True, blank=True)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    counted = models.PositiveIntegerField(_("clients"), null=True, blank=True)
    counted_at = models.DateTimeField(_("counted"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        constraints = [models.UniqueConstraint("program", "merchant", "name", name="segment_name_unique")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_frozen(self) -> bool:
        return self.frozen_at is not None


class SegmentMember(models.Model):
    """A client of a frozen segment. Goes with the person."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    segment = models.ForeignKey(Segment, models.CASCADE, related_name="frozen", db_index=False)
    client = models.ForeignKey(Client, models.CASCADE, related_name="+")

    objects = TenantManager()

    class Meta:
        verbose_name = _("client of a frozen segment")
        verbose_name_plural = _("clients of frozen segments")
        constraints = [models.UniqueConstraint("program", "segment", "client", name="segment_member_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class ClientActQuerySet(ClaimedQuerySet["ClientAct"]):
    pass


class ClientAct(Claimed, models.Model):
    """One thing done to many clients: points, a tier, a tag. A worker goes through its lines in the order of accounts.

    `mark` is the last account that the work in hand is done with; it moves in the transaction of the work itself, so
    each client's turn comes once, however often a worker is killed. `terms` are `clients.acts.Terms`.
    """

    class Kind(models.TextChoices):
        POINTS = "points", _("points by hand")
        TIER = "tier", _("tier")
        TAG = "tag", _("tag added")
        UNTAG = "untag", _("tag removed")
        GIFT = "gift", _("certificates")

    class State(models.TextChoices):
        ASKED = "asked", _("waits for a decision")
        WORK = "work", _("is being done")
        DONE = "done", _("done")
        STOPPED = "stopped", _("stopped half-way")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("nobody decided in time")
        UNDO = "undo", _("is being undone")
        UNDONE = "undone", _("undone")

    AT_WORK = (State.WORK, State.UNDO)

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    terms: models.JSONField[Any, Any] = models.JSONField(default=dict)
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    # Whose the clients were: the segment's name, empty for a selection.
    title = models.CharField(_("for whom"), max_length=80, blank=True)
    clients = models.PositiveIntegerField(_("clients"))
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.WORK)
    mark = models.BigIntegerField(default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    # Of the work in hand: how many have had their turn.
    passed = models.PositiveIntegerField(default=0)
    claim = models.UUIDField(null=True)
    seen_at = models.DateTimeField(null=True)
    why = models.CharField(_("why it failed"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    created_at = models.DateTimeField(_("asked"), default=timezone.now)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = TenantManager.from_queryset(ClientActQuerySet)()

    class Meta:
        verbose_name = _("act for many clients")
        verbose_name_plural = _("acts for many clients")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="client_act_unique"),
            # Four eyes: whoever asked decides nothing about it.
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("created_by")), name="client_act_not_oneself"
            ),
        ]
        indexes = [
            models.Index(fields=["program", "merchant", "-id"], name="client_act_newest"),
            models.Index("id", condition=Q(state__in=["work", "undo"]), name="client_act_due"),
            models.Index(fields=["created_at"], condition=Q(state="asked"), name="client_act_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"

    @property
    def percent(self) -> int:
        return min(self.passed * 100 // self.clients, 100) if self.clients else 0


class ClientActLine(models.Model):
    """A client of an act: what became of it, and what an undoing has to put back. `why` says what was in the way."""

    class Outcome(models.TextChoices):
        WAITING = "", _("not yet")
        DONE = "done", _("done")
        LEFT = "left", _("left out")
        UNDONE = "undone", _("undone")

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    act = models.ForeignKey(ClientAct, models.CASCADE, related_name="lines", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    outcome = models.CharField(max_length=6, choices=Outcome.choices, default="", db_default="")
    why = models.CharField(max_length=20, blank=True, default="", db_default="")
    # The manual tier before, and until when.
    before: models.JSONField[Any, Any] = models.JSONField(null=True)
    # The entry of points, or the certificate.
    entry = models.BigIntegerField(null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("client of an act")
        verbose_name_plural = _("clients of acts")
        constraints = [models.UniqueConstraint("program", "act", "account", name="client_act_line_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
