"""Filters of the admin's own templates."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def beside(row: Sequence[Any], headers: Sequence[str]) -> Iterable[tuple[Any, str]]:
    """Each cell with the header of its column, which a phone shows in front of it."""
    return zip(row, headers, strict=False)


@register.filter
def cell(value: Any) -> Any:
    """What stands in a table: moments in short, yes and no in words, a dash for nothing."""
    match value:
        case None | "":
            return "—"
        case bool():
            return _("yes") if value else _("no")
        case dt.datetime():
            return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
        case dt.date():
            return date_format(value, "SHORT_DATE_FORMAT")
        case _:
            return value
