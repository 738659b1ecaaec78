from __future__ import annotations

import datetime as dt
import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


def validate_time_zone(name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValidationError(_("Unknown time zone.")) from error


class Program(models.Model):
    """A loyalty programme: the tenant. Every other row belongs to exactly one.

    What changes how points are counted (currency, precision, time zone, start of the day) is copied into
    each published version; `precision` can't change after the first publication.
    """

    name = models.CharField(_("name"), max_length=120)
    currency = models.CharField(_("currency"), max_length=3, default="RUB", validators=[RegexValidator(r"^[A-Z]{3}$")])
    currency_digits = models.PositiveSmallIntegerField(
        _("decimal places of the currency"), default=2, choices=[(0, "0"), (2, "2")]
    )
    precision = models.PositiveSmallIntegerField(_("decimal places of points"), default=0, choices=[(0, "0"), (2, "2")])
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Moscow", validators=[validate_time_zone]
    )
    day_starts_at = models.TimeField(_("the day starts at"), default=dt.time(0, 0))
    language = models.CharField(
        _("language"), max_length=2, default="ru", choices=[("ru", "Русский"), ("en", "English")]
    )
    # Russian needs three forms: 1 балл, 2 балла, 5 баллов.
    point_one = models.CharField(_("point name, one"), max_length=30, default="балл")
    point_few = models.CharField(_("point name, two to four"), max_length=30, default="балла")
    point_many = models.CharField(_("point name, many"), max_length=30, default="баллов")
    active_days = models.PositiveSmallIntegerField(
        _("a client is active for, days"), default=90, validators=[MinValueValidator(1), MaxValueValidator(730)]
    )
    join_by_sms = models.BooleanField(
        _("check phones by SMS on joining"),
        default=True,
        help_text=_("Whoever joins from the poster proves that the phone is his. Needs an SMS gateway."),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("programme")
        verbose_name_plural = _("programmes")

    def __str__(self) -> str:
        return self.name
