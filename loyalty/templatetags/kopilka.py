"""What pages are written with: icons, and numbers, sums and dates as people read them.

`{% money %}` and `{% points %}` speak in the words of the page's programme: of the workplace, or of `program` in the
context on pages without a login.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField
from django.template import Context
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from loyalty.wording import NO_BREAK, Words, spoken, words_on_page

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An outline of the sprite (vendor/icons.txt) in the colour of its text; read out only where it has a label."""
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html('<svg class="icon" {}><use href="{}#{}"/></svg>', said, static("vendor/icons.svg"), name)


@register.simple_tag(takes_context=True)
def money(context: Context, amount: Decimal | None) -> str:
    """`1 234,50 ₽`; nothing for None."""
    return "" if amount is None else _words(context).money(Decimal(amount))


@register.simple_tag(takes_context=True)
def points(context: Context, amount: Decimal | None) -> str:
    """`5 зёрен`"""
    return "" if amount is None else _words(context).points(Decimal(amount))


@register.simple_tag(takes_context=True)
def change(context: Context, amount: Decimal) -> str:
    """Points with their sign: `+5 зёрен`, `−5 зёрен`."""
    said = _words(context).points(Decimal(amount))
    return f"+{said}" if amount > 0 else said


@register.filter
def number(amount: Decimal | int | None) -> str:
    """`1 234`; with as many places as there are."""
    return "" if amount is None else _plain().shortest(Decimal(amount))


@register.filter
def percent(share: Decimal | None) -> str:
    """`12,3 %` of 12.3; a dash for None: nothing to take a share of."""
    return "—" if share is None else _plain().percent(share)


@register.filter
def foldable(value: object) -> str:
    """`148 416 зёрен` for a narrow place: what the points are called may go to a line of its own, in one piece."""
    text = str(value)
    number, _space, unit = text.rpartition(NO_BREAK)
    return f"{number} {unit}" if unit.isalpha() and len(unit) > 1 else text


@register.filter
def phone(value: Any) -> str:
    """`+7 916 123-45-67`"""
    text = str(value or "")
    if text.startswith("+7") and len(text) == 12:
        return f"+7 {text[2:5]} {text[5:8]}-{text[8:10]}-{text[10:]}"
    return text


@register.filter
def day(value: dt.date | None) -> str:
    """`5 марта 2026 г.` as the language has it, short: `05.03.2026`."""
    return formats.date_format(_local(value), "SHORT_DATE_FORMAT") if value else ""


@register.filter
def moment(value: dt.datetime | None) -> str:
    """`05.03.2026 14:20` in the time zone of the programme."""
    return formats.date_format(_local(value), "SHORT_DATETIME_FORMAT") if value else ""


@register.filter
def through(value: dt.datetime | None) -> str:
    """The last day of what ends at this moment: points that expire on 1 January at 00:00 are good «по 31.12»."""
    return day(value - dt.timedelta(seconds=1)) if value else ""


@register.simple_tag
def dressed(field: BoundField) -> str:
    """Gives the field's widget the classes of the look, and says how templates/forms/field.html is to draw it:
    `check`, `choices`, or `` for everything else."""
    widget = field.field.widget
    match widget:
        case forms.CheckboxInput():
            kind, look = "check", "form-check-input"
        case forms.RadioSelect() | forms.CheckboxSelectMultiple():
            kind, look = "choices", "form-check-input"
        case forms.Select():
            kind, look = "", "form-select"
        case _:
            kind, look = "", "form-control"
    widget.attrs["class"] = f"{look} is-invalid" if field.errors else look
    return kind


def _local(value: dt.date) -> dt.date:
    return timezone.localtime(value) if isinstance(value, dt.datetime) else value


def _plain() -> Words:
    return Words(language=spoken(), space=NO_BREAK)


def _words(context: Context) -> Words:
    request = context.get("request")
    place = getattr(request, "place", None)
    program = place.program if place else context.get("program")
    return words_on_page(program.pk) if program is not None else _plain()
