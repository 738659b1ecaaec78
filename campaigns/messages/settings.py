"""How a merchant writes to clients: changed here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from campaigns.models import MessageSettings
from merchants import audit
from merchants.access import Action, Actor, require, same_tenant


@transaction.atomic
def change(*, row: MessageSettings, said: Mapping[str, Any], now: dt.datetime, by: Actor) -> MessageSettings:
    """`said` are values by field; the log keeps which of them are others now."""
    program_id = same_tenant(row)
    require(by, Action.RUN_CAMPAIGNS, merchant=row.merchant)
    row = MessageSettings.objects.select_for_update(of=("self",)).select_related("merchant").get(pk=row.pk)
    changed = sorted(field for field, value in said.items() if getattr(row, field) != value)
    if not changed:
        return row
    for field in changed:
        setattr(row, field, said[field])
    row.save(update_fields=changed)
    audit.record(
        program_id=program_id,
        action="message_settings.changed",
        at=now,
        by=by,
        subject=row,
        details={"merchant": row.merchant_id, "changed": changed},
    )
    return row
