"""Who may stand at the till page, and the PIN that says so.

A cashier has neither an e-mail nor a login: a phone is connected to a till (`merchants.devices`), and the PIN tells
who holds it. A PIN is short, so it is kept like a password, and whoever asks for it counts the attempts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from merchants import audit
from merchants.access import Action, Actor, require, same_tenant
from merchants.members import check_outlets, lock_team
from merchants.models import Cashier, Merchant, Outlet

_PIN = re.compile(r"[0-9]{4,6}")
_UP, _DOWN = "01234567890", "09876543210"


@transaction.atomic
def hire(
    *, merchant: Merchant, name: str, pin: str, outlets: Iterable[Outlet] = (), by: Actor, now: datetime
) -> Cashier:
    """A new cashier of the merchant; no outlets means all of them.

    ValidationError by field: `name` (`required`, `taken`), `pin` (`pin_format`, `pin_simple`); `outlet_foreign`.
    """
    same_tenant(merchant)
    require(by, Action.MANAGE_TEAM, merchant=merchant)
    chosen = check_outlets(merchant, outlets)
    lock_team(merchant)
    cashier = Cashier(program_id=merchant.program_id, merchant=merchant, created_at=now)
    _rename(cashier, name)
    cashier.pin = _hashed(pin)
    cashier.save()
    cashier.outlets.set(chosen)
    _record("cashier.hired", cashier, by, now, outlets=[outlet.pk for outlet in chosen])
    return cashier


@transaction.atomic
def change(*, cashier: Cashier, name: str, outlets: Iterable[Outlet], by: Actor, now: datetime) -> None:
    """A new name, and the outlets (none means all). Receipts keep the name that they were written with.

    ValidationError by field: `name` (`required`, `taken`); `outlet_foreign`.
    """
    chosen = _begin(cashier, by, outlets)
    _rename(cashier, name)
    cashier.save(update_fields=["name"])
    cashier.outlets.set(chosen)
    _record("cashier.changed", cashier, by, now, outlets=[outlet.pk for outlet in chosen])


@transaction.atomic
def set_pin(*, cashier: Cashier, pin: str, by: Actor, now: datetime) -> None:
    """From now on only the new PIN opens the till page. ValidationError for `pin`: `pin_format`, `pin_simple`."""
    _begin(cashier, by)
    cashier.pin = _hashed(pin)
    cashier.save(update_fields=["pin"])
    _record("cashier.pin_set", cashier, by, now)


@transaction.atomic
def dismiss(*, cashier: Cashier, by: Actor, now: datetime, reason: str = "") -> None:
    """The PIN opens nothing any more, from the next page on; the receipts stay his. Twice changes nothing."""
    _begin(cashier, by)
    if cashier.is_active:
        _set_active(cashier, active=False)
        _record("cashier.dismissed", cashier, by, now, reason=reason)


@transaction.atomic
def bring_back(*, cashier: Cashier, by: Actor, now: datetime) -> None:
    """A dismissed cashier works again, with the PIN he had."""
    _begin(cashier, by)
    if not cashier.is_active:
        _set_active(cashier, active=True)
        _record("cashier.brought_back", cashier, by, now)


def fits(*, cashier: Cashier, pin: str) -> bool:
    """Whether this is the PIN of a cashier who works here. Takes the time of a password; counts no attempts."""
    return cashier.is_active and _PIN.fullmatch(pin) is not None and check_password(pin, cashier.pin)


def _begin(cashier: Cashier, by: Actor, outlets: Iterable[Outlet] = ()) -> list[Outlet]:
    same_tenant(cashier)
    require(by, Action.MANAGE_TEAM, merchant=cashier.merchant)
    chosen = check_outlets(cashier.merchant, outlets)
    lock_team(cashier.merchant)
    cashier.refresh_from_db(fields=["is_active", "name"])
    return chosen


def _rename(cashier: Cashier, name: str) -> None:
    cashier.name = " ".join(name.split())
    if not cashier.name:
        raise ValidationError({"name": ValidationError(_("Enter the cashier’s name."), code="required")})
    if len(cashier.name) > 64:
        raise ValidationError({"name": ValidationError(_("At most 64 characters."), code="max_length")})
    others = Cashier.objects.filter(merchant=cashier.merchant_id, name=cashier.name).exclude(pk=cashier.pk)
    if others.exists():
        raise ValidationError(
            {"name": ValidationError(_("There is a cashier of this name already. Add a surname."), code="taken")}
        )


def _hashed(pin: str) -> str:
    if not _PIN.fullmatch(pin):
        raise ValidationError({"pin": ValidationError(_("A PIN is 4 to 6 digits."), code="pin_format")})
    if len(set(pin)) == 1 or pin in _UP or pin in _DOWN:
        raise ValidationError(
            {"pin": ValidationError(_("This PIN is too easy to guess: not 1111, not 1234."), code="pin_simple")}
        )
    return make_password(pin)


def _set_active(cashier: Cashier, *, active: bool) -> None:
    cashier.is_active = active
    cashier.save(update_fields=["is_active"])


def _record(action: str, cashier: Cashier, by: Actor, now: datetime, *, reason: str = "", **details: object) -> None:
    audit.record(
        program_id=cashier.program_id,
        action=action,
        at=now,
        by=by,
        subject=cashier,
        details={"merchant": cashier.merchant_id, **details},
        reason=reason,
    )
