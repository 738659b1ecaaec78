"""What time alone does to certificates: a warning before the end, and then the end."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from loyalty.certificates import entries
from loyalty.models import Certificate, CertificateReservation
from merchants import outbox

CHUNK: Final = 500
# A letter so long before the end; who got one that is good for less is not told twice at once.
WARNED_BEFORE: Final = dt.timedelta(days=14)
NOT_WITHIN: Final = dt.timedelta(days=3)


@transaction.atomic
def expire_due(*, program_id: int, now: dt.datetime) -> int:
    """Write down the end of those whose time has passed; how many, up to a chunk. Once, however often it runs."""
    held = CertificateReservation.objects.filter(program_id=program_id, certificate=OuterRef("pk"), until__gt=now)
    due = Certificate.objects.filter(~Exists(held), program_id=program_id, rest__gt=0, expires_at__lte=now)
    rows = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:CHUNK])
    for row in rows:
        entries.expire(row, now=now)
    # Nobody is written to about one that is over.
    Certificate.objects.filter(program_id=program_id, rest=0).exclude(email="").update(email="")
    return len(rows)


@transaction.atomic
def warn(*, program_id: int, now: dt.datetime) -> int:
    """Leave a letter for those that end soon; how many, up to a chunk. One letter for each end."""
    soon = Certificate.objects.good(now).filter(
        program_id=program_id,
        warned_at=None,
        expires_at__lte=now + WARNED_BEFORE,
        created_at__lte=now - NOT_WITHIN,
    )
    rows = list(
        soon.exclude(email="", holder=None).select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:CHUNK]
    )
    for row in rows:
        row.warned_at = now
        outbox.put(program_id=program_id, topic="certificate.ends", payload={"certificate": row.pk}, now=now)
    Certificate.objects.bulk_update(rows, ["warned_at"])
    return len(rows)
