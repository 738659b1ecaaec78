"""Gifts in words: why one can't be taken, what became of one that was."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.models import Exchange

# Small and without a full stop: they stand in a sentence, or beside the gift.
_REASONS: Mapping[str, Promise] = {
    "off": _("it is switched off"),
    "not_yet": _("its time has not come yet"),
    "over": _("its time is over"),
    "out_of_stock": _("there are none left"),
    "tier": _("it is for other tiers"),
    "per_client": _("the client has had as many as one client may"),
    "per_month": _("the client has had as many as one may in a month"),
    "points": _("there are not enough points"),
    "note": _("the client has to say something for it"),
}
# The same, said to the client himself.
_TO_CLIENT: Mapping[str, Promise] = {
    **_REASONS,
    "per_client": _("you have had as many as one may"),
    "per_month": _("you have had as many as one may in a month"),
    "note": _("fill in the field below"),
}


def reason(code: str, *, to_client: bool = False) -> str:
    return str((_TO_CLIENT if to_client else _REASONS).get(code, code))


def state(exchange: Exchange) -> str:
    return str(exchange.get_state_display())
