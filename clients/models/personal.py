"""Who wants to be erased or has been, and how long what is known of people is kept."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models import Account
from loyalty.models.fields import PointsField
from merchants.models import Merchant, Program, TenantManager

# From the day on which somebody withdraws his consent: the law's own term.
ERASED_WITHIN: Final = dt.timedelta(days=30)


class ErasureQuerySet(models.QuerySet["Erasure"]):
    def asked(self) -> ErasureQuerySet:
        """Neither erased nor taken back, the oldest first."""
        return self.filter(state=Erasure.State.ASKED).order_by("until", "pk")


class Erasure(models.Model):
    """A client is to be erased, or has been. It names the account and no person: the row stays when the person goes.

    `points` and `debt` are what was written off. `block_reason` are the words with which asking has blocked the card;
    empty where it was blocked before, for a reason of its own.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("asks to be erased")
        DROPPED = "dropped", _("stays after all")
        DONE = "done", _("erased")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ASKED)
    # Of one that nobody has asked for: when it was done.
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    source = models.CharField(_("where"), max_length=60, blank=True)
    until = models.DateTimeField(_("to be done until"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    block_reason = models.CharField(max_length=250, blank=True, db_default="")
    points = PointsField(_("points written off"), default=0)
    debt = PointsField(_("debt written off"), default=0)

    objects = TenantManager.from_queryset(ErasureQuerySet)()

    class Meta:
        verbose_name = _("erasure of a client")
        verbose_name_plural = _("erasures of clients")
        constraints = [
            models.UniqueConstraint(
                "program", "account", condition=Q(state__in=("asked", "done")), name="erasure_account_unique"
            ),
        ]
        indexes = [models.Index("program", "until", condition=Q(state="asked"), name="erasure_asked")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class Retention(models.Model):
    """How long a programme keeps what it knows of people; nothing said, for as long as they take part."""

    program = models.OneToOneField(Program, models.CASCADE, related_name="+")
    idle_years = models.PositiveSmallIntegerField(
        _("clients without any activity are erased after, years"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(20)],
    )
    import_days = models.PositiveSmallIntegerField(
        _("loaded files of clients are deleted after, days"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(30)],
    )
    address_days = models.PositiveIntegerField(
        _("addresses of consents are deleted after, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3650)],
    )

    objects = TenantManager()

    class Meta:
        verbose_name = _("term of keeping")
        verbose_name_plural = _("terms of keeping")

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
