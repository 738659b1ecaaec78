"""What days have added up to. Written by `insights.rollups` alone, from the books, and may be thrown away: it is made
anew by `manage.py roll_up --rebuild`. Nothing here ever decides about money or points.

The database does not check the keys: their rows are never deleted, and a roll-up is replaced every few seconds.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from insights.models.fields import SumField
from loyalty.models import Entry
from merchants.models import Merchant, Outlet, Program, TenantManager, Till


class RollUp(models.Model):
    """How far a programme's roll-ups have come.

    `seen_until`: everything written before it has been looked at. `holding`: days with receipts that were held then;
    whether they are sold in the end is written into rows that were looked at already. While `next_day` is set the
    history is being rolled up, backwards from the newest day to `first_day`.
    """

    program = models.OneToOneField(Program, models.CASCADE, related_name="+")
    seen_until = models.DateTimeField(_("seen until"))
    holding = ArrayField(models.DateField(), default=list)
    first_day = models.DateField(null=True)
    next_day = models.DateField(null=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("progress of the roll-ups")
        verbose_name_plural = _("progress of the roll-ups")


class DayTotals(models.Model):
    """Receipts of a till and a cashier on a local day, with a client or without one.

    A sale counts on its day for ever, even when it is voided later: what goes back stands in the `returned` columns
    of the day on which it went back, under the sale's till and cashier. `total` is before discounts,
    `returned_discount` the share of the discount that went with the goods, `returned_points` are redeemed ones that
    came back and `returned_earned` earned ones that were taken back; `voids` are among the `returns`.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    outlet = models.ForeignKey(Outlet, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    till = models.ForeignKey(Till, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    cashier = models.CharField(max_length=64, blank=True)
    local_day = models.DateField()
    with_client = models.BooleanField()

    receipts = models.PositiveIntegerField(default=0)
    total = SumField(default=0)
    discount = SumField(default=0)
    points_redeemed = SumField(default=0)
    points_value = SumField(default=0)
    to_pay = SumField(default=0)
    points_earned = SumField(default=0)

    returns = models.PositiveIntegerField(default=0)
    voids = models.PositiveIntegerField(default=0)
    returned_money = SumField(default=0)
    returned_discount = SumField(default=0)
    returned_points = SumField(default=0)
    returned_points_value = SumField(default=0)
    returned_earned = SumField(default=0)

    objects = TenantManager()

    class Meta:
        verbose_name = _("totals of a day")
        verbose_name_plural = _("totals of days")
        constraints = [
            models.UniqueConstraint(
                "program",
                "local_day",
                "merchant",
                "outlet",
                "till",
                "cashier",
                "with_client",
                name="day_totals_unique",
            ),
        ]
        indexes = [models.Index("program", "merchant", "local_day", name="day_totals_merchant")]


class PointsDay(models.Model):
    """What entries of a kind, written on a local day, did to the points of clients who joined at a merchant.

    By the day of writing, so that a day that is over never changes: opening plus all kinds is closing, to the point.
    `given` is the sum of what was added, `taken` of what was deducted; neither is negative.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    local_day = models.DateField()
    kind = models.CharField(max_length=10, choices=Entry.Kind.choices)
    entries = models.PositiveIntegerField()
    given = SumField()
    taken = SumField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("points of a day")
        verbose_name_plural = _("points of days")
        constraints = [
            models.UniqueConstraint("program", "local_day", "merchant", "kind", name="points_day_unique"),
        ]
        indexes = [models.Index("program", "merchant", "local_day", name="points_day_merchant")]


class NewClients(models.Model):
    """How many joined at a merchant on a local day."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    local_day = models.DateField()
    clients = models.PositiveIntegerField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("new clients of a day")
        verbose_name_plural = _("new clients of days")
        constraints = [models.UniqueConstraint("program", "merchant", "local_day", name="new_clients_unique")]
