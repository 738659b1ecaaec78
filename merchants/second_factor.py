"""A second factor at the login that a shop may ask of its people, and its loss.

Whoever must have one and has none is led to set it up before any page of that shop opens; his other shops stay open.
Keys of tills, phones at the till and PINs of cashiers have nothing to do with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from merchants import audit, outbox, sessions
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Member, Merchant, Role, User
from merchants.models.merchant import SecondFactor

KINDS: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ASKED_OF: Final[Mapping[str, frozenset[str]]] = {
    SecondFactor.NOBODY: frozenset(),
    SecondFactor.OWNERS: frozenset({Role.OWNER}),
    SecondFactor.MANAGERS: frozenset({Role.OWNER, Role.MANAGER}),
    SecondFactor.EVERYBODY: frozenset(Role.values),
}


def has_one(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type__in=KINDS).exists())


def of_members() -> Exists:
    """Of a member: whether he has one."""
    return Exists(Authenticator.objects.filter(user=OuterRef("user_id"), type__in=KINDS))


def is_asked_of(member: Member) -> bool:
    return member.role in ASKED_OF[member.merchant.second_factor]


@transaction.atomic
def ask_of(*, merchant: Merchant, who: SecondFactor, by: Actor, now: datetime) -> None:
    """Of whom the shop asks one. ValidationError by field where whoever says so has none himself: he would lock
    himself out with the others, and nobody could see that it works."""
    same_tenant(merchant)
    require(by, Action.GUARD_LOGIN, merchant=merchant)
    row = Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)
    before = row.second_factor
    if before == who:
        return
    if who != SecondFactor.NOBODY and isinstance(by, User) and not has_one(by):
        said = _("First set up the second factor of your own: see “Two-factor login”.")
        raise ValidationError({"who": ValidationError(said, code="none_yourself")})
    merchant.second_factor = row.second_factor = who
    row.save(update_fields=["second_factor"])
    audit.record(
        program_id=merchant.program_id,
        action="second_factor.asked",
        at=now,
        by=by,
        subject=merchant,
        details={"factor_from": before, "factor_to": str(who)},
    )


def may_reset(*, member: Member, by: User) -> bool:
    """Owners, for others of their team who belong to no other shop and don't run the platform: whoever's login opens
    more than this shop is not this owner's to weaken."""
    user = member.user
    if user.pk == by.pk or user.is_staff or user.is_superuser:
        return False
    elsewhere = Member._base_manager.filter(user=user, is_active=True).exclude(merchant=member.merchant_id)
    return not elsewhere.exists()


@transaction.atomic
def reset(*, member: Member, by: Actor, now: datetime, reason: str) -> None:
    """Take the second factor and the recovery codes of somebody who has lost them, and end his sessions. He gets a
    letter. His password is asked for as ever, so whoever does this can't log in as him.

    PermissionDenied unless `may_reset`, and for an owner without a second factor of his own; the platform may always.
    """
    same_tenant(member)
    require(by, Action.GUARD_LOGIN, merchant=member.merchant)
    is_platform = not isinstance(by, User) or (by.is_staff and by.is_superuser)
    if isinstance(by, User) and not is_platform and not (may_reset(member=member, by=by) and has_one(by)):
        raise PermissionDenied("This second factor is not for this owner to take.")
    Authenticator.objects.filter(user=member.user).delete()
    sessions.end_all(member.user)
    audit.record(
        program_id=member.program_id, action="second_factor.reset", at=now, by=by, subject=member, reason=reason[:250]
    )
    outbox.put(program_id=member.program_id, topic="second_factor.reset", payload={"member": member.pk}, now=now)
