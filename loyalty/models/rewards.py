"""What rules have given, and coupons: all that a sale locks or changes beside the books."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import MoneyField, PointsField
from loyalty.models.sale import Sale
from merchants.models import Program, TenantManager


class RuleUse(models.Model):
    """What a limited rule has given one client in a period, net of returns: points or money, on how many receipts.

    For what goes by steps (a milestone, a coupon for every N points): `measure` grows, `times` steps were passed.
    `period` is an ISO day, week or month, empty for ever; the programme's caps have a rule without a name. Written
    under the lock of the account, by `loyalty_post` alone.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="rule_uses", db_index=False)
    period = models.CharField(_("period"), max_length=10, blank=True)
    rule = models.CharField(_("rule"), max_length=60, blank=True)
    given = models.DecimalField(_("given"), max_digits=18, decimal_places=2, default=0)
    times = models.IntegerField(_("times"), default=0)
    measure = models.DecimalField(_("measure"), max_digits=18, decimal_places=2, default=0)

    objects = TenantManager()

    class Meta:
        verbose_name = _("use of a rule")
        verbose_name_plural = _("uses of rules")
        constraints = [models.UniqueConstraint("program", "account", "period", "rule", name="rule_use_unique")]

    def __str__(self) -> str:
        return f"{self.rule} {self.period}".strip()


class Budget(models.Model):
    """The budget of a rule: the row that is locked when shares are lent anew."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    rule = models.CharField(_("rule"), max_length=60)

    objects = TenantManager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints = [models.UniqueConstraint("program", "rule", name="budget_unique")]

    def __str__(self) -> str:
        return self.rule


class BudgetShare(models.Model):
    """What a till has given out of a budget, and how much of it was lent to it: up to that it asks nobody else.

    Nothing lent is lost: whoever runs short takes back what the others have not given.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    budget = models.ForeignKey(Budget, models.CASCADE, related_name="shares", db_index=False)
    till_id = models.BigIntegerField()
    given = models.DecimalField(_("given"), max_digits=18, decimal_places=2, default=0)
    lent = models.DecimalField(_("lent"), max_digits=18, decimal_places=2, default=0)
    uses = models.IntegerField(_("uses"), default=0)
    lent_uses = models.IntegerField(default=0)

    objects = TenantManager()

    class Meta:
        verbose_name = _("share of a budget")
        verbose_name_plural = _("shares of budgets")
        constraints = [models.UniqueConstraint("program", "budget", "till_id", name="budget_share_unique")]

    def __str__(self) -> str:
        return f"{self.budget_id}/{self.till_id}"


class CouponQuerySet(models.QuerySet["PersonalCoupon"]):
    def good(self, now: dt.datetime) -> CouponQuerySet:
        """Coupons that may be used: in time, not cancelled, and not bound to a sale or to a hold that lasts."""
        free = Q(sale=None) | Q(sale__status="ended") | Q(sale__status="held", sale__hold_until__lte=now)
        return self.filter(free, expires_at__gt=now, cancelled_at=None)


class PersonalCoupon(models.Model):
    """A promo code of one client, good once. Its terms are those of the rule when it was given."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="coupons", db_index=False)
    code = models.CharField(_("code"), max_length=20)
    rule = models.CharField(_("rule"), max_length=60)
    title = models.CharField(_("title"), max_length=120)
    percent = models.DecimalField(_("discount, %"), max_digits=8, decimal_places=4, null=True, blank=True)
    amount = MoneyField(_("discount"), null=True, blank=True)
    minimum = MoneyField(_("on receipts from"), default=0)
    expires_at = models.DateTimeField(_("good until"))
    # The receipt that it was given for, and the one (or the hold) that has used it.
    earned_by = models.ForeignKey(Sale, models.PROTECT, null=True, related_name="+", db_index=False)
    sale = models.ForeignKey(Sale, models.PROTECT, null=True, blank=True, related_name="+")
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    created_at = models.DateTimeField(_("given"), default=timezone.now)

    objects = TenantManager.from_queryset(CouponQuerySet)()

    class Meta:
        verbose_name = _("personal coupon")
        verbose_name_plural = _("personal coupons")
        constraints = [models.UniqueConstraint("program", "code", name="coupon_code_unique")]
        indexes = [models.Index("program", "account", "id", name="coupon_account")]

    def __str__(self) -> str:
        return self.code


class Adoption(models.Model):
    """How far accounts have been brought under the version in force: when their tiers are looked at, when their points
    lapse. `account_id` is the last one that was; `done` when there are no more."""

    program = models.OneToOneField(Program, models.CASCADE, related_name="+")
    number = models.PositiveIntegerField(_("version of the rules"))
    account_id = models.BigIntegerField(default=0)
    done = models.BooleanField(default=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("adoption of a version")
        verbose_name_plural = _("adoptions of versions")

    def __str__(self) -> str:
        return f"{self.number}"


class Activity(models.Model):
    """Something that a client did and gets points for: a review, a repost. Each `reference` counts once."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("waits for a decision")
        GIVEN = "given", _("points given")
        REFUSED = "refused", _("refused")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey("merchants.Merchant", models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="activities", db_index=False)
    public_id = models.UUIDField(_("id"))
    action = models.CharField(_("action"), max_length=40)
    reference = models.CharField(_("reference"), max_length=120)
    rule = models.CharField(_("rule"), max_length=60)
    points = PointsField(_("points"))
    status = models.CharField(_("state"), max_length=10, choices=Status.choices)
    at = models.DateTimeField(_("when"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("action of a client")
        verbose_name_plural = _("actions of clients")
        constraints = [
            models.UniqueConstraint("program", "account", "action", "reference", name="activity_unique"),
            models.UniqueConstraint("program", "public_id", name="activity_public_id_unique"),
        ]
        indexes = [
            models.Index("program", "id", condition=Q(status="waiting"), name="activity_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.reference}"
