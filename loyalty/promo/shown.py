"""Codes and batches in words: for pages, letters, tills."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.engine.codes import read
from loyalty.engine.quantities import ZERO
from loyalty.models import PromoBatch
from loyalty.templatetags.kopilka import day, through
from loyalty.wording import Words

_GROUP: Final = 4


def code_shown(batch: PromoBatch, code: str) -> str:
    """`ZERN07K2MQX4T` of the prefix ZERNO as `ZERNO-7K2M-QX4T`; a shared one as it was typed."""
    if batch.kind == PromoBatch.Kind.SHARED:
        return batch.word
    body = code[len(read(batch.prefix)) :]
    groups = [body[n : n + _GROUP] for n in range(0, len(body), _GROUP)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = ["".join(groups[-2:])]
    return "-".join([batch.prefix.upper(), *groups] if batch.prefix else groups)


def worth(batch: PromoBatch, words: Words) -> str:
    """What a code of it gives, in a few words."""
    match batch.gives:
        case "percent":
            off = _("%(percent)s off") % {"percent": words.percent(batch.percent or ZERO)}
            if batch.amount is not None:
                off = _("%(off)s, at most %(money)s") % {"off": off, "money": words.money(batch.amount)}
            return f"{off}: {batch.sku or batch.category}" if batch.sku or batch.category else off
        case "sum":
            return _("%(money)s off") % {"money": words.money(batch.amount or ZERO)}
        case "points":
            return words.points(batch.points or ZERO)
        case "product":
            return _("one for nothing: %(goods)s") % {"goods": batch.sku or batch.category}
    return _("by a rule of the programme")


STATES: Final[dict[str, Promise]] = {
    "making": gettext_lazy("is being made"),
    "failed": gettext_lazy("could not be made"),
    "stopped": gettext_lazy("stopped"),
    "early": gettext_lazy("not begun yet"),
    "over": gettext_lazy("over"),
    "running": gettext_lazy("is running"),
}


def state(batch: PromoBatch, now: dt.datetime) -> str:
    """A key of STATES."""
    if batch.state != PromoBatch.State.READY:
        return batch.state
    if batch.stopped_at is not None:
        return "stopped"
    if batch.ends_at is not None and batch.ends_at <= now:
        return "over"
    return "early" if batch.starts_at is not None and batch.starts_at > now else "running"


def time_of(batch: PromoBatch) -> str:
    if batch.starts_at is not None and batch.ends_at is not None:
        return _("from %(first)s through %(last)s") % {"first": day(batch.starts_at), "last": through(batch.ends_at)}
    if batch.ends_at is not None:
        return _("through %(last)s") % {"last": through(batch.ends_at)}
    if batch.starts_at is not None:
        return _("from %(first)s, without an end") % {"first": day(batch.starts_at)}
    return _("without an end")
