"""Extend a certificate, cancel it, send it. Each takes the row's lock, and leaves a line in its history and the log."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Sum

from loyalty.certificates import entries
from loyalty.models import Certificate
from loyalty.refusals import Refused
from merchants import audit, outbox
from merchants.access import Actor, same_tenant


@transaction.atomic
def extend(
    *, certificate: Certificate, until: dt.datetime, now: dt.datetime, by: Actor, reason: str = ""
) -> Certificate:
    """Good until a later moment; what had expired is there again.

    Refused `certificate_refused` for one that is cancelled or used up, and for a moment that is not later.
    """
    row = _locked(certificate)
    if row.cancelled_at is not None:
        raise Refused("certificate_refused", reason="cancelled")
    if row.state(now) == "used":
        raise Refused("certificate_refused", reason="used_up")
    if until <= max(now, row.expires_at):
        raise Refused("certificate_refused", reason="not_later")
    before = row.expires_at
    entries.extend(row, until=until, now=now, actor=str(by), reason=reason)
    audit.record(
        program_id=row.program_id,
        action="certificate.extended",
        at=now,
        by=by,
        subject=row,
        details={"before": before.isoformat(), "until": until.isoformat(), "rest": str(row.rest)},
        reason=reason,
    )
    return row


@transaction.atomic
def cancel(*, certificate: Certificate, now: dt.datetime, by: Actor, reason: str = "") -> Certificate:
    """Nothing of it is left, and nothing pays with it.

    Refused `certificate_refused`: `cancelled` already, `kept_by_hold` while an unfinished receipt keeps some of it.
    """
    row = _locked(certificate)
    if row.cancelled_at is not None:
        raise Refused("certificate_refused", reason="cancelled")
    kept = row.reservations.filter(program_id=row.program_id, until__gt=now).aggregate(sum=Sum("amount"))["sum"]
    if kept:
        raise Refused("certificate_refused", reason="kept_by_hold")
    rest = row.rest
    entries.cancel(row, now=now, actor=str(by), reason=reason)
    audit.record(
        program_id=row.program_id,
        action="certificate.cancelled",
        at=now,
        by=by,
        subject=row,
        details={"rest": str(rest), "sold": row.is_sold},
        reason=reason,
    )
    return row


@transaction.atomic
def send(*, certificate: Certificate, email: str, site: str, now: dt.datetime, by: Actor) -> None:
    """Send its link by e-mail, and remember the address for as long as it is good."""
    row = _locked(certificate)
    if row.state(now) != "good":
        raise Refused("certificate_refused", reason={"used": "used_up"}.get(row.state(now), row.state(now)))
    row.email = email
    row.save(update_fields=["email"])
    outbox.put(
        program_id=row.program_id, topic="certificate.send", payload={"certificate": row.pk, "site": site}, now=now
    )
    audit.record(program_id=row.program_id, action="certificate.sent", at=now, by=by, subject=row)


def note_shown(*, certificate: Certificate, now: dt.datetime, by: Actor) -> None:
    """Whoever has printed one could pay with it: the log knows who did."""
    audit.record(program_id=certificate.program_id, action="certificate.printed", at=now, by=by, subject=certificate)


def _locked(certificate: Certificate) -> Certificate:
    program_id = same_tenant(certificate)
    return Certificate.objects.select_for_update(of=("self",)).get(program_id=program_id, pk=certificate.pk)
