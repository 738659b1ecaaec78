from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Sum, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.account import Account
from loyalty.models.fields import MoneyField
from loyalty.models.sale import Return, Sale
from loyalty.models.triggers import append_only
from merchants.models import Merchant, Outlet, Program, TenantManager, Till


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def good(self, now: dt.datetime) -> CertificateQuerySet:
        """Something is left of them, and their time has not passed."""
        return self.filter(rest__gt=0, expires_at__gt=now, cancelled_at=None)

    def used_up(self) -> CertificateQuerySet:
        return self.filter(rest=0, cancelled_at=None, expired_at=None)

    def expired(self, now: dt.datetime) -> CertificateQuerySet:
        """Whether or not the sweep has written it down."""
        return self.filter(cancelled_at=None).filter(Q(expired_at__isnull=False) | Q(rest__gt=0, expires_at__lte=now))

    def cancelled(self) -> CertificateQuerySet:
        return self.filter(cancelled_at__isnull=False)

    def owed(self, now: dt.datetime, *, merchant_id: int) -> Decimal:
        """What a merchant owes for certificates that were sold: apart from what points are worth."""
        sold = self.good(now).filter(merchant_id=merchant_id, is_sold=True)
        owed: Decimal | None = sold.aggregate(
            owed=Sum(Case(When(kind=Certificate.Kind.SUM, then=F("rest")), default=F("price") * F("rest")))
        )["owed"]
        return owed or Decimal(0)


