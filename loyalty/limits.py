"""What each limit of spending is about, as the end of a sentence. The keys are the engine's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext_noop as _

LIMITS: Final[Mapping[str, str]] = {
    "balance": _("that is all the client can spend now"),
    "max_percent": _("points may pay no larger part of the receipt"),
    "line_minimum": _("no line may fall below its minimum price"),
    "per_receipt": _("the limit of one receipt"),
    "per_day": _("the limit of one day"),
    "min_points": _("fewer points than the smallest number that may be spent"),
    "redeem_from": _("the balance is too small to begin spending"),
    "no_client": _("the receipt has no client"),
    "confirmation": _("spending has to be confirmed with a code first"),
}

WAITING: Final = _("%(available)s can be spent now, %(pending)s wait until %(day)s")
"""The same of a balance that has pending points besides."""
