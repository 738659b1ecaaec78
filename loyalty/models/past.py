from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import MoneyField, QuantityField
from merchants.models import Merchant, Outlet, Program, TenantManager


class PastReceipt(models.Model):
    """A receipt of the system before this one, loaded from a file: what a back test reads beside the sales.

    It gave no points and changed no balance, counter, tier or day total, and nothing but the back test and the client's
    own page looks at it. `key` is the receipt's number, with its till where the file names one; of a line without a
    number it says what was sold. `source` and `row` say which import wrote it, and from which line on: with them it is
    taken back.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    outlet = models.ForeignKey(Outlet, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    key = models.CharField(max_length=140)
    receipt_number = models.CharField(_("receipt number"), max_length=64, blank=True)
    occurred_at = models.DateTimeField(_("when"))
    local_day = models.DateField(_("day"))
    total = MoneyField(_("total"))
    source = models.BigIntegerField(_("import"))
    row = models.PositiveIntegerField(_("line of the file"))
    created_at = models.DateTimeField(_("loaded"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("past receipt")
        verbose_name_plural = _("past receipts")
        constraints = [
            models.UniqueConstraint("program", "outlet", "local_day", "key", name="past_receipt_unique"),
            models.UniqueConstraint("program", "source", "row", name="past_receipt_row_unique"),
            models.CheckConstraint(condition=Q(total__gte=0), name="past_receipt_total_not_negative"),
        ]
        indexes = [
            models.Index(
                "program", "account", "occurred_at", condition=Q(account__isnull=False), name="past_receipt_account"
            ),
            models.Index("program", "occurred_at", "id", name="past_receipt_when"),
        ]

    def __str__(self) -> str:
        return self.receipt_number or f"{self._meta.verbose_name} #{self.pk}"


class PastReceiptLine(models.Model):
    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    receipt = models.ForeignKey(PastReceipt, models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveIntegerField()
    sku = models.CharField(max_length=64, blank=True)
    name = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=120, blank=True)
    brand = models.CharField(max_length=120, blank=True)
    quantity = QuantityField()
    price = MoneyField()
    amount = MoneyField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("line of a past receipt")
        verbose_name_plural = _("lines of past receipts")
        constraints = [
            models.UniqueConstraint("program", "receipt", "position", name="past_receipt_line_unique"),
        ]

    def __str__(self) -> str:
        return self.name or self.sku or str(self.position)
