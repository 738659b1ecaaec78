"""Why a message was not sent, or failed: what the keys in `Message.why` mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

REASONS: Final[Mapping[str, Promise]] = {
    "no_consent": _("no consent"),
    "refused": _("unsubscribed"),
    "no_address": _("no address for any channel"),
    "dead_address": _("the address does not work"),
    "blocked": _("the client is blocked"),
    "merged": _("merged with another client"),
    "gone": _("the client is gone"),
    "too_often": _("written to often enough"),
    "expired": _("too late"),
    "incomplete": _("a variable has no value"),
    "stopped": _("the mailing was stopped"),
    # Of gateways.
    "bad_address": _("no such address"),
    "blocked_by_receiver": _("blocked by the receiver"),
    "unsubscribed": _("the browser has unsubscribed"),
    "rejected": _("refused by the gateway"),
    "no_answer": _("the gateway’s answer was lost"),
    "not_delivered": _("not delivered"),
    "complained": _("marked as spam"),
    "busy": _("the gateway was too busy"),
    "gateway": _("the gateway failed"),
    "unreachable": _("the gateway did not answer"),
    "no_money": _("no money left at the gateway"),
    "wrong_key": _("the gateway refuses the key"),
    "unknown": _("the gateway never said"),
}


def say(why: str) -> str:
    return str(REASONS.get(why, why))
