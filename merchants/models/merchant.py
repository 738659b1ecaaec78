from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.program import Program
from merchants.models.tenancy import TenantManager


class Merchant(models.Model):
    """A business that takes part in a programme; a coalition has several in one."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="merchants")
    name = models.CharField(_("name"), max_length=120)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("merchant")
        verbose_name_plural = _("merchants")
        constraints = [
            models.UniqueConstraint("program", "name", name="merchant_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name


class Outlet(models.Model):
    """A place where sales happen."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="outlets")
    merchant = models.ForeignKey(Merchant, models.PROTECT, related_name="outlets")
    name = models.CharField(_("name"), max_length=120)
    # Rules and integrators name an outlet by its code, which is why it must not change with the name.
    code = models.SlugField(_("code"), max_length=40)
    address = models.CharField(_("address"), max_length=250, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TenantManager()

    class Meta:
        verbose_name = _("outlet")
        verbose_name_plural = _("outlets")
        constraints = [
            models.UniqueConstraint("program", "code", name="outlet_code_unique"),
        ]

    def __str__(self) -> str:
        return self.name
