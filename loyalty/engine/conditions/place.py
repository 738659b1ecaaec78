"""Conditions on where, and how the client is known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from loyalty.engine.cart import IdentifiedBy
from loyalty.engine.conditions.base import Condition, Miss, Receipt
from loyalty.engine.faults import Fault
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext

if TYPE_CHECKING:
    from loyalty.engine.rulebook import Rulebook

_ = gettext_noop


class InTier(Condition, frozen=True, tag="tier"):
    """The client's tier is one of these."""

    title = _("Tiers")
    says = ngettext("for the tier %(tiers)s", "for the tiers %(tiers)s", "tiers")
    missed = _("Only for clients of other tiers")

    tiers: Annotated[tuple[str, ...], field("tiers", _("Tiers"), min_length=1)]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.tier in self.tiers else Miss("tier")

    def faults(self, at: str, rulebook: Rulebook) -> Iterator[Fault]:
        strange = set(self.tiers) - set(rulebook.tiers_by_id)
        if strange:
            yield Fault(f"{at}/tiers", "unknown_tier", ", ".join(sorted(strange)))


class AtOutlet(Condition, frozen=True, tag="outlet"):
    """The sale happens at one of these outlets."""

    title = _("Outlets")
    says = ngettext("at the outlet %(outlets)s", "at the outlets %(outlets)s", "outlets")
    missed = _("Only at other outlets")

    outlets: Annotated[tuple[str, ...], field("outlets", _("Outlets"), min_length=1)]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.cart.outlet in self.outlets else Miss("outlet")


class ByChannel(Condition, frozen=True, tag="channel"):
    """The sale comes from one of these channels."""

    title = _("Channels of sales")
    says = ngettext("in the channel of sales %(channels)s", "in the channels of sales %(channels)s", "channels")
    missed = _("Only in another channel of sales")

    channels: Annotated[
        tuple[str, ...],
        field(
            "channels", _("Channels of sales"), _("For example store, online: as the till sends them."), min_length=1
        ),
    ]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.cart.channel in self.channels else Miss("channel")


class Identified(Condition, frozen=True, tag="identified"):
    """The client was found in one of these ways."""

    title = _("How the client is found")
    says = _("when the client is found %(by)s")
    missed = _("Only when the client is identified in another way")

    by: Annotated[tuple[IdentifiedBy, ...], field("ways", _("The client is found"), min_length=1)]

    def misses(self, receipt: Receipt) -> Miss | None:
        return None if receipt.identified_by in self.by else Miss("identified")
