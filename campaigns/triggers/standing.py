"""By what clients have: tiers, points, certificates; and by the segments that they come into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from django.db.models import Q
from msgspec import Meta

from campaigns.triggers.base import ByDay, ByEntering, Rows
from clients import listing, segments
from clients.models import Client, Segment
from clients.segments.looking import NOBODY as NO_ACCOUNTS
from clients.segments.looking import Among, Look
from loyalty.engine.fields import field
from loyalty.engine.words import gettext_noop, ngettext

_ = gettext_noop

Soon = Annotated[int, Meta(ge=1, le=90)]


class TierReached(ByEntering, frozen=True, kw_only=True, tag="tier_reached"):
    """The client has come into one of these tiers. Who is in it when the campaign begins has been there."""

    title = _("Tier reached")
    hint = _("Congratulate, and say what the tier gives.")
    says = ngettext("when the tier %(tiers)s is reached", "when one of the tiers %(tiers)s is reached", "tiers")

    tiers: Annotated[tuple[str, ...], field("tiers", _("Tiers"))] = ()

    def inside(self, look: Look) -> Rows:
        found = Q(pk__in=())
        for tier in self.tiers:
            found |= listing.in_tier(tier, look.rulebook, look.now)
        among = Among.of(Client.objects.filter(found, program_id=look.program_id).values("account"))
        return Rows(among.sql, among.params)

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.tiers:
            yield "tiers", _("Choose at least one.")


class TierEnding(ByDay, frozen=True, kw_only=True, tag="tier_ending"):
    """So many days before the client's tier is looked at again, or before a tier that was set by hand ends."""

    title = _("Tier soon lost")
    hint = _("A purchase more, and the tier stays: say so in time.")
    says = ngettext("%(days)s day before the tier may be lost", "%(days)s days before the tier may be lost", "days")

    days: Annotated[Soon, field("days", _("Days before"))] = 14

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        # What ends with a day ends at the first moment of the next.
        last = day + dt.timedelta(days=self.days)
        ends, then = look.begins(last), look.ends(last)
        return Rows(
            "SELECT a.id, %s::text, %s::timestamptz FROM loyalty_account a WHERE a.program_id = %s"
            " AND ((a.tier_ends_at > %s AND a.tier_ends_at <= %s)"
            " OR (a.manual_tier <> '' AND a.manual_tier_until > %s AND a.manual_tier_until <= %s))",
            (last.isoformat(), moment, look.program_id, ends, then, ends, then),
        )


class PointsExpiring(ByDay, frozen=True, kw_only=True, tag="points_expiring"):
    """So many days before points expire; once for each day on which some of them do."""

    title = _("Points soon expire")
    hint = _("Remind them, and they come to spend: the best reason there is.")
    says = (
        _("%(days)s before %(at_least)s or more expire"),
        _("%(days)s before points expire"),
    )
    parts = {"days": ngettext("%(value)s day", "%(value)s days", "days")}

    days: Annotated[Soon, field("days", _("Days before"))] = 7
    at_least: Annotated[Decimal, field("points", _("If so many expire, at least"), _("Empty: any number."))] = Decimal(
        0
    )

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        last = day + dt.timedelta(days=self.days)
        ends, then = look.begins(last), look.ends(last)
        return Rows(
            "SELECT l.account_id, %s::text, %s::timestamptz FROM loyalty_lot l WHERE l.program_id = %s AND l.rest > 0"
            " AND l.expires_at > %s AND l.expires_at <= %s GROUP BY l.account_id HAVING sum(l.rest) >= %s",
            (last.isoformat(), moment, look.program_id, ends, then, self.at_least),
        )


class CertificateExpiring(ByDay, frozen=True, kw_only=True, tag="certificate_expiring"):
    """So many days before the time of a client's certificate is over; once for each certificate and end."""

    title = _("Certificate soon expires")
    hint = _("Who holds a certificate and forgets it, is cross: remind him.")
    says = ngettext("%(days)s day before a certificate expires", "%(days)s days before a certificate expires", "days")

    days: Annotated[Soon, field("days", _("Days before"))] = 14

    def on(self, look: Look, day: dt.date, moment: dt.datetime) -> Rows:
        last = day + dt.timedelta(days=self.days)
        return Rows(
            "SELECT c.holder_id, c.id || ':' || %s, %s::timestamptz FROM loyalty_certificate c WHERE c.program_id = %s"
            " AND c.merchant_id = %s AND c.holder_id IS NOT NULL AND c.rest > 0 AND c.cancelled_at IS NULL"
            " AND c.expires_at > %s AND c.expires_at <= %s",
            (last.isoformat(), moment, look.program_id, look.merchant_id, look.begins(last), look.ends(last)),
        )


class SegmentEntered(ByEntering, frozen=True, kw_only=True, tag="segment"):
    """The client has come into a segment in which he was not before."""

    title = _("Comes into a segment")
    hint = _("Any conditions that you can think of: who fits them for the first time, or again.")
    says = _("on coming into the segment %(segment)s")

    segment: Annotated[int, field("count", _("Segment"))] = 0

    def inside(self, look: Look) -> Rows:
        segment = Segment.objects.filter(
            program_id=look.program_id, merchant_id=look.merchant_id, pk=self.segment
        ).first()
        among = Among.of(segments.members(segment, look.now).values("account")) if segment else NO_ACCOUNTS
        return Rows(among.sql, among.params)

    def faults(self) -> Iterator[tuple[str, str]]:
        if not self.segment:
            yield "segment", _("Choose a segment.")
