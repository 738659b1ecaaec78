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
from merchants.models import Program, TenantManager


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
