from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import MoneyField, PointsField, QuantityField
from loyalty.models.triggers import append_only
from merchants.models import Merchant, Outlet, Program, TenantManager, Till


class SaleQuerySet(models.QuerySet["Sale"]):
    def same_day(self, sale: Sale) -> SaleQuerySet:
        """The client's other receipts of the same local day."""
        return self.filter(program_id=sale.program_id, account=sale.account, local_day=sale.local_day).exclude(
            pk=sale.pk
        )

    def visited(self, sale: Sale) -> bool:
        """Whether another sale already counts as the client's visit of that day."""
        return self.same_day(sale).filter(status=Sale.Status.COMMITTED, is_visit=True).exists()


class Sale(models.Model):
    """A receipt, with what the engine made of it. Its sums never change; returns are rows of their own.

    Foreign keys have no index of their own here and in the books: each query names the programme, and the composite
    indexes below serve it; one index less is one write less for every sale.

    The database does not check the keys to programme, merchant, outlet and till: their rows are never deleted, and
    the check would take a lock on a row that all tills share. `manage.py audit` looks for strays instead.
    """

    class Status(models.TextChoices):
        HELD = "held", _("held")
        COMMITTED = "committed", _("sold")
        VOIDED = "voided", _("voided")
        ENDED = "ended", _("hold ended")

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    outlet = models.ForeignKey(Outlet, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    till = models.ForeignKey(Till, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="sales", db_index=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    receipt_number = models.CharField(_("receipt number"), max_length=64, blank=True)
    occurred_at = models.DateTimeField(_("when"))
    local_day = models.DateField(_("day"))
    version = models.PositiveIntegerField(_("version of the rules"), null=True, blank=True)
    # A corrected receipt names the one that was voided for it.
    replaces = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    channel = models.CharField(_("channel"), max_length=20, blank=True)
    cashier = models.CharField(_("cashier"), max_length=64, blank=True)
    identified_by = models.CharField(_("identified by"), max_length=10, blank=True)
    hold_until = models.DateTimeField(_("held until"), null=True, blank=True)

    total = MoneyField(_("total"))
    discount = MoneyField(_("discount"))
    points_redeemed = PointsField(_("points redeemed"))
    points_value = MoneyField(_("paid by points"))
    certificates_paid = MoneyField(_("paid by certificates"), default=0)
    to_pay = MoneyField(_("paid by money"))
    # What this receipt adds to the turnover beside the money paid: certificates that were sold once, less those that it
    # sells itself.
    turnover_off = MoneyField(default=0, db_default=0)
    points_earned = PointsField(_("points earned"))
    # What was earned, as typed facts of the engine: rule, points, dates of the lots. A hold keeps them until commit.
    earnings = models.JSONField(default=list)
    explanation = models.JSONField(default=list)
    # What else follows from it (`loyalty.sales.consequences.Consequences`): points of those who invited, what limited
    # rules have given, budgets, coupons. A hold keeps it until commit, a return takes it back.
    consequences = models.JSONField(default=dict, db_default={})
    # Reasons for a manager to look at a receipt that could not be refused.
    flags = models.JSONField(default=list)
    tier_before = models.CharField(_("tier before"), max_length=40, blank=True)
    tier_after = models.CharField(_("tier after"), max_length=40, blank=True)
    # Whether this sale was the day's first of its client: a return of all of it takes the visit back.
    is_visit = models.BooleanField(default=False)
    # Of what was sold, however it was spelled: tells a repeat of a receipt from another one with its number.
    body_digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    objects = TenantManager.from_queryset(SaleQuerySet)()

    class Meta:
        verbose_name = _("sale")
        verbose_name_plural = _("sales")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="sale_public_id_unique"),
            models.UniqueConstraint(
                "program",
                "till",
                "local_day",
                "receipt_number",
                condition=~Q(receipt_number="") & ~Q(status="ended"),
                name="sale_receipt_unique",
            ),
            models.CheckConstraint(
                condition=Q(total__gte=0)
                & Q(discount__gte=0)
                & Q(points_redeemed__gte=0)
                & Q(points_value__gte=0)
                & Q(certificates_paid__gte=0)
                & Q(to_pay__gte=0)
                & Q(points_earned__gte=0),
                name="sale_sums_not_negative",
            ),
        ]
        indexes = [
            models.Index(
                "program", "account", "local_day", condition=Q(account__isnull=False), name="sale_account_day"
            ),
            models.Index("program", "hold_until", condition=Q(status="held"), name="sale_held"),
            # Lists by day, and the roll-ups of a day.
            models.Index("program", "local_day", "id", name="sale_day"),
            # What was written lately, for next to nothing.
            BrinIndex("created_at", name="sale_written"),
        ]

    def __str__(self) -> str:
        return self.receipt_number or str(self.public_id)


