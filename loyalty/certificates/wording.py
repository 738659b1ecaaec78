"""A certificate in words: what it is for, how it stands, what has happened to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.models import Certificate
from loyalty.wording import Words

STATES: Final[Mapping[str, Promise]] = {
    "good": gettext_lazy("Good"),
    "used": gettext_lazy("Used up"),
    "expired": gettext_lazy("Its time has passed"),
    "cancelled": gettext_lazy("Cancelled"),
}


def worth(one: Certificate, words: Words) -> str:
    """What it was issued for: `1 000 ₽`, `20 % off`, `Latte`."""
    match one.kind:
        case Certificate.Kind.SUM:
            return words.round_money(one.nominal)
        case Certificate.Kind.PERCENT:
            return _("%(percent)s off") % {"percent": words.percent(one.percent)}
        case _:
            return one.title or one.sku


def rest(one: Certificate, words: Words) -> str:
    """What is left: money of a sum; of the others whether they may still be used."""
    if one.kind == Certificate.Kind.SUM:
        return words.round_money(one.rest)
    return _("for one purchase") if one.rest else _("nothing")


def state(one: Certificate, now: dt.datetime) -> str:
    return str(STATES[one.state(now)])


def change(one: Certificate, amount: Decimal, words: Words) -> str:
    """An entry's change of the rest; nothing where there is none."""
    value = words.round_money(amount) if one.kind == Certificate.Kind.SUM else words.shortest(amount)
    return f"+{value}" if amount > 0 else value if amount else ""
