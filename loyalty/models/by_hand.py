"""Points by hand: how many a person may move, how many he has moved today, and what waits for somebody else's yes."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import PointsField
from loyalty.models.sale import Sale
from merchants.models import Merchant, Program, Role, TenantManager


class HandLimit(models.Model):
    """How many points each person of a role may add and deduct at this merchant; nothing said, no limit."""

    ROLES = ((Role.MANAGER.value, Role.MANAGER.label), (Role.OPERATOR.value, Role.OPERATOR.label))

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(_("role"), max_length=10, choices=ROLES)
    add_once = PointsField(_("added in one operation"), null=True, blank=True)
    add_day = PointsField(_("added in a day"), null=True, blank=True)
    deduct_once = PointsField(_("deducted in one operation"), null=True, blank=True)
    deduct_day = PointsField(_("deducted in a day"), null=True, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("limit of points by hand")
        verbose_name_plural = _("limits of points by hand")
        constraints = [
            models.UniqueConstraint("program", "merchant", "role", name="hand_limit_unique"),
            models.CheckConstraint(
                condition=~Q(add_once__lt=0) & ~Q(add_day__lt=0) & ~Q(deduct_once__lt=0) & ~Q(deduct_day__lt=0),
                name="hand_limit_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.get_role_display()


class HandUse(models.Model):
    """What one person has added and deducted by hand on a local day: the row that he holds while he adds some more."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    day = models.DateField(_("day"))
    added = models.DecimalField(_("added"), max_digits=18, decimal_places=2, default=0)
    deducted = models.DecimalField(_("deducted"), max_digits=18, decimal_places=2, default=0)

    objects = TenantManager()

    class Meta:
        verbose_name = _("points by hand of a day")
        verbose_name_plural = _("points by hand of days")
        constraints = [models.UniqueConstraint("program", "merchant", "user", "day", name="hand_use_unique")]

    def __str__(self) -> str:
        return f"{self.day}"


class AdjustmentRequestQuerySet(models.QuerySet["AdjustmentRequest"]):
    def waiting(self, now: dt.datetime) -> AdjustmentRequestQuerySet:
        """That can still be decided."""
        return self.filter(state="waiting", until__gt=now)

    def overdue(self, now: dt.datetime) -> AdjustmentRequestQuerySet:
        """Over, and not yet written down as such."""
        return self.filter(state="waiting", until__lte=now)


class AdjustmentRequest(models.Model):
    """Points by hand above the limit of whoever asks. Somebody else says yes or no, or time does.

    With `sale` it is a receipt that is to be moved to `account`: `points` are then those that are above the limit."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits for a decision")
        APPROVED = "approved", _("approved")
        REFUSED = "refused", _("refused")
        EXPIRED = "expired", _("nobody decided in time")
        WITHDRAWN = "withdrawn", _("withdrawn")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    points = PointsField(_("points"))
    sale = models.ForeignKey(
        Sale, models.PROTECT, null=True, blank=True, related_name="+", db_index=False, verbose_name=_("sale")
    )
    reason = models.CharField(_("reason"), max_length=250)
    expires_at = models.DateTimeField(_("added points expire"), null=True, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    until = models.DateTimeField(_("can be decided until"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    words = models.CharField(_("words of the decision"), max_length=250, blank=True)

    objects = TenantManager.from_queryset(AdjustmentRequestQuerySet)()

    class Meta:
        verbose_name = _("request for points by hand")
        verbose_name_plural = _("requests for points by hand")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="adjustment_request_unique"),
            models.CheckConstraint(condition=~Q(points=0), name="adjustment_request_moves"),
            # Four eyes: whoever asked decides nothing about it.
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="adjustment_request_not_oneself"
            ),
            models.CheckConstraint(
                condition=Q(state__in=("approved", "refused"), decided_by__isnull=False, decided_at__isnull=False)
                | Q(state__in=("expired", "withdrawn"), decided_by=None, decided_at__isnull=False)
                | Q(state="waiting", decided_by=None, decided_at=None),
                name="adjustment_request_decided_by_somebody",
            ),
        ]
        indexes = [
            models.Index("program", "merchant", "id", name="adjustment_request_list"),
            models.Index("program", "until", condition=Q(state="waiting"), name="adjustment_request_due"),
        ]

    def __str__(self) -> str:
        return f"{self.points} {self.get_state_display()}"
