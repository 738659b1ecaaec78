"""Recency, frequency and money, compared with the other clients (`clients.segments.rfm`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from django.db.models import Q
from msgspec import Meta

from clients.segments import rfm
from clients.segments.conditions.base import Condition
from clients.segments.looking import Among, Look
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop

_ = gettext_noop

Score = Annotated[int, Meta(ge=1, le=5)]


class Named(Condition, frozen=True, kw_only=True, tag="rfm"):
    """A named group of the RFM table."""

    title = _("RFM group")
    says = _("of the RFM group “%(group)s”")

    group: Annotated[
        Literal[
            "champions",
            "loyal",
            "promising",
            "newcomers",
            "attention",
            "cannot_lose",
            "at_risk",
            "sleeping",
            "lost",
        ],
        field("choice", _("Group"), choices=tuple(rfm.NAMES.items())),
    ] = "champions"

    def finds(self, look: Look) -> Q | Among:
        return rfm.finds(look, rfm.boxes_of(self.group))


class Scores(Condition, frozen=True, kw_only=True, tag="rfm_scores"):
    """Scores of RFM, each from 1 to 5; 5 is the best fifth of the clients with a purchase."""

    title = _("RFM scores")
    says = _("by RFM: %(recency_from)s %(recency_to)s %(frequency_from)s %(frequency_to)s %(money_from)s %(money_to)s")
    parts = {
        "recency_from": _("recency from %(value)s"),
        "recency_to": _("recency to %(value)s"),
        "frequency_from": _("frequency from %(value)s"),
        "frequency_to": _("frequency to %(value)s"),
        "money_from": _("money from %(value)s"),
        "money_to": _("money to %(value)s"),
    }

    recency_from: Annotated[Score | None, field("count", _("Recency from"), _("5: they bought lately."))] = None
    recency_to: Annotated[Score | None, field("count", _("Recency to"))] = None
    frequency_from: Annotated[Score | None, field("count", _("Frequency from"), _("5: they buy most often."))] = None
    frequency_to: Annotated[Score | None, field("count", _("Frequency to"))] = None
    money_from: Annotated[Score | None, field("count", _("Money from"), _("5: they spend most."))] = None
    money_to: Annotated[Score | None, field("count", _("Money to"))] = None

    def finds(self, look: Look) -> Q | Among:
        box = rfm.Box(
            (self.recency_from or 1, self.recency_to or 5),
            (self.frequency_from or 1, self.frequency_to or 5),
            (self.money_from or 1, self.money_to or 5),
        )
        return rfm.finds(look, [box])

    def faults(self) -> Iterator[tuple[str, str]]:
        for name in ("recency", "frequency", "money"):
            low, high = getattr(self, f"{name}_from"), getattr(self, f"{name}_to")
            if low is not None and high is not None and high < low:
                yield f"{name}_to", _("This is less than the beginning.")
