"""The audit log: who did what, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Model

from merchants.access import Actor
from merchants.models import AuditRecord


def record(
    *,
    program_id: int,
    action: str,
    at: datetime,
    by: Actor,
    subject: Model | None = None,
    details: Mapping[str, Any] | None = None,
    reason: str = "",
) -> AuditRecord:
    """Write one line, in the caller's transaction: an act and its record are there together or not at all.

    `action` is «noun.verb-ed» (`till_key.revoked`); `details` are JSON values, and of people no more than ids.
    """
    return AuditRecord.objects.create(
        program_id=program_id,
        action=action,
        at=at,
        user=None if isinstance(by, str) else by,
        actor=by[:120] if isinstance(by, str) else "",
        object_type=subject._meta.model_name or "" if subject is not None else "",
        object_id=str(subject.pk) if subject is not None else "",
        details=dict(details or {}),
        reason=reason,
    )
