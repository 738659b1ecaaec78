"""Limits on points by hand: how many a manager or an operator may add and deduct at once, and in a local day.

Owners, the platform's operator and commands have none. What counts for a day is what was done, each direction apart:
an undoing gives nothing back to the day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from msgspec import Struct

from loyalty.engine.calendar import calendar_of
from loyalty.engine.quantities import ZERO, unit
from loyalty.models import HandLimit, HandUse
from loyalty.refusals import Refused
from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Member, Merchant, Program, Role, User

LIMITED: Final = (Role.MANAGER, Role.OPERATOR)
FIELDS: Final = ("add_once", "add_day", "deduct_once", "deduct_day")


class Over(Struct, frozen=True):
    """Which limit is in the way: that of one operation (`most`), or that of the day, of which `left` is left."""

    limit: Literal["once", "day"]
    most: Decimal
    left: Decimal


def over(*, merchant: Merchant, points: Decimal, now: dt.datetime, by: Actor) -> Over | None:
    """What would keep somebody from adding (or, below zero, deducting) so many points now; nothing is written."""
    role = limited_role(by, merchant.pk)
    if role is None or not isinstance(by, User):
        return None
    limits = _limits(merchant.program_id, merchant.pk, role)
    use = HandUse.objects.filter(
        program_id=merchant.program_id, merchant=merchant, user=by, day=day_of(merchant.program_id, now)
    ).first()
    return _over(limits, use, points)


def take(*, program_id: int, merchant_id: int, points: Decimal, now: dt.datetime, by: Actor) -> None:
    """Count points by hand against the day of whoever moves them, whose row is held until the transaction ends.

    Refused `adjustment_limit` (`limit`: once or day, `most`, `left`). It is the last lock that a write takes.
    """
    role = limited_role(by, merchant_id)
    if role is None or not isinstance(by, User):
        return
    mine = {"program_id": program_id, "merchant_id": merchant_id, "user_id": by.pk, "day": day_of(program_id, now)}
    HandUse.objects.bulk_create([HandUse(**mine)], ignore_conflicts=True)
    use = HandUse.objects.select_for_update().get(**mine)
    found = _over(_limits(program_id, merchant_id, role), use, points)
    if found is not None:
        raise Refused("adjustment_limit", limit=found.limit, most=found.most, left=found.left)
    column = "added" if points > 0 else "deducted"
    HandUse.objects.filter(pk=use.pk).update(**{column: F(column) + abs(points)})


def of(merchant: Merchant) -> dict[Role, HandLimit]:
    """The limits of a merchant by role, none said where there is no row."""
    rows = {row.role: row for row in HandLimit.objects.filter(program_id=merchant.program_id, merchant=merchant)}
    return {role: rows.get(role) or HandLimit(merchant=merchant, role=role) for role in LIMITED}


@transaction.atomic
def change(
    *, merchant: Merchant, limits: Mapping[Role, Mapping[str, Decimal | None]], now: dt.datetime, by: Actor
) -> None:
    """Set the limits of both roles; None lifts one. ValidationError by `<role>_<field>` for what is below nothing,
    finer than the programme counts, or above the day's where it is for one operation."""
    program_id = same_tenant(merchant)
    require(by, Action.LIMIT_POINTS, merchant=merchant)
    precision = Program.objects.get(pk=program_id).precision
    if wrong := dict(_wrong(limits, precision)):
        raise ValidationError(wrong)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    before = of(merchant)
    changed = [
        f"{role}_{field}"
        for role, values in limits.items()
        for field in FIELDS
        if getattr(before[role], field) != values[field]
    ]
    if not changed:
        return
    for role, values in limits.items():
        HandLimit.objects.update_or_create(
            program_id=program_id, merchant=merchant, role=role, defaults={field: values[field] for field in FIELDS}
        )
    audit.record(
        program_id=program_id,
        action="hand_limits.changed",
        at=now,
        by=by,
        subject=merchant,
        details={"fields": changed},
    )


def day_of(program_id: int, now: dt.datetime) -> dt.date:
    program = Program.objects.get(pk=program_id)
    return calendar_of(program.time_zone, program.day_starts_at).day_of(now)


def limited_role(by: Actor, merchant_id: int) -> Role | None:
    """The role whose limits hold; none for whoever is not limited. Who is of no team is an operator at the most."""
    if isinstance(by, str) or (by.is_active and by.is_staff and by.is_superuser):
        return None
    role = Member.objects.active().filter(merchant=merchant_id, user=by).values_list("role", flat=True).first()
    if role == Role.OWNER:
        return None
    return Role.MANAGER if role == Role.MANAGER else Role.OPERATOR


def _limits(program_id: int, merchant_id: int, role: Role) -> HandLimit:
    found = HandLimit.objects.filter(program_id=program_id, merchant_id=merchant_id, role=role).first()
    return found or HandLimit(role=role)


def _over(limits: HandLimit, use: HandUse | None, points: Decimal) -> Over | None:
    done = ZERO if use is None else use.added if points > 0 else use.deducted
    once, day = (limits.add_once, limits.add_day) if points > 0 else (limits.deduct_once, limits.deduct_day)
    left = None if day is None else max(day - done, ZERO)
    if once is not None and abs(points) > once:
        return Over("once", once, once if left is None else min(once, left))
    if day is not None and left is not None and abs(points) > left:
        return Over("day", day, left)
    return None


def _wrong(limits: Mapping[Role, Mapping[str, Decimal | None]], precision: int) -> Iterable[tuple[str, str]]:
    for role, values in limits.items():
        for field in FIELDS:
            value = values[field]
            if value is not None and value < 0:
                yield f"{role}_{field}", _("A limit is not below nothing. Empty: no limit.")
            elif value is not None and value % unit(precision):
                yield f"{role}_{field}", _("The programme counts whole points only.")
        for way in ("add", "deduct"):
            once, day = values[f"{way}_once"], values[f"{way}_day"]
            if once is not None and day is not None and once > day:
                yield f"{role}_{way}_once", _("In one operation no more than in a day.")
