"""Who belongs to a merchant's team, and with what role.

Every change locks the merchant's row first, so that two of them can't each take away the other last owner.
Adding people is in `invitations`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from merchants import audit, sessions
from merchants.access import Action, Actor, require, same_tenant
from merchants.models import Member, Merchant, Outlet, Role, User


def lock_team(merchant: Merchant) -> None:
    """Inside a transaction: changes of this team come one after another. Sales at its tills don't wait."""
    Merchant.objects.select_for_update(no_key=True).get(pk=merchant.pk)


def require_authority(by: Actor, merchant: Merchant, *roles: str) -> None:
    """PermissionDenied unless `by` manages the team, and may make owners where one of the roles is an owner's."""
    require(by, Action.MANAGE_TEAM, merchant=merchant)
    if Role.OWNER in roles:
        require(by, Action.MAKE_OWNERS, merchant=merchant)


def check_outlets(merchant: Merchant, outlets: Iterable[Outlet]) -> list[Outlet]:
    chosen = list(outlets)
    same_tenant(merchant, *chosen)
    if any(outlet.merchant_id != merchant.pk for outlet in chosen):
        raise ValidationError(_("This outlet belongs to another merchant."), code="outlet_foreign")
    return chosen


@transaction.atomic
def enlist(
    *, merchant: Merchant, user: User, role: Role, outlets: Iterable[Outlet] = (), by: Actor, now: datetime
) -> Member:
    """Make the user a member at once; whoever has left comes back with the new role.

    No outlets means all of them. An active member is returned as he is. It is for commands and for accepted
    invitations: pages invite.
    """
    chosen = check_outlets(merchant, outlets)
    lock_team(merchant)
    member = Member.objects.filter(merchant=merchant, user=user).first()
    if member is None:
        member = Member(program_id=merchant.program_id, merchant=merchant, user=user, created_at=now, is_active=False)
    if member.is_active:
        return member
    member.role, member.is_active = role, True
    member.save()
    member.outlets.set(chosen)
    audit.record(
        program_id=merchant.program_id,
        action="member.joined",
        at=now,
        by=by,
        subject=member,
        details={"user": user.pk, "role": role, "outlets": [outlet.pk for outlet in chosen]},
    )
    return member


@transaction.atomic
def change_role(
    *, member: Member, role: Role, outlets: Iterable[Outlet] = (), by: Actor, now: datetime, reason: str = ""
) -> None:
    """Set role and outlets (none means all). ValidationError `last_owner`: somebody has to own the merchant."""
    same_tenant(member)
    chosen = check_outlets(member.merchant, outlets)
    lock_team(member.merchant)
    member.refresh_from_db()
    require_authority(by, member.merchant, member.role, role)
    if role != Role.OWNER:
        keep_an_owner(member)
    before = member.role
    member.role = role
    member.save(update_fields=["role"])
    member.outlets.set(chosen)
    audit.record(
        program_id=member.program_id,
        action="member.role_changed",
        at=now,
        by=by,
        subject=member,
        details={"from": before, "to": role, "outlets": [outlet.pk for outlet in chosen]},
        reason=reason,
    )


@transaction.atomic
def deactivate(*, member: Member, by: Actor, now: datetime, reason: str = "") -> None:
    """The person loses all access to the merchant, and is logged out everywhere; what he did stays his.

    ValidationError `last_owner`."""
    same_tenant(member)
    lock_team(member.merchant)
    member.refresh_from_db()
    require_authority(by, member.merchant, member.role)
    if not member.is_active:
        return
    keep_an_owner(member)
    member.is_active = False
    member.save(update_fields=["is_active"])
    if not (isinstance(by, User) and by.pk == member.user_id):
        sessions.end_all(member.user)
    audit.record(
        program_id=member.program_id, action="member.deactivated", at=now, by=by, subject=member, reason=reason
    )


def keep_an_owner(member: Member) -> None:
    """ValidationError if the merchant would be left without an owner when this member ceases to be one."""
    if member.role != Role.OWNER or not member.is_active:
        return
    if not Member.objects.owners().filter(merchant=member.merchant_id).exclude(pk=member.pk).exists():
        raise ValidationError(_("A merchant needs at least one owner."), code="last_owner")