class Certificate(models.Model):
    """A gift certificate of a merchant: it pays a sum, takes a percent off one receipt, or pays one unit of an article.

    `nominal` and `rest` are money for a sum, and for the others uses: one, then none. `rest` is the sum of the entries.

    The code is kept as it is printed: staff print and send it again, and a client who lost it asks for it. What it is
    worth is guarded otherwise: nobody guesses one of 31^11, who tries is slowed down, the log says who has printed or
    sent one, and whoever reads this table could write into it as well.
    """

    class Kind(models.TextChoices):
        SUM = "sum", _("for a sum")
        PERCENT = "percent", _("for a percent")
        PRODUCT = "product", _("for an article")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(_("id"))
    code = models.CharField(_("code"), max_length=12)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    nominal = MoneyField(_("nominal"))
    rest = MoneyField(_("rest"))
    percent = models.DecimalField(_("discount, %"), max_digits=5, decimal_places=2, default=0)
    sku = models.CharField(_("article"), max_length=64, blank=True)
    title = models.CharField(_("what for"), max_length=200, blank=True)
    # One that was sold pays like money; of one given away nobody has paid anything.
    is_sold = models.BooleanField(_("was sold"), default=False)
    price = MoneyField(_("paid for it"), default=0)
    outlet = models.ForeignKey(Outlet, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    till = models.ForeignKey(Till, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    # The receipt that sold it, and the line.
    sale = models.ForeignKey(Sale, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    line = models.PositiveSmallIntegerField(null=True, blank=True)
    holder = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    for_whom = models.CharField(_("for whom"), max_length=120, blank=True)
    wish = models.CharField(_("wish"), max_length=250, blank=True)
    # Where it was sent, for the letter that its time ends; forgotten when it is over.
    email = models.EmailField(_("e-mail"), blank=True, db_default="")
    batch = models.UUIDField(_("batch"), null=True, blank=True)
    expires_at = models.DateTimeField(_("good until"))
    warned_at = models.DateTimeField(_("warned"), null=True, blank=True)
    expired_at = models.DateTimeField(_("expired"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    created_at = models.DateTimeField(_("issued"), default=timezone.now)
    actor = models.CharField(_("by"), max_length=120, blank=True)

    objects = TenantManager.from_queryset(CertificateQuerySet)()

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints = [
            models.UniqueConstraint("program", "code", name="certificate_code_unique"),
            models.UniqueConstraint("program", "public_id", name="certificate_public_id_unique"),
            models.CheckConstraint(
                condition=Q(rest__gte=0) & Q(rest__lte=F("nominal")) & Q(nominal__gt=0) & Q(price__gte=0),
                name="certificate_rest_within_nominal",
            ),
            models.CheckConstraint(condition=Q(percent__gte=0) & Q(percent__lte=100), name="certificate_percent"),
            models.CheckConstraint(condition=Q(cancelled_at=None) | Q(rest=0), name="certificate_cancelled_is_empty"),
        ]
        indexes = [
            models.Index("program", "merchant", "id", name="certificate_list"),
            models.Index("program", "expires_at", condition=Q(rest__gt=0), name="certificate_due"),
            models.Index("program", "sale", condition=Q(sale__isnull=False), name="certificate_sale"),
            models.Index("program", condition=Q(rest=0) & ~Q(email=""), name="certificate_to_forget"),
            models.Index("program", "batch", condition=Q(batch__isnull=False), name="certificate_batch"),
            models.Index("program", "holder", condition=Q(holder__isnull=False), name="certificate_holder"),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="certificate_rest_is_its_entries",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("rest"),  # type: ignore[no-untyped-call]
                timing=pgtrigger.Deferred,
                declare=[("held", "numeric"), ("written", "numeric")],
                func="""
                    SELECT c.rest INTO held FROM loyalty_certificate c WHERE c.id = NEW.id;
                    SELECT coalesce(sum(e.amount), 0) INTO written
                      FROM loyalty_certificateentry e WHERE e.program_id = NEW.program_id AND e.certificate_id = NEW.id;
                    IF held <> written THEN
                        RAISE EXCEPTION 'certificate %: rest %, entries %', NEW.id, held, written
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NULL;
                """,
            )
        ]

    def __str__(self) -> str:
        return f"№ {self.pk}"

    def worth(self) -> Decimal:
        """What the shop owes for it, of what was paid: nothing where it was given away."""
        if not self.is_sold:
            return Decimal(0)
        worth: Decimal = self.rest if self.kind == Certificate.Kind.SUM else self.price * self.rest
        return worth

    def state(self, now: dt.datetime) -> str:
        """`cancelled`, `expired`, `used` or `good`."""
        if self.cancelled_at is not None:
            return "cancelled"
        if self.expired_at is not None or (self.rest and self.expires_at <= now):
            return "expired"
        return "good" if self.rest else "used"


class CertificateEntry(models.Model):
    """One line of a certificate's history. Never changed or deleted.

    `amount` is the change of the rest. `lines` are the positions of the sale's lines that it paid for (or that gave
    back to it), `parts` the money of each.
    """

    class Kind(models.TextChoices):
        ISSUE = "issue", _("issued")
        REDEEM = "redeem", _("used")
        GIVE_BACK = "giveback", _("given back by a return")
        EXTEND = "extend", _("extended")
        EXPIRE = "expire", _("expired")
        CANCEL = "cancel", _("cancelled")

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="entries", db_index=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    amount = MoneyField(_("change"))
    rest_after = MoneyField(_("rest after"))
    lines: ArrayField[list[int], list[int]] = ArrayField(models.SmallIntegerField(), default=list)
    parts: ArrayField[list[Decimal], list[Decimal]] = ArrayField(MoneyField(), default=list)
    sale = models.ForeignKey(Sale, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    given_back = models.ForeignKey(Return, models.PROTECT, null=True, blank=True, related_name="+", db_index=False)
    expires_at = models.DateTimeField(_("good until"), null=True, blank=True)
    at = models.DateTimeField(_("when"))
    created_at = models.DateTimeField(_("written"), default=timezone.now)
    actor = models.CharField(_("by"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=250, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("certificate’s entry")
        verbose_name_plural = _("certificates’ entries")
        indexes = [
            models.Index("program", "certificate", "id", name="certificate_history"),
            models.Index("program", "sale", condition=Q(sale__isnull=False), name="certificate_entry_sale"),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} #{self.pk}"


class CertificateReservation(models.Model):
    """What a hold keeps of a certificate. Gone when the hold ends; without effect after `until`."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    certificate = models.ForeignKey(Certificate, models.CASCADE, related_name="reservations", db_index=False)
    sale = models.ForeignKey(Sale, models.CASCADE, related_name="+", db_index=False)
    amount = MoneyField(_("kept"))
    until = models.DateTimeField(_("until"))

    objects = TenantManager()

    class Meta:
        verbose_name = _("certificate’s reservation")
        verbose_name_plural = _("certificates’ reservations")
        constraints = [
            models.UniqueConstraint("program", "certificate", "sale", name="certificate_reservation_unique"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="certificate_reservation_positive"),
        ]
        indexes = [models.Index("program", "sale", name="certificate_reservation_sale")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
