"""Whether a shop has to do with what clients do elsewhere at all."""

from __future__ import annotations

import datetime as dt

from django.db.models import Exists, OuterRef, Q

from loyalty.models import Activity, ProgramVersion


def has_any(now: dt.datetime) -> Q:
    """Of a member: whether his programme has, or has had, rules for actions in force, or something that his shop
    reported waits."""
    rules = {"rules": [{"effect": {"kind": "activity"}, "enabled": True}]}
    versions = ProgramVersion.objects.started(OuterRef("program_id"), now).filter(document__contains=rules)
    reported = Activity._base_manager.filter(
        program_id=OuterRef("program_id"), merchant_id=OuterRef("merchant_id"), status=Activity.Status.WAITING
    )
    return Q(Exists(versions)) | Q(Exists(reported))
