from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import PointsField
from loyalty.models.sale import Return, Sale
from loyalty.models.triggers import append_only, books_balance
from merchants.models import Merchant, Program, TenantManager


class Lot(models.Model):
    """Points given at one time by one rule, spendable while `available_at <= now < expires_at`."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="lots", db_index=False)
    merchant = models.ForeignKey(
        Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", verbose_name=_("given by"), db_index=False
    )
    sale = models.ForeignKey(Sale, models.PROTECT, null=True, blank=True, related_name="lots", db_index=False)
    # A lot of points that came back names the one they were taken from.
    origin = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    rule = models.CharField(_("rule"), max_length=60)
    amount = PointsField(_("points"))
    rest = PointsField(_("rest"))
    available_at = models.DateTimeField(_("available from"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("given"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("lot")
        verbose_name_plural = _("lots")
        constraints = [
            models.CheckConstraint(condition=Q(rest__gte=0) & Q(rest__lte=F("amount")), name="lot_rest_within_amount"),
        ]
        indexes = [
            models.Index("program", "account", condition=Q(rest__gt=0), include=["rest"], name="lot_open"),
            models.Index("program", "expires_at", condition=Q(rest__gt=0, expires_at__isnull=False), name="lot_due"),
            models.Index("program", "sale", condition=Q(sale__isnull=False), name="lot_sale"),
        ]
        triggers = [books_balance("lot", "account_id", updated=("rest",), also=pgtrigger.Insert)]

    def __str__(self) -> str:
        return f"{self.rule} #{self.pk}"


class Entry(models.Model):
    """One line of an account's history. Never changed or deleted: a correction is another entry.

    `points` is the change of the balance (points less debt). `lots[i]` changed by `parts[i]`; what the parts do
    not sum up to is the change of the debt, with its sign turned.
    """

    class Kind(models.TextChoices):
        OPENING = "opening", _("opening balance")
        EARN = "earn", _("earned")
        REDEEM = "redeem", _("redeemed")
        EXPIRE = "expire", _("expired")
        CLAW_BACK = "clawback", _("earning taken back")
        REINSTATE = "reinstate", _("redeemed points returned")
        ADJUST = "adjust", _("by hand")
        MOVE = "move", _("moved between two cards of one client")

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="entries", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    points = PointsField(_("points"))
    balance_after = PointsField(_("balance after"))
    lots: ArrayField[list[int], list[int]] = ArrayField(models.BigIntegerField(), default=list)
    parts: ArrayField[list[Decimal], list[Decimal]] = ArrayField(PointsField(), default=list)
    rule = models.CharField(_("rule"), max_length=60, blank=True)
    sale = models.ForeignKey(Sale, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False)
    given_back = models.ForeignKey(
        Return, models.PROTECT, null=True, blank=True, related_name="entries", db_index=False
    )
    at = models.DateTimeField(_("when"), help_text=_("When it happened: a late receipt is written later."))
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    actor = models.CharField(_("by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="entry_moves_something"),
            # What campaigns give carries the mark of the client’s turn: it is given once, whoever tries again.
            models.UniqueConstraint(
                "program", "account", "rule", condition=Q(rule__startswith="campaign:"), name="entry_granted_once"
            ),
        ]
        indexes = [
            models.Index("program", "account", "id", name="entry_history"),
            models.Index("program", "sale", condition=Q(sale__isnull=False), name="entry_sale"),
            BrinIndex("created_at", name="entry_written"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class Reservation(models.Model):
    """Points of a lot that a hold keeps for its sale. Gone when the hold ends; without effect after `until`."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    sale = models.ForeignKey(Sale, models.CASCADE, related_name="reservations", db_index=False)
    account = models.ForeignKey(Account, models.CASCADE, related_name="reservations", db_index=False)
    lot = models.ForeignKey(Lot, models.CASCADE, related_name="reservations", db_index=False)
    points = PointsField(_("points"))
    until = models.DateTimeField(_("until"))

    objects = TenantManager()

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint("program", "sale", "lot", name="reservation_unique"),
            models.CheckConstraint(condition=Q(points__gt=0), name="reservation_positive"),
        ]
        indexes = [
            models.Index("program", "account", name="reservation_account"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
