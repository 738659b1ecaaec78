"""Tills and their keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.keys import digest_of, new_key
from merchants.models import Outlet, Scope, Till, TillKey


@transaction.atomic
def register_till(*, outlet: Outlet, name: str, by: Actor, now: datetime) -> Till:
    """A new till of the outlet, without a key. ValidationError: no name, or the outlet has such a till."""
    same_tenant(outlet)
    require(by, Action.MANAGE_TILLS, merchant=outlet.merchant)
    till = Till(
        program_id=outlet.program_id, merchant_id=outlet.merchant_id, outlet=outlet, name=name.strip(), created_at=now
    )
    till.full_clean()
    till.save()
    audit.record(program_id=till.program_id, action="till.registered", at=now, by=by, subject=till)
    return till


@transaction.atomic
def issue_key(*, till: Till, scopes: Iterable[str], by: Actor, now: datetime) -> str:
    """A new key of the till, in plain text, for the only time. Its other keys stay valid.

    ValidationError (`scopes_invalid`): no scope, or one that does not exist.
    """
    same_tenant(till)
    require(by, Action.MANAGE_TILLS, merchant=till.merchant)
    wanted = set(scopes)
    if not wanted or not wanted <= set(Scope.values):
        raise ValidationError(_("Choose what the till may do."), code="scopes_invalid")
    row, key = write_key(till=till, scopes=wanted, now=now)
    audit.record(
        program_id=till.program_id,
        action="till_key.issued",
        at=now,
        by=by,
        subject=row,
        details={"till": till.pk, "scopes": row.scopes},
    )
    return key


def write_key(*, till: Till, scopes: Iterable[str], now: datetime, device: str | None = None) -> tuple[TillKey, str]:
    """The row of a new key and the key in plain text, for services that have asked who may, and keep the record.

    `device` is what a phone is called, after the key's last characters where it has no name; None for an API key.
    """
    key = new_key(till.program_id)
    row = TillKey.objects.create(
        program_id=till.program_id,
        till=till,
        digest=digest_of(key),
        hint=key[-4:],
        scopes=sorted(scopes),
        device="" if device is None else device or key[-4:],
        created_at=now,
    )
    return row, key


@transaction.atomic
def revoke_key(*, key: TillKey, by: Actor, now: datetime, reason: str = "") -> None:
    """The key is refused from the next request on. Revoking it again changes nothing."""
    same_tenant(key)
    require(by, Action.MANAGE_TILLS, merchant=key.till.merchant)
    if not TillKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        return
    key.revoked_at = now
    audit.record(
        program_id=key.program_id,
        action="till_key.revoked",
        at=now,
        by=by,
        subject=key,
        details={"till": key.till_id},
        reason=reason,
    )


@transaction.atomic
def rename_till(*, till: Till, name: str, by: Actor, now: datetime) -> None:
    """ValidationError by field: no name, or the outlet has such a till."""
    _begin(till, by)
    before, till.name = till.name, " ".join(name.split())
    if till.name == before:
        return
    till.full_clean(validate_constraints=False)
    if Till.objects.filter(outlet=till.outlet_id, name=till.name).exclude(pk=till.pk).exists():
        raise ValidationError({"name": ValidationError(_("The outlet has such a till already."), code="taken")})
    till.save(update_fields=["name"])
    audit.record(program_id=till.program_id, action="till.renamed", at=now, by=by, subject=till)


@transaction.atomic
def switch_off(*, till: Till, by: Actor, now: datetime) -> None:
    """Its keys are refused, at the latest in half a minute; what it sold stays. Twice changes nothing."""
    _begin(till, by)
    if till.is_active:
        till.is_active = False
        till.save(update_fields=["is_active"])
        audit.record(program_id=till.program_id, action="till.switched_off", at=now, by=by, subject=till)


@transaction.atomic
def switch_on(*, till: Till, by: Actor, now: datetime) -> None:
    """It sells again, with the keys it had."""
    _begin(till, by)
    if not till.is_active:
        till.is_active = True
        till.save(update_fields=["is_active"])
        audit.record(program_id=till.program_id, action="till.switched_on", at=now, by=by, subject=till)


def _begin(till: Till, by: Actor) -> None:
    same_tenant(till)
    require(by, Action.MANAGE_TILLS, merchant=till.merchant)
    locked = Till.objects.select_for_update(no_key=True).get(pk=till.pk)
    till.name, till.is_active = locked.name, locked.is_active
