from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant, Outlet
from merchants.models.program import Program
from merchants.models.tenancy import TenantManager


class Scope(models.TextChoices):
    SELL = "sell", _("sell")
    ENROL = "enrol", _("enrol")
    ADJUST = "adjust", _("adjust")
    READ = "read", _("read")


class Till(models.Model):
    program = models.ForeignKey(Program, models.PROTECT, related_name="tills")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="tills")
    outlet = models.ForeignKey(Outlet, models.PROTECT, related_name="tills")
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("till")
        verbose_name_plural = _("tills")
        constraints = [
            models.UniqueConstraint("program", "outlet", "name", name="till_name_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.outlet}: {self.name}"


class TillKey(models.Model):
    """An API key of a till. Several may live at once, so that a key is replaced without a pause in sales.

    The secret has 256 random bits, so a plain SHA-256 is as safe as a password hasher and 10,000 times cheaper.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="till_keys")
    till = models.ForeignKey(Till, models.PROTECT, related_name="keys")
    digest = models.BinaryField(_("SHA-256 of the key"), max_length=32, editable=False)
    hint = models.CharField(_("last characters"), max_length=4, editable=False)
    scopes: ArrayField[list[str], list[str]] = ArrayField(
        models.CharField(max_length=10, choices=Scope.choices), verbose_name=_("scopes")
    )
    device = models.CharField(
        _("phone"), max_length=80, blank=True, help_text=_("The phone that shows the till page; empty for an API key.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("till key")
        verbose_name_plural = _("till keys")
        constraints = [
            models.UniqueConstraint("program", "digest", name="till_key_digest_unique"),
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"
