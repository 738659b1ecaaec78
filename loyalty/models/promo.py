"""Promo codes in batches: one shared by everybody, or up to a million that are good once each."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import MoneyField, PointsField
from loyalty.models.sale import Sale
from merchants.models import Merchant, Program, TenantManager


class PromoCodeQuerySet(models.QuerySet["PromoCode"]):
    def lasting(self, now: dt.datetime) -> PromoCodeQuerySet:
        """Those whose own time has not passed."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))


class PromoBatchQuerySet(models.QuerySet["PromoBatch"]):
    def running(self, now: dt.datetime) -> PromoBatchQuerySet:
        """Those whose codes are taken now."""
        begun = Q(starts_at=None) | Q(starts_at__lte=now)
        lasting = Q(ends_at=None) | Q(ends_at__gt=now)
        return self.filter(begun, lasting, state=PromoBatch.State.READY, stopped_at=None)


class PromoBatch(models.Model):
    """Codes with the same terms. They are those of the row whenever a code is used, so that no rule has to be
    published for them; what a receipt used keeps the terms of its time.

    A batch gives something by itself, or is what a rule of the programme waits for, by the batch's `name`. How often
    all of it was used counts the budget `promo:<id>`, as for rules.
    """

    class Kind(models.TextChoices):
        SHARED = "shared", _("one code for everybody")
        UNIQUE = "unique", _("codes that are good once each")

    class Gives(models.TextChoices):
        PERCENT = "percent", _("a discount in percent")
        SUM = "sum", _("a discount of a sum")
        PRODUCT = "product", _("one product for nothing")
        POINTS = "points", _("points")
        RULE = "rule", _("what a rule of the programme says")

    class State(models.TextChoices):
        MAKING = "making", _("is being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be made")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.MAKING)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("codes"), max_length=6, choices=Kind.choices)
    # The shared code as it was typed; or how codes are drawn, and how many there are.
    word = models.CharField(_("code"), max_length=40, blank=True)
    prefix = models.CharField(_("beginning of each code"), max_length=8, blank=True)
    length = models.PositiveSmallIntegerField(_("characters by chance"), default=0)
    size = models.PositiveIntegerField(_("number of codes"), default=1)

    gives = models.CharField(_("gives"), max_length=8, choices=Gives.choices)
    # For a percent, `amount` is the most that it takes off.
    percent = models.DecimalField(_("discount, %"), max_digits=5, decimal_places=2, null=True, blank=True)
    amount = MoneyField(_("discount"), null=True, blank=True)
    points = PointsField(_("points"), null=True, blank=True)
    sku = models.CharField(_("article"), max_length=64, blank=True)
    category = models.CharField(_("category"), max_length=120, blank=True)

    minimum = MoneyField(_("on receipts from"), default=0)
    total_limit = models.PositiveIntegerField(_("times in all"), null=True, blank=True)
    per_client = models.PositiveIntegerField(_("times for one client"), null=True, blank=True)
    first_purchase = models.BooleanField(_("on the first purchase only"), default=False)
    # A segment, which this app does not know; with its name of then, for the log.
    audience = models.BigIntegerField(_("segment"), null=True, blank=True)
    stacks = models.BooleanField(_("together with other promo codes"), default=False)
    starts_at = models.DateTimeField(_("begins"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True)
    # Codes that are out in the world are not given to single clients any more.
    exported_at = models.DateTimeField(_("codes taken out"), null=True, blank=True)
    why = models.CharField(_("why it failed"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    objects = TenantManager.from_queryset(PromoBatchQuerySet)()

    class Meta:
        verbose_name = _("batch of promo codes")
        verbose_name_plural = _("batches of promo codes")
        constraints = [
            models.UniqueConstraint("program", "name", name="promo_batch_name_unique"),
            models.CheckConstraint(
                condition=Q(gives="percent", percent__gt=0, percent__lte=100)
                | Q(gives="sum", amount__gt=0)
                | Q(gives="points", points__gt=0)
                | (Q(gives="product") & (~Q(sku="") | ~Q(category="")))
                | Q(gives="rule"),
                name="promo_batch_gives",
            ),
            models.CheckConstraint(
                condition=Q(kind="shared", size=1) & ~Q(word="") | Q(kind="unique", word="", length__gt=0),
                name="promo_batch_kind",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "merchant", "-id"], name="promo_batch_newest"),
            models.Index("id", condition=Q(state="making"), name="promo_batch_due"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rule(self) -> str:
        """Under which name it stands in explanations, entries and budgets."""
        return f"promo:{self.pk}"


class PromoCode(models.Model):
    """A code, as it is compared. With an `account` only that client may use it, and until `expires_at` where there is
    one. `free`: nobody has been given it, and nobody has used it."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    batch = models.ForeignKey(PromoBatch, models.PROTECT, related_name="codes", db_index=False)
    code = models.CharField(_("code"), max_length=40)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    free = models.BooleanField(default=True, db_default=True, editable=False)
    # What it was given for: the same occasion gives the same code again.
    once = models.CharField(max_length=80, default="", db_default="", editable=False)
    given_at = models.DateTimeField(_("given"), null=True, blank=True)
    # Of this code alone, besides the end of its batch.
    expires_at = models.DateTimeField(_("good until"), null=True, blank=True)

    objects = TenantManager.from_queryset(PromoCodeQuerySet)()

    class Meta:
        verbose_name = _("promo code")
        verbose_name_plural = _("promo codes")
        constraints = [
            models.UniqueConstraint("program", "code", name="promo_code_unique"),
            models.UniqueConstraint(
                "program", "batch", "account", "once", condition=~Q(once=""), name="promo_code_once_unique"
            ),
        ]
        indexes = [
            models.Index("program", "batch", "id", name="promo_code_of_batch"),
            models.Index("program", "batch", "id", condition=Q(free=True, account=None), name="promo_code_free"),
            models.Index("program", "account", condition=Q(account__isnull=False), name="promo_code_account"),
            models.Index("program", "batch", condition=Q(account__isnull=False), name="promo_code_given"),
        ]

    def __str__(self) -> str:
        return f"…{self.code[-3:]}"

    @property
    def ends_at(self) -> dt.datetime | None:
        """Its own end or that of its batch, whichever comes first."""
        return min((end for end in (self.expires_at, self.batch.ends_at) if end is not None), default=None)


class PromoCodeUse(models.Model):
    """A receipt (or a hold) that has used a code. `code` is none where it is shared. Written with the sale, by
    `loyalty_use_promo` alone; released when the sale is void or the hold has ended: then it may be used again."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    batch = models.ForeignKey(PromoBatch, models.PROTECT, related_name="uses", db_index=False)
    code = models.ForeignKey(PromoCode, models.PROTECT, null=True, related_name="uses", db_index=False)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="promo_codes", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+", db_index=False)
    money = MoneyField(_("discount"), default=0)
    points = PointsField(_("points"), default=0)
    at = models.DateTimeField(_("when"))
    released_at = models.DateTimeField(_("given back"), null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("use of a promo code")
        verbose_name_plural = _("uses of promo codes")
        constraints = [
            models.UniqueConstraint(
                "program", "code", condition=Q(code__isnull=False, released_at=None), name="promo_use_unique"
            ),
        ]
        indexes = [
            models.Index("program", "batch", "id", name="promo_use_of_batch"),
            models.Index("program", "batch", "account", name="promo_use_of_client"),
            models.Index("program", "sale", name="promo_use_sale"),
            # All that is counted of a batch, without its rows.
            models.Index(
                "program",
                "batch",
                "at",
                include=["sale", "money", "points"],
                condition=Q(released_at=None),
                name="promo_use_live",
            ),
            models.Index("program", "code", condition=Q(code__isnull=False), name="promo_use_code"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.sale_id}"
