from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from merchants.models.program import Program
from merchants.models.tenancy import TenantManager


class SecondFactor(models.TextChoices):
    """Of whom a shop asks a second factor at the login."""

    NOBODY = "", _("Whoever wants one")
    OWNERS = "owners", _("Owners")
    MANAGERS = "managers", _("Owners and managers")
    EVERYBODY = "everybody", _("Everybody of the team")


class Merchant(models.Model):
    """A business that takes part in a programme; a coalition has several in one."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="merchants")
    name = models.CharField(_("name"), max_length=120)
    # Who answers for personal data, and where clients may turn: both stand in the texts of consents.
    legal_name = models.CharField(_("legal name"), max_length=200, blank=True)
    contacts = models.CharField(_("contacts for clients"), max_length=200, blank=True)
    colour = models.CharField(
        _("colour"), max_length=7, default="#0b6e4f", validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    second_factor = models.CharField(
        _("who must have a second factor"),
        max_length=10,
        choices=SecondFactor.choices,
        default=SecondFactor.NOBODY,
        db_default="",
        blank=True,
    )
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


class Logo(models.Model):
    """A merchant's picture, small and written anew by us. In the database: web servers share no disk."""

    program = models.ForeignKey(Program, models.PROTECT, related_name="+")
    merchant = models.OneToOneField(Merchant, models.CASCADE, related_name="logo")
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField(default=timezone.now)

    objects = TenantManager()

    class Meta:
        verbose_name = _("logo")
        verbose_name_plural = _("logos")

    def __str__(self) -> str:
        return self.digest[:8]


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
