from __future__ import annotations

import datetime as dt
import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import ExtractDay, ExtractMonth
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.fields import MoneyField, PointsField
from loyalty.models.triggers import books_balance
from merchants.models import Merchant, Program, TenantManager


class Account(models.Model):
    """A client's participation: the books know nothing else of a person.

    `points` is the sum of the rests of the account's lots, `debt` what was taken back after it had been spent;
    one of the two is always zero. Both are written by `loyalty.ledger` alone. The facts that rules ask for
    (birthday, tags) are copies of the client's, so that a sale locks and reads one row; erasure nulls them here too.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")
        MERGED = "merged", _("merged into another")
        REMOVED = "removed", _("client removed, the books stay")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(
        Merchant, models.PROTECT, related_name="+", verbose_name=_("joined at"), db_index=False
    )
    public_id = models.UUIDField(_("id"), default=uuid.uuid4, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    block_reason = models.CharField(_("reason of the block"), max_length=250, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="aliases")

    points = PointsField(_("points"), default=0)
    debt = PointsField(_("debt"), default=0)

    tier = models.CharField(_("tier"), max_length=40, blank=True, help_text=_("By purchases."))
    manual_tier = models.CharField(_("manual tier"), max_length=40, blank=True, help_text=_("Not below this one."))
    manual_tier_until = models.DateTimeField(_("manual tier until"), null=True, blank=True)
    tier_ends_at = models.DateTimeField(
        _("tier is looked at again"), null=True, blank=True, help_text=_("Where the rules let a tier end.")
    )
    tier_gifts: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=40), default=list, verbose_name=_("tiers whose gift was given")
    )

    spent = MoneyField(_("money spent"), default=0)
    visits = models.PositiveIntegerField(_("visits"), default=0)
    purchases = models.PositiveIntegerField(_("purchases"), default=0)
    first_purchase_at = models.DateTimeField(_("first purchase"), null=True, blank=True)
    last_purchase_at = models.DateTimeField(_("last purchase"), null=True, blank=True)

    inactive_at = models.DateTimeField(
        _("points lapse without a purchase"), null=True, blank=True, help_text=_("All that are left then.")
    )

    birthday = models.DateField(_("birthday"), null=True, blank=True)
    # Without its year it stands in the year 2000: nobody has an age by it.
    birthday_year_known = models.BooleanField(_("year of birth known"), default=True, db_default=True)
    # When another date was written here than before; not what was said on joining.
    birthday_set_at = models.DateTimeField(null=True, blank=True, editable=False)
    tags: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, verbose_name=_("tags")
    )
    referrer = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="referees")
    created_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="account_public_id_unique"),
            models.CheckConstraint(
                condition=Q(points__gte=0) & Q(debt__gte=0) & (Q(points=0) | Q(debt=0)),
                name="account_points_or_debt",
            ),
        ]
        indexes = [
            models.Index(fields=["program", "-created_at"], name="account_joined"),
            # Few, and looked for among many.
            models.Index("program", "id", condition=Q(debt__gt=0), name="account_in_debt"),
            models.Index("program", "id", condition=Q(status="blocked"), name="account_blocked"),
            # What the nightly sweep has to look at.
            models.Index("program", "inactive_at", condition=Q(inactive_at__isnull=False), name="account_inactive"),
            models.Index("program", "tier_ends_at", condition=Q(tier_ends_at__isnull=False), name="account_tier_ends"),
            # Whose birthday it is, in any year: 229 is 29 February.
            models.Index(
                "program",
                ExtractMonth("birthday") * 100 + ExtractDay("birthday"),
                condition=Q(birthday__isnull=False),
                name="account_birthday",
            ),
        ]
        triggers = [books_balance("account", "id", updated=("points", "debt"))]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def balance(self) -> object:
        """Points less debt: the sum of all entries."""
        return self.points - self.debt


class BroughtAlong(models.Model):
    """What a client's account counted before it was ours: part of its counters without receipts behind it."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    spent = MoneyField(_("money spent"))
    visits = models.PositiveIntegerField(_("visits"))
    purchases = models.PositiveIntegerField(_("purchases"))
    # The account's own beginning: nobody knows the first purchase better.
    first_purchase_at = models.DateTimeField(_("first purchase"))

    objects = TenantManager()

    class Meta:
        verbose_name = _("what a client brought along")
        verbose_name_plural = _("what clients brought along")
        constraints = [models.UniqueConstraint("program", "account", name="brought_along_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class AccountMerge(models.Model):
    """Two accounts of one person became one: `dropped` is an alias of `kept` since `at`, until `undone_at`.

    `moved` says what an undoing has to put back: keys of cards, receipts, coupons and so on, uses of rules, and what
    the kept account was before (`loyalty.merging`). Rows stay: entries of either account may belong to receipts of the
    other for ever, and the audit asks here whether they may.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    kept = models.ForeignKey(Account, models.PROTECT, related_name="merges")
    dropped = models.ForeignKey(Account, models.PROTECT, related_name="merged_by")
    at = models.DateTimeField(_("when"))
    actor = models.CharField(_("by"), max_length=120, blank=True)
    moved = models.JSONField(default=dict)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.CharField(_("undone by"), max_length=120, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("merge of accounts")
        verbose_name_plural = _("merges of accounts")
        constraints = [
            models.UniqueConstraint(
                "program", "dropped", condition=Q(undone_at__isnull=True), name="account_merge_living_unique"
            ),
            models.CheckConstraint(condition=~Q(kept=models.F("dropped")), name="account_merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class Card(models.Model):
    """Anything lasting that identifies a client at a till: a virtual or plastic card, or a phone number (E.164)."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("phone number")
        VIRTUAL = "virtual", _("virtual card")
        PLASTIC = "plastic", _("plastic card")

    class Status(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")

    class Why(models.TextChoices):
        LOST = "lost", _("lost")
        STOLEN = "stolen", _("stolen")
        DAMAGED = "damaged", _("damaged")
        REPLACED = "replaced", _("replaced by another")
        OTHER = "other", _("another reason")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="cards")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    number = models.CharField(_("number"), max_length=40)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.ACTIVE)
    created_at = models.DateTimeField(_("issued"), default=timezone.now)
    # Of a plastic card that was made here.
    batch = models.ForeignKey(
        "loyalty.CardBatch", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    block_why = models.CharField(_("why blocked"), max_length=10, choices=Why.choices, blank=True, db_default="")
    block_note = models.CharField(_("words to it"), max_length=250, blank=True, db_default="")
    blocked_at = models.DateTimeField(_("blocked at"), null=True, blank=True)
    # The key of the card that took over; no foreign key: either may be erased.
    replaced_by = models.BigIntegerField(null=True, blank=True, editable=False)
    # Bound at a till without the client’s own code: it confirms spending as a phone does, until he has done so once.
    unproven = models.BooleanField(default=False, db_default=False, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints = [
            # A phone begins with «+», so numbers of different kinds can't meet.
            models.UniqueConstraint("program", "number", name="card_number_unique"),
        ]
        # «Any part of a card's number», the last four digits among them.
        indexes = [
            GinIndex(OpClass("number", name="gin_trgm_ops"), name="card_number_trigrams"),
            models.Index("program", "batch", "status", condition=Q(batch__isnull=False), name="card_of_batch"),
        ]

    def __str__(self) -> str:
        return f"…{self.number[-4:]}"


class OneTimeCodeQuerySet(models.QuerySet["OneTimeCode"]):
    def living(self, now: dt.datetime) -> OneTimeCodeQuerySet:
        """Codes that may still be used: in time, and not bound to a sale or to a hold that lasts."""
        free = Q(sale=None) | Q(sale__status="ended") | Q(sale__status="held", sale__hold_until__lte=now)
        return self.filter(free, expires_at__gt=now)


class OneTimeCode(models.Model):
    """Six digits on the client's page that stand for the client for ten minutes, once.

    A dead code's row is taken over by the next client who is given the same digits.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    code = models.CharField(max_length=6)
    expires_at = models.DateTimeField()
    # The key of the till that took the rotating code while it was fresh: no other may use it (`loyalty.presence`).
    shown_to = models.BigIntegerField(null=True)
    # The hold or sale that the code is bound to; void of a hold frees it.
    sale = models.ForeignKey("loyalty.Sale", models.CASCADE, null=True, related_name="+")

    objects = TenantManager.from_queryset(OneTimeCodeQuerySet)()

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        constraints = [models.UniqueConstraint("program", "code", name="one_time_code_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class Confirmation(models.Model):
    """The code sent to a client's phone that lets points be spent; the newest replaces the one before."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    # The message named a sum: a sale may not spend more on the strength of it.
    points = PointsField(null=True)
    used_at = models.DateTimeField(null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("confirmation code")
        verbose_name_plural = _("confirmation codes")
        constraints = [models.UniqueConstraint("program", "account", name="confirmation_account_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
