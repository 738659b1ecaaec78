"""Outlets: opened, changed, closed and opened again. What was sold in a closed one stays."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Merchant, Outlet
from merchants.transliteration import slug_of


@transaction.atomic
def open_outlet(
    *, merchant: Merchant, name: str, address: str = "", code: str = "", by: Actor, now: datetime
) -> Outlet:
    """A new outlet, without tills. An empty code is made from the name.

    ValidationError by field: no name, a code that is none or that another outlet of the programme has.
    """
    same_tenant(merchant)
    require(by, Action.MANAGE_TILLS, merchant=merchant)
    # One at a time, or two of one name would be given the same code.
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    name, code = " ".join(name.split()), code.strip().lower()
    outlet = Outlet(
        program_id=merchant.program_id,
        merchant=merchant,
        name=name,
        code=code or free_code(merchant, name),
        address=" ".join(address.split()),
        created_at=now,
    )
    outlet.full_clean(validate_constraints=False)
    if code and Outlet.objects.filter(program_id=merchant.program_id, code=code).exists():
        raise ValidationError({"code": ValidationError(_("Another outlet has this code."), code="taken")})
    outlet.save()
    audit.record(
        program_id=outlet.program_id,
        action="outlet.opened",
        at=now,
        by=by,
        subject=outlet,
        details={"merchant": merchant.pk, "code": outlet.code},
    )
    return outlet


@transaction.atomic
def change_outlet(*, outlet: Outlet, name: str, address: str, by: Actor, now: datetime) -> None:
    """Another name or address; the code stays. ValidationError by field."""
    _begin(outlet, by)
    before = {"name": outlet.name, "address": outlet.address}
    outlet.name, outlet.address = " ".join(name.split()), " ".join(address.split())
    outlet.full_clean(validate_constraints=False)
    changed = [field for field, value in before.items() if getattr(outlet, field) != value]
    if changed:
        outlet.save(update_fields=changed)
        _record("outlet.changed", outlet, by, now, fields=changed)


@transaction.atomic
def close_outlet(*, outlet: Outlet, by: Actor, now: datetime) -> None:
    """Its tills sell no more: their keys are refused, at the latest in half a minute. Twice changes nothing."""
    _begin(outlet, by)
    if outlet.is_active:
        _set_active(outlet, active=False)
        _record("outlet.closed", outlet, by, now)


@transaction.atomic
def reopen_outlet(*, outlet: Outlet, by: Actor, now: datetime) -> None:
    """Its tills sell again, with the keys they had."""
    _begin(outlet, by)
    if not outlet.is_active:
        _set_active(outlet, active=True)
        _record("outlet.reopened", outlet, by, now)


def free_code(merchant: Merchant, name: str) -> str:
    """A code for a new outlet that no other of the programme has."""
    slug = slug_of(name, length=36)
    taken = set(
        Outlet.objects.filter(program_id=merchant.program_id, code__startswith=slug).values_list("code", flat=True)
    )
    if slug not in taken:
        return slug
    return next(code for number in range(2, len(taken) + 3) if (code := f"{slug}-{number}") not in taken)


def _begin(outlet: Outlet, by: Actor) -> None:
    same_tenant(outlet)
    require(by, Action.MANAGE_TILLS, merchant=outlet.merchant)
    locked = Outlet.objects.select_for_update(no_key=True).get(pk=outlet.pk)
    outlet.name, outlet.address, outlet.is_active = locked.name, locked.address, locked.is_active


def _set_active(outlet: Outlet, *, active: bool) -> None:
    outlet.is_active = active
    outlet.save(update_fields=["is_active"])


def _record(action: str, outlet: Outlet, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        program_id=outlet.program_id,
        action=action,
        at=now,
        by=by,
        subject=outlet,
        details={"merchant": outlet.merchant_id, **details},
    )
