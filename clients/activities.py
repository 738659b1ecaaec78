"""What clients did elsewhere, in words, and whether a shop has to do with it at all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from loyalty.models import Activity, ProgramVersion

# As shops' programs name them; others are shown as they are named.
ACTIONS: Final[Mapping[str, Promise]] = {
    "review": _("review"),
    "repost": _("repost"),
    "survey": _("survey"),
    "subscription": _("subscription"),
}


def has_any() -> Q:
    """Of a member: whether his programme has, or has had, rules for actions in force, or something that his shop
    reported waits."""
    rules = {"rules": [{"effect": {"kind": "activity"}, "enabled": True}]}
    versions = ProgramVersion.objects.started(OuterRef("program_id"), timezone.now()).filter(document__contains=rules)
    reported = Activity._base_manager.filter(
        program_id=OuterRef("program_id"), merchant_id=OuterRef("merchant_id"), status=Activity.Status.WAITING
    )
    return Q(Exists(versions)) | Q(Exists(reported))


def named(action: str) -> str:
    return str(ACTIONS.get(action, action))
