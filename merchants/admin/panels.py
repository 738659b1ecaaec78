"""Tables on a row's page: each is one query, whatever it shows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from msgspec import Struct


class Panel(Struct, frozen=True):
    """`rows` are cells in the order of `headers`; `numbers` are the columns that stand to the right.

    Without headers the rows are pairs: a name and its value.
    """

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    empty: str = ""
    note: str = ""
    more: str = ""
    numbers: tuple[int, ...] = ()


def link(row: Model, text: object = "") -> SafeString:
    """A link to the row's page in the admin."""
    if isinstance(text, dt.datetime):
        text = date_format(timezone.localtime(text), "SHORT_DATETIME_FORMAT")
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(name, args=[row.pk]), text or row)
