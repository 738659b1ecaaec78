from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_scopes import ScopedManager
from phonenumber_field.modelfields import PhoneNumberField

from loyalty.models import Account
from merchants.models import Program


class Client(models.Model):
    """The person behind an account. To erase a person is to delete this row; the books keep the account."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    account = models.OneToOneField(Account, models.PROTECT, related_name="client")
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = PhoneNumberField(_("phone"), null=True, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    birthday = models.DateField(_("birthday"), null=True, blank=True)
    created_at = models.DateTimeField(_("joined"), default=timezone.now)

    objects = ScopedManager(program="program")

    class Meta:
        verbose_name = _("client")
        verbose_name_plural = _("clients")
        constraints = [
            models.UniqueConstraint(
                "program", "phone", condition=models.Q(phone__isnull=False), name="client_phone_unique"
            ),
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

    objects = ScopedManager(program="program")

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        indexes = [models.Index(fields=["program", "client", "kind", "-at"], name="consent_latest")]

    def __str__(self) -> str:
        return self.get_kind_display()
