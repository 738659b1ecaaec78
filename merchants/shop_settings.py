"""What a shop and its programme are called, and how they count time and look. Each change leaves a line in the log."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Merchant, Program


@transaction.atomic
def change_merchant(
    *, merchant: Merchant, name: str, legal_name: str, contacts: str, by: Actor, now: dt.datetime
) -> None:
    """ValidationError by field: no name, or another merchant of the programme has it; too long."""
    _begin(merchant, by)
    name = " ".join(name.split())
    if Merchant.objects.filter(program_id=merchant.program_id, name=name).exclude(pk=merchant.pk).exists():
        raise ValidationError(
            {"name": ValidationError(_("Another shop of the programme has this name."), code="taken")}
        )
    _apply(
        merchant,
        "merchant.changed",
        {"name": name, "legal_name": " ".join(legal_name.split()), "contacts": " ".join(contacts.split())},
        program_id=merchant.program_id,
        by=by,
        now=now,
    )


@transaction.atomic
def change_colour(*, merchant: Merchant, colour: str, by: Actor, now: dt.datetime) -> None:
    """`#rrggbb`; ValidationError by field for anything else."""
    _begin(merchant, by)
    _apply(merchant, "merchant.changed", {"colour": colour.lower()}, program_id=merchant.program_id, by=by, now=now)


@transaction.atomic
def change_program(
    *,
    merchant: Merchant,
    name: str,
    point_one: str,
    point_few: str,
    point_many: str,
    time_zone: str,
    day_starts_at: dt.time,
    active_days: int,
    join_by_sms: bool,
    language: str,
    by: Actor,
    now: dt.datetime,
) -> Program:
    """Change the programme of this merchant, and of all others in it. ValidationError by field.

    The rules in force keep the time zone and the start of the day that they were published with.
    """
    same_tenant(merchant)
    require(by, Action.CHANGE_PROGRAM, merchant=merchant)
    program = Program.objects.select_for_update(no_key=True).get(pk=merchant.program_id)
    values = {
        "name": " ".join(name.split()),
        "point_one": " ".join(point_one.split()),
        "point_few": " ".join(point_few.split()),
        "point_many": " ".join(point_many.split()),
        "time_zone": time_zone,
        "day_starts_at": day_starts_at,
        "active_days": active_days,
        "join_by_sms": join_by_sms,
        "language": language,
    }
    _apply(program, "program.changed", values, program_id=program.pk, by=by, now=now)
    return program


def _begin(merchant: Merchant, by: Actor) -> None:
    same_tenant(merchant)
    require(by, Action.CHANGE_SETTINGS, merchant=merchant)
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


def _apply(
    row: models.Model, action: str, values: dict[str, object], *, program_id: int, by: Actor, now: dt.datetime
) -> None:
    before = {field: getattr(row, field) for field in values}
    for field, value in values.items():
        setattr(row, field, value)
    try:
        row.full_clean(validate_constraints=False)
    except ValidationError:
        for field, value in before.items():  # the page goes on showing what is saved
            setattr(row, field, value)
        raise
    changed = [field for field in values if getattr(row, field) != before[field]]
    if not changed:
        return
    row.save(update_fields=changed)
    # The names of what was changed, and not what it says: a legal name or a contact may be a person's.
    audit.record(program_id=program_id, action=action, at=now, by=by, subject=row, details={"fields": changed})
