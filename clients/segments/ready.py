"""Segments to begin with, offered where a shop has none yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from msgspec import Struct

from clients.segments import rfm
from clients.segments.conditions import Condition
from clients.segments.conditions.behaviour import Expiring, LastPurchase, Purchases
from clients.segments.conditions.profile import BirthdaySoon, Consented, JoinedAgo
from clients.segments.conditions.rfm import Named, Scores
from clients.segments.definition import Clause, Definition


class Ready(Struct, frozen=True):
    name: Promise
    hint: Promise
    conditions: tuple[Condition, ...]

    @property
    def definition(self) -> Definition:
        return Definition(tuple(Clause(one) for one in self.conditions))


READY: Final[Mapping[str, Ready]] = {
    "sleeping": Ready(
        _("Sleeping"),
        _("They bought, and have not come for two months: invite them back."),
        (LastPurchase(at_least=60, at_most=365),),
    ),
    "newcomers": Ready(_("Newcomers"), _("Joined within the last month: welcome them."), (JoinedAgo(at_most=30),)),
    "without_purchases": Ready(
        _("Without purchases"),
        _("Joined a week ago or earlier, and have bought nothing yet."),
        (Purchases(at_most=0), JoinedAgo(at_least=7)),
    ),
    "best": Ready(_("The best"), _("The fifth of the buyers who have spent most."), (Scores(money_from=5),)),
    "birthday": Ready(
        _("Birthday soon"), _("A birthday within two weeks: time for a present."), (BirthdaySoon(days=14),)
    ),
    "champions": Ready(_("RFM champions"), _("They bought lately and often: thank them."), (Named(group="champions"),)),
    "expiring": Ready(
        _("Points expire soon"), _("Something of theirs expires within two weeks: remind them."), (Expiring(),)
    ),
    "letters": Ready(
        _("Agreed to advertising"), _("Those whom a campaign may be sent to."), (Consented(to="advertising"),)
    ),
}


def of_cell(recency: int, frequency: int) -> Definition:
    scores = Scores(recency_from=recency, recency_to=recency, frequency_from=frequency, frequency_to=frequency)
    return Definition((Clause(scores),))


def of_group(name: str) -> Definition:
    if name not in rfm.CELLS:
        raise KeyError(name)
    return Definition((Clause(Named(group=name)),))  # type: ignore[arg-type]  # one of its names
