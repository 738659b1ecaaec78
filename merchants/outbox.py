"""Work that follows a transaction: written inside it as a row, done later by a worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from merchants.models import OutboxMessage


def put(
    *, program_id: int, topic: str, payload: Mapping[str, Any], now: datetime, due_at: datetime | None = None
) -> OutboxMessage:
    """Leave a message in the caller's transaction; it is delivered at least once, not before `due_at` (or `now`)."""
    return OutboxMessage.objects.create(
        program_id=program_id, topic=topic, payload=dict(payload), created_at=now, due_at=due_at or now
    )
