from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from loyalty.models.fields import MoneyField
from merchants.models import Merchant, Outlet, Program, TenantManager, Till


class CardBatch(models.Model):
    """Plastic cards that were ordered together. Their numbers are `PlasticCard` rows, and become a client's `Card`
    when one is bound. While a worker makes them, `content` holds the file that they come from, if any."""

    class Source(models.TextChoices):
        RANGE = "range", _("numbers one after the other")
        RANDOM = "random", _("numbers that nobody guesses")
        FILE = "file", _("numbers from a file")

    class State(models.TextChoices):
        MAKING = "making", _("is being made")
        READY = "ready", _("ready")
        FAILED = "failed", _("could not be made")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Codes(models.TextChoices):
        BOTH = "both", _("barcode and QR code")
        BARCODE = "barcode", _("barcode")
        QR = "qr", _("QR code")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.MAKING)
    name = models.CharField(_("name"), max_length=80)
    line = models.CharField(_("line on the card"), max_length=60, blank=True)
    codes = models.CharField(_("codes on the card"), max_length=8, choices=Codes.choices, default=Codes.BOTH)
    source = models.CharField(_("numbers"), max_length=6, choices=Source.choices)
    # What was asked for: `clients.plastic.orders.Order`.
    order: models.JSONField[Any, Any] = models.JSONField(default=dict)
    file_name = models.CharField(_("file"), max_length=120, blank=True)
    content = models.BinaryField(null=True)
    size = models.PositiveIntegerField(_("cards"), default=0)
    # Rows of the file that were refused: `clients.plastic.problems.Problem`s, all of them.
    problems: models.JSONField[Any, Any] = models.JSONField(default=list)
    refused = models.PositiveIntegerField(_("refused rows"), default=0)
    why = models.CharField(_("why it failed"), max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(_("ordered"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("batch of cards")
        verbose_name_plural = _("batches of cards")
        indexes = [
            models.Index(fields=["program", "merchant", "-id"], name="card_batch_newest"),
            models.Index("id", condition=Q(state="making"), name="card_batch_due"),
        ]

    def __str__(self) -> str:
        return self.name


class PlasticCardQuerySet(models.QuerySet["PlasticCard"]):
    def waiting(self) -> PlasticCardQuerySet:
        """Numbers that may be bound, unless they are somebody's already."""
        return self.filter(batch__state=CardBatch.State.READY, blocked=False)


class PlasticCard(models.Model):
    """A number of a batch. It stays when the card is bound: whose it is says the `Card` with the same number.

    Tills never look here: a number finds a client through his `Card` alone.
    """

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    batch = models.ForeignKey(CardBatch, models.CASCADE, related_name="numbers", db_index=False)
    number = models.CharField(_("number"), max_length=40)
    # It was blocked when its client was erased: nobody is given it again.
    blocked = models.BooleanField(default=False, db_default=False, editable=False)

    objects = TenantManager.from_queryset(PlasticCardQuerySet)()

    class Meta:
        verbose_name = _("number of a plastic card")
        verbose_name_plural = _("numbers of plastic cards")
        constraints = [models.UniqueConstraint("program", "number", name="plastic_card_number_unique")]
        indexes = [models.Index(fields=["program", "batch", "id"], name="plastic_card_of_batch")]

    def __str__(self) -> str:
        return f"…{self.number[-4:]}"


class CardSettings(models.Model):
    """What a programme lets be bound, and how it is given. Without a row: numbers of batches alone, for nothing."""

    class Given(models.TextChoices):
        AT_ONCE = "at_once", _("at once, on joining too")
        FIRST_PURCHASE = "first_purchase", _("after the first purchase")
        RECEIPT = "receipt", _("for a receipt from a sum")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    any_number = models.BooleanField(_("cards of any number may be bound"), default=False)
    # How tills give cards of batches (`loyalty.giving_cards`).
    given = models.CharField(
        _("cards are given"), max_length=14, choices=Given.choices, default=Given.AT_ONCE, db_default=Given.AT_ONCE
    )
    least = MoneyField(_("receipt from"), default=0, db_default=0)
    price = MoneyField(_("price of a card"), default=0, db_default=0)

    objects = TenantManager()

    class Meta:
        verbose_name = _("settings of cards")
        verbose_name_plural = _("settings of cards")
        constraints = [
            models.UniqueConstraint("program", name="card_settings_unique"),
            models.CheckConstraint(condition=Q(least__gte=0) & Q(price__gte=0), name="card_settings_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class GivenCard(models.Model):
    """A card that a till gave for money or for a receipt. It names no client: money stays in the shift's books when he
    is erased, and `card` is a key without a foreign key, because his cards go with him."""

    program = models.ForeignKey(Program, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    merchant = models.ForeignKey(Merchant, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    outlet = models.ForeignKey(Outlet, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    till = models.ForeignKey(Till, models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False)
    card = models.BigIntegerField(editable=False)
    # The receipt that it was given for, where receipts give cards.
    sale = models.BigIntegerField(null=True, editable=False)
    price = MoneyField(_("price"), default=0)
    cashier = models.CharField(_("cashier"), max_length=64, blank=True)
    local_day = models.DateField(_("day"))
    at = models.DateTimeField(_("given"))
    returned_at = models.DateTimeField(_("taken back"), null=True, blank=True)
    returned_day = models.DateField(null=True, blank=True)
    returned_outlet = models.ForeignKey(
        Outlet, models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    returned_till = models.ForeignKey(
        Till, models.DO_NOTHING, db_constraint=False, null=True, related_name="+", db_index=False
    )
    returned_cashier = models.CharField(max_length=64, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("card given at a till")
        verbose_name_plural = _("cards given at tills")
        constraints = [
            models.UniqueConstraint("program", "card", name="given_card_once"),
            models.UniqueConstraint("program", "sale", condition=Q(sale__isnull=False), name="given_card_for_receipt"),
            models.CheckConstraint(condition=Q(price__gte=0), name="given_card_price_not_negative"),
        ]
        indexes = [
            models.Index("program", "local_day", name="given_card_day"),
            models.Index(
                "program", "returned_day", condition=Q(returned_day__isnull=False), name="given_card_returned_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
