"""What is noted of a batch after it was made."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from loyalty.models import PromoBatch
from merchants import audit
from merchants.access import Actor


@transaction.atomic
def note_taken_out(*, batch: PromoBatch, now: dt.datetime, by: Actor) -> None:
    """Its codes were exported or printed: who has them nobody knows, so that none is given to a single client."""
    if batch.kind != PromoBatch.Kind.UNIQUE:
        return
    PromoBatch.objects.filter(program_id=batch.program_id, pk=batch.pk, exported_at=None).update(exported_at=now)
    audit.record(program_id=batch.program_id, action="promo_batch.taken_out", at=now, by=by, subject=batch)