class SaleLine(models.Model):
    """A line as sold. Its parts were spread once, so that a return gives back exactly these.

    `amount` = `discount` + `points_value` + `certificate` + `paid`.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    sale = models.ForeignKey(Sale, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    sku = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=120, blank=True)
    brand = models.CharField(max_length=120, blank=True)
    quantity = QuantityField()
    price = MoneyField()
    amount = MoneyField()
    discount = MoneyField()
    points_value = MoneyField()
    points = PointsField()
    certificate = MoneyField(default=0)
    paid = MoneyField()
    earned = PointsField()
    # What the till or the directory forbade (`loyalty.goods.marking`), and what a unit had to cost at least.
    marks = models.PositiveSmallIntegerField(default=0, db_default=0)
    min_price = MoneyField(default=0, db_default=0)

    objects = TenantManager()

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        constraints = [
            models.UniqueConstraint("program", "sale", "position", name="sale_line_unique"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return self.name or self.sku or str(self.position)


class Return(models.Model):
    """Goods taken back, wholly or in part; a void is the return of everything."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    sale = models.ForeignKey(Sale, models.PROTECT, related_name="returns", db_index=False)
    public_id = models.UUIDField(_("id"))
    is_void = models.BooleanField(_("void"), default=False)
    at = models.DateTimeField(_("when"))
    money = MoneyField(_("money"))
    points_value = MoneyField(_("value of the points"))
    points_back = PointsField(_("points returned"))
    certificates_back = MoneyField(_("returned to certificates"), default=0)
    # What it takes off the turnover beside the money: as with the sale.
    turnover_off = MoneyField(default=0, db_default=0)
    # Of the points earned by what came back: taken from the account, or gone already (expired), or let go (clamp).
    earned_called = PointsField(_("points to take back"))
    earned_taken = PointsField(_("points taken back"))
    earned_expired = PointsField(_("points that had expired"))
    earned_forgiven = PointsField(_("points let go"))
    # The upgrade that the sale had caused went back with it, and its gift.
    tier_undone = models.BooleanField(_("upgrade undone"), default=False)
    # One-offs that went back, by rule.
    one_offs = models.JSONField(default=list, db_default=[])
    cashier = models.CharField(_("cashier"), max_length=64, blank=True)
    actor = models.CharField(_("by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("return")
        verbose_name_plural = _("returns")
        constraints = [
            models.UniqueConstraint("program", "public_id", name="return_public_id_unique"),
        ]
        indexes = [
            models.Index("program", "sale", name="return_sale"),
            BrinIndex("created_at", name="return_written"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return str(self.public_id)


class ReturnLine(models.Model):
    """What a return gave back of one line. `quantity` is zero where the return was by a sum."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    given_back = models.ForeignKey(Return, models.CASCADE, related_name="lines", db_index=False)
    line = models.ForeignKey(SaleLine, models.PROTECT, related_name="returned", db_index=False)
    quantity = QuantityField()
    value = MoneyField(help_text=_("After discounts, points included."))
    money = MoneyField()
    points_value = MoneyField()
    points = PointsField()
    certificate = MoneyField(default=0)
    earned = PointsField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("returned line")
        verbose_name_plural = _("returned lines")
        constraints = [
            models.UniqueConstraint("program", "given_back", "line", name="return_line_unique"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return str(self.line)


class IdempotencyKey(models.Model):
    """The stored answer to a till's write, in the transaction of that write: both are there or neither."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    till = models.ForeignKey(Till, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    body_digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    answer = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint("program", "till", "key", name="idempotency_key_unique")]
        indexes = [
            models.Index("program", "account", condition=Q(account__isnull=False), name="idempotency_account"),
            models.Index("created_at", name="idempotency_created"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
