"""A new shop: the programme, the merchant, and the owner who opened it. What stands in it comes next, page by page."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from merchants import audit
from merchants.access import tenant
from merchants.members import enlist
from merchants.models import Member, Merchant, Program, Role, User


@transaction.atomic
def open_shop(
    *,
    name: str,
    by: User,
    now: datetime,
    time_zone: str = "Europe/Moscow",
    language: str = "ru",
    points: tuple[str, str, str] = ("балл", "балла", "баллов"),
    precision: int = 0,
) -> Member:
    """A programme of one merchant, both called `name`, and its owner `by`, who may be anybody with an account.

    ValidationError by field of the programme: an empty name, an unknown time zone. Enter the tenant of the member's
    programme for what comes next: outlets, tills, the rules.
    """
    name = " ".join(name.split())
    one, few, many = points
    program = Program(
        name=name,
        time_zone=time_zone,
        language=language,
        point_one=one,
        point_few=few,
        point_many=many,
        precision=precision,
        created_at=now,
    )
    program.full_clean()
    program.save()
    with tenant(program.pk):
        merchant = Merchant.objects.create(program=program, name=name, created_at=now)
        audit.record(program_id=program.pk, action="merchant.opened", at=now, by=by, subject=merchant)
        return enlist(merchant=merchant, user=by, role=Role.OWNER, by=by, now=now)
