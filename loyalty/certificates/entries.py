"""The writer of a certificate's history beside sales (those are written by `loyalty/sql/certificates.sql`).

Each function takes a row that is locked, and leaves its rest the sum of its entries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

from django.db.models import Sum

from loyalty.engine.quantities import ZERO
from loyalty.models import Certificate, CertificateEntry, Return, Sale

Kind = CertificateEntry.Kind


def give_back(
    certificate: Certificate,
    *,
    amount: Decimal,
    lines: Sequence[int],
    parts: Sequence[Decimal],
    given_back: Return,
    again_until: dt.datetime,
    now: dt.datetime,
    actor: str,
) -> None:
    """What paid for goods that came back: with the old expiry, or with a new one where that has passed. What was left
    when it passed is gone."""
    expire(certificate, now=now)
    if amount and certificate.expires_at <= now:
        certificate.expires_at, certificate.expired_at, certificate.warned_at = again_until, None, None
    if amount:
        certificate.cancelled_at = None
    _move(
        certificate,
        Kind.GIVE_BACK,
        amount,
        now=now,
        actor=actor,
        lines=list(lines),
        parts=list(parts),
        sale=given_back.sale,
        given_back=given_back,
    )


def expire(certificate: Certificate, *, now: dt.datetime) -> bool:
    """Write down that its time has passed, where it has and something was left. What a hold keeps waits for its end:
    the hold was taken in time."""
    if not certificate.rest or certificate.expires_at > now:
        return False
    kept = certificate.reservations.filter(program_id=certificate.program_id, until__gt=now)
    left = certificate.rest - (kept.aggregate(sum=Sum("amount"))["sum"] or ZERO)
    if left <= 0:
        return False
    certificate.expired_at = now
    _move(certificate, Kind.EXPIRE, -left, now=now, actor="", at=certificate.expires_at)
    return True


def extend(certificate: Certificate, *, until: dt.datetime, now: dt.datetime, actor: str, reason: str) -> None:
    """A later end; what had expired is there again."""
    expire(certificate, now=now)
    written = certificate.entries.filter(
        program_id=certificate.program_id, kind__in=[Kind.EXPIRE, Kind.EXTEND]
    ).aggregate(sum=Sum("amount"))["sum"]
    certificate.expires_at, certificate.expired_at, certificate.warned_at = until, None, None
    _move(certificate, Kind.EXTEND, -(written or ZERO), now=now, actor=actor, reason=reason)


def cancel(
    certificate: Certificate,
    *,
    now: dt.datetime,
    actor: str,
    reason: str = "",
    sale: Sale | None = None,
    given_back: Return | None = None,
) -> None:
    certificate.cancelled_at = now
    _move(
        certificate,
        Kind.CANCEL,
        -certificate.rest,
        now=now,
        actor=actor,
        reason=reason,
        sale=sale,
        given_back=given_back,
    )


def _move(
    certificate: Certificate,
    kind: CertificateEntry.Kind,
    amount: Decimal,
    *,
    now: dt.datetime,
    actor: str,
    at: dt.datetime | None = None,
    reason: str = "",
    lines: Sequence[int] = (),
    parts: Sequence[Decimal] = (),
    sale: Sale | None = None,
    given_back: Return | None = None,
) -> None:
    certificate.rest += amount
    certificate.save(update_fields=["rest", "expires_at", "expired_at", "warned_at", "cancelled_at"])
    CertificateEntry.objects.create(
        program_id=certificate.program_id,
        certificate=certificate,
        kind=kind,
        amount=amount,
        rest_after=certificate.rest,
        lines=list(lines),
        parts=list(parts),
        sale=sale,
        given_back=given_back,
        expires_at=certificate.expires_at,
        at=at or now,
        created_at=now,
        actor=actor[:120],
        reason=reason[:250],
    )
