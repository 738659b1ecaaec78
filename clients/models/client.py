from __future__ import annotations

import re

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from phonenumber_field.modelfields import PhoneNumberField

from loyalty.models import Account
from merchants.models import Merchant, Program, TenantManager


class ClientQuerySet(models.QuerySet["Client"]):
    def matching(self, part: str) -> ClientQuerySet:
        """Clients with this part of a name, or of a phone where the part has three digits or more."""
        found = Q(name__icontains=part)
        digits = re.sub(r"\D", "", part)
        if len(digits) >= 3:
            # Of a whole number, everybody writes the first digit differently.
            found |= Q(phone__contains=digits[1:] if len(digits) == 11 else digits)
        return self.filter(found)

    def newest_first(self, *, before: int | None = None) -> ClientQuerySet:
        """A page's order, starting below a client's key."""
        page = self if before is None else self.filter(pk__lt=before)
        return page.order_by("-pk")


class Client(models.Model):
    """The person behind an account. To erase a person is to delete this row; the books keep the account."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="client")
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = PhoneNumberField(_("phone"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    note = models.CharField(_("note for cashiers"), max_length=300, blank=True)
    # Stands in the link to the client's card: another number, and all older links are dead.
    card_version = models.PositiveSmallIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = TenantManager.from_queryset(ClientQuerySet)()

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            models.UniqueConstraint("program", "phone", condition=Q(phone__isnull=False), name="client_phone_unique"),
        ]
        indexes = [
            # «Any part of a name or a phone»: a search that no b-tree can answer. ILIKE compares upper case.
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="client_name_trigrams"),
            GinIndex(OpClass("phone", name="gin_trgm_ops"), name="client_phone_trigrams"),
        ]

    def __str__(self) -> str:
        return self.name or f"…{str(self.phone or '')[-4:]}"


class Consent(models.Model):
    """One consent, given or withdrawn, with what the person saw when giving it."""

    class Kind(models.TextChoices):
        PROCESSING = "processing", _("processing of personal data")
        ADVERTISING = "advertising", _("advertising")
        PARTNERS = "partners", _("transfer to partners")
        NOTICES = "notices", _("notices of purchases by e-mail")

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    client = models.ForeignKey(Client, models.CASCADE, related_name="consents")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    given = models.BooleanField(_("given"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    source = models.CharField(_("where"), max_length=60)
    text_version = models.CharField(_("version of the text"), max_length=40, blank=True)

    objects = TenantManager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [models.Index(fields=["program", "client", "kind", "-at"], name="consent_latest")]

    def __str__(self) -> str:
        return self.get_kind_display()


class ConsentText(models.Model):
    """What clients are asked to agree to. A changed text is a new row: consents name the version that was shown."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=12, choices=Consent.Kind.choices)
    version = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"), max_length=10_000)
    created_at = models.DateTimeField(_("written"), default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("text of a consent")
        verbose_name_plural = _("texts of consents")
        constraints = [
            models.UniqueConstraint("program", "merchant", "kind", "version", name="consent_text_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


class PhoneCheck(models.Model):
    """The code sent to somebody who wants to join, or to see his card: whoever reads it holds the phone."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+", db_index=False)
    phone = PhoneNumberField(_("phone"))
    digest = models.CharField(max_length=64)
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    objects = TenantManager()

    class Meta:
        verbose_name = _("check of a phone")
        verbose_name_plural = _("checks of phones")
        constraints = [models.UniqueConstraint("program", "phone", name="phone_check_unique")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"
