from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.merchant import Merchant, Outlet
from merchants.models.program import Program
from merchants.models.tenancy import TenantManager


class Cashier(models.Model):
    """Who stands at a till page and says so with a PIN. Neither an e-mail nor a login is needed.

    Receipts keep the name, which is why it is unique in the merchant.
    """

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="cashiers")
    name = models.CharField(_("name"), max_length=64)
    pin = models.CharField(_("hash of the PIN"), max_length=128, editable=False)
    outlets = models.ManyToManyField(
        Outlet, blank=True, verbose_name=_("outlets"), help_text=_("None chosen means all of them.")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("cashier")
        verbose_name_plural = _("cashiers")
        constraints = [models.UniqueConstraint("program", "merchant", "name", name="cashier_name_unique")]

    def __str__(self) -> str:
        return self.name
