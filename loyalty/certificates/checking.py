"""Find a certificate by its code. Whoever asks counts wrong codes as guesses."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import Sum

from loyalty.certificates.codes import may_be, spelled
from loyalty.engine.quantities import ZERO
from loyalty.models import Certificate
from loyalty.refusals import Refused


def find(*, program_id: int, merchant_id: int, code: str) -> Certificate:
    """A merchant's certificate by its code, however it is spelled. Refused `certificate_not_found`, also for a
    partner's: theirs pay at their own tills."""
    wanted = spelled(code)
    found = None
    if may_be(wanted):
        found = Certificate.objects.filter(program_id=program_id, merchant_id=merchant_id, code=wanted).first()
    if found is None:
        raise Refused("certificate_not_found")
    return found


def available(certificate: Certificate, *, now: dt.datetime) -> Decimal:
    """The rest without what receipts on hold keep of it; nothing of one that is not good."""
    if certificate.state(now) != "good":
        return ZERO
    kept = certificate.reservations.filter(program_id=certificate.program_id, until__gt=now)
    rest: Decimal = certificate.rest
    return rest - (kept.aggregate(sum=Sum("amount"))["sum"] or ZERO)
