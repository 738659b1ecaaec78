from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Final

from msgspec import Meta

from campaigns.actions.base import Action, Chunk, Cost
from loyalty import granting
from loyalty.engine.earning import lot_dates
from loyalty.engine.fields import field
from loyalty.engine.rulebook import Rulebook
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop

# For one client: more is a slip of the finger.
MOST: Final = 10_000_000


class GivePoints(Action, frozen=True, kw_only=True, tag="points"):
    """Points, which may be spent at once and have an end of their own, or that of the programme's points. A debt is
    paid first."""

    title = _("Give points")
    hint = _("The usual gift. With an end of their own they bring the client back soon.")
    says = (_("give %(points)s good for %(days)s"), _("give %(points)s"))
    parts = {"days": ngettext("%(value)s day", "%(value)s days", "days")}

    points: Annotated[Decimal, field("points", _("Points"), positive=True)] = Decimal(100)
    days: Annotated[
        Annotated[int, Meta(ge=1, le=3650)] | None,
        field("days", _("They live so many days"), _("Empty: as all points of the programme.")),
    ] = None

    @property
    def cost(self) -> Cost:
        return Cost(points=self.points)

    def give(self, chunk: Chunk) -> None:
        terms = granting.Terms(
            program_id=chunk.program_id,
            merchant_id=chunk.merchant.pk,
            rule=granting.rule_of(chunk.campaign),
            reason=chunk.title,
            actor=chunk.actor,
            expires_at=self._ends(chunk.rulebook, chunk.now),
        )
        grants = [
            granting.Grant(one.account, self.points, granting.mark_of(chunk.campaign, one.turn, chunk.step))
            for one in chunk.turns
        ]
        granting.grant(terms=terms, grants=grants, now=chunk.now)

    def late(self, rulebook: Rulebook, now: dt.datetime) -> bool:
        ends = self._ends(rulebook, now)
        return ends is not None and ends <= now

    def _ends(self, rulebook: Rulebook, now: dt.datetime) -> dt.datetime | None:
        if self.days is not None:
            return rulebook.calendar.end_of(rulebook.calendar.day_of(now) + dt.timedelta(days=self.days))
        return lot_dates(rulebook, now)[1]

    def faults(self) -> Iterator[tuple[str, str]]:
        if self.points <= 0:
            yield "points", _("How many points?")
        elif self.points > MOST:
            yield "points", _("A number is out of its bounds.")
