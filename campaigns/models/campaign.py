from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clients.models import Segment
from loyalty.models import Account, PromoBatch
from loyalty.models.fields import MoneyField, PointsField
from merchants.models import Merchant, Program, TenantManager


class Campaign(models.Model):
    """A trigger, an audience, steps, limits (`plan`: `campaigns.plan.Plan`). `mark` is the moment up to which has been
    looked who is due; it moves in the transaction that writes their turns. `treated`, `points` and `money` are what all
    turns together have had so far: what budgets are compared with."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        FINISHED = "finished", _("finished")
        ARCHIVED = "archived", _("in the archive")

    class Finished(models.TextChoices):
        """Why it has come to its end by itself."""

        DATE = "date", _("its last day is over")
        BUDGET = "budget", _("its budget is spent")
        GOAL = "goal", _("its goal is met")
        DONE = "done", _("all has been done")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=80)
    plan: models.JSONField[Any, Any] = models.JSONField(default=dict)
    audience = models.ForeignKey(
        Segment, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("audience")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.DRAFT)
    why = models.CharField(_("why it ended"), max_length=6, choices=Finished.choices, blank=True)
    revision = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    mark = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    treated = models.PositiveIntegerField(_("clients treated"), default=0)
    points = models.DecimalField(_("points given"), max_digits=18, decimal_places=2, default=0)
    money = models.DecimalField(_("certificates given"), max_digits=18, decimal_places=2, default=0)
    # How many were treated in the hour that began then: of campaigns with a pace.
    hour_from = models.DateTimeField(null=True, blank=True)
    hour_treated = models.PositiveIntegerField(default=0, db_default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = [models.UniqueConstraint("program", "merchant", "name", name="campaign_name_unique")]
        indexes = [models.Index("id", condition=Q(state="running"), name="campaign_running")]

    def __str__(self) -> str:
        return self.name


class CampaignTurn(models.Model):
    """A client's turn in a campaign, for an occasion, once.

    It waits until `due_at`; then he is treated (`done`), held out for comparison, or left out (`why`: a key of
    `campaigns.words.WHY`). `at` is when that was decided. While `due_at` stands in a turn that is done, further steps
    are to come: `step` is the next. `points` and `money` (what certificates are for) are what he was given.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waits")
        DONE = "done", _("treated")
        HELD_OUT = "held_out", _("held out for comparison")
        SKIPPED = "skipped", _("left out")

    # No foreign keys of the database: a million rows are written at once, and what they name is never deleted.
    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    occasion = models.CharField(_("occasion"), max_length=60)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    why = models.CharField(_("why"), max_length=12, blank=True, db_default="")
    step = models.PositiveSmallIntegerField(db_default=0, default=0)
    due_at = models.DateTimeField(null=True)
    at = models.DateTimeField(_("when"), null=True)
    points = PointsField(_("points"), default=Decimal(0), db_default=Decimal(0))
    money = MoneyField(_("certificates"), default=Decimal(0), db_default=Decimal(0))
    created_at = models.DateTimeField(default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("turn of a client")
        verbose_name_plural = _("turns of clients")
        constraints = [
            models.UniqueConstraint("program", "campaign", "account", "occasion", name="campaign_turn_unique")
        ]
        indexes = [
            models.Index("campaign", "due_at", "id", condition=Q(due_at__isnull=False), name="campaign_turn_due"),
            # What a client was given lately, by whichever campaign.
            models.Index("program", "account", "at", condition=Q(at__isnull=False), name="campaign_turn_client"),
            models.Index(fields=["program", "campaign", "-id"], name="campaign_turn_newest"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class CampaignPress(models.Model):
    """Somebody has pressed the button of a campaign by hand. The next look of a worker writes down whose turn it is,
    `clients` of them, and then it is `done_at`; the same `key` is one press, however often it is sent."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="presses", db_index=False)
    key = models.CharField(max_length=40)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    clients = models.PositiveIntegerField(_("clients"), null=True, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("press of the button of a campaign")
        verbose_name_plural = _("presses of the buttons of campaigns")
        constraints = [models.UniqueConstraint("program", "campaign", "key", name="campaign_press_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class CampaignBatch(models.Model):
    """The promo codes that a campaign gives with one step's terms: `terms` is their digest. Other terms are another
    batch."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="batches", db_index=False)
    terms = models.CharField(max_length=32)
    batch = models.ForeignKey(PromoBatch, models.PROTECT, related_name="+", db_index=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("promo codes of a campaign")
        verbose_name_plural = _("promo codes of campaigns")
        constraints = [models.UniqueConstraint("program", "campaign", "terms", name="campaign_batch_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class CampaignMember(models.Model):
    """Who was there when a campaign that acts on coming into something looked the last time."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    campaign = models.ForeignKey(Campaign, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("client known to a campaign")
        verbose_name_plural = _("clients known to campaigns")
        constraints = [models.UniqueConstraint("program", "campaign", "account", name="campaign_member_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class CampaignSettings(models.Model):
    """What holds for all campaigns of a merchant: how many may treat a client in a day, and how many percent of the
    clients are held out of all of them. `holdout_since` is when this share was set: those who are held out are compared
    with all others from then on."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    daily_cap = models.PositiveSmallIntegerField(
        _("Campaigns for one client in a day, at most"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    holdout = models.DecimalField(
        _("Held out of all campaigns, share of clients in %"),
        max_digits=4,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(50)],
    )
    holdout_since = models.DateTimeField(_("held out since"), null=True, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("settings of campaigns")
        verbose_name_plural = _("settings of campaigns")
        constraints = [models.UniqueConstraint("program", "merchant", name="campaign_settings_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
