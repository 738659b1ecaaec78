"""Invitations: a link in an e-mail, good for a week and for one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from merchants import audit, outbox
from merchants.access import same_tenant
from merchants.keys import digest_of, new_key
from merchants.members import check_outlets, enlist, lock_team, require_authority
from merchants.models import Invitation, Member, Merchant, Outlet, Role, User

LIFETIME = timedelta(days=7)
# Afterwards the row, and the address in it, are of no use to anybody.
KEPT = timedelta(days=30)


@transaction.atomic
def invite(
    *,
    merchant: Merchant,
    email: str,
    role: Role,
    outlets: Iterable[Outlet] = (),
    site: str,
    by: User,
    now: datetime,
    within: Collection[int] | None = None,
) -> Invitation:
    """Offer the role by e-mail. An open invitation of the same address is replaced: its link stops working.

    `site` is where the link leads, as in `https://kopilka.example`. No outlets means all of them. `within` are the keys
    of the outlets that `by` decides about, where not about all.
    ValidationError: `invalid` address, `already_member`, `outlet_foreign`, `invited_elsewhere`: for other outlets, too.
    """
    address = email.strip().lower()
    validate_email(address)
    chosen = check_outlets(merchant, outlets)
    require_authority(by, merchant, role)
    lock_team(merchant)
    if Member.objects.active().filter(merchant=merchant, user__email=address).exists():
        raise ValidationError(_("This person is in the team already."), code="already_member")
    for before in Invitation.objects.pending().filter(merchant=merchant, email__iexact=address):
        if before.expires_at > now and not _reaches(within, before):
            raise ValidationError(
                _("This person has been invited to other outlets already. Ask the owner to change that invitation."),
                code="invited_elsewhere",
            )
        revoke(invitation=before, by=by, now=now)
    token = new_key(merchant.program_id, "in")
    invitation = Invitation.objects.create(
        program_id=merchant.program_id,
        merchant=merchant,
        email=address,
        role=role,
        digest=digest_of(token),
        invited_by=by,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    invitation.outlets.set(chosen)
    # The one place that knows the token besides the mail; the row goes when the mail has gone.
    link = site.rstrip("/") + reverse("invitation", args=[token])
    outbox.put(
        program_id=merchant.program_id,
        topic="invitation.send",
        payload={"invitation": invitation.pk, "link": link},
        now=now,
    )
    audit.record(
        program_id=merchant.program_id,
        action="invitation.sent",
        at=now,
        by=by,
        subject=invitation,
        details={"merchant": merchant.pk, "role": role, "outlets": [outlet.pk for outlet in chosen]},
    )
    return invitation


def _reaches(within: Collection[int] | None, invitation: Invitation) -> bool:
    places = set(invitation.outlets.values_list("pk", flat=True))
    return within is None or (bool(places) and places <= set(within))


@transaction.atomic
def revoke(*, invitation: Invitation, by: User, now: datetime, reason: str = "") -> None:
    """The link stops working. Nothing happens to an invitation that was accepted or revoked before."""
    same_tenant(invitation)
    require_authority(by, invitation.merchant, invitation.role)
    lock_team(invitation.merchant)
    if not Invitation.objects.pending().filter(pk=invitation.pk).update(revoked_at=now):
        return
    invitation.revoked_at = now
    audit.record(
        program_id=invitation.program_id,
        action="invitation.revoked",
        at=now,
        by=by,
        subject=invitation,
        reason=reason,
    )


@transaction.atomic
def accept(*, invitation: Invitation, user: User, now: datetime) -> Member:
    """The invited person, who has an account already, joins the team.

    ValidationError: `invitation_over` (accepted, revoked, too old), `other_person` (another address was invited).
    """
    same_tenant(invitation)
    lock_team(invitation.merchant)
    if not Invitation.objects.open(now).filter(pk=invitation.pk).update(accepted_at=now):
        raise ValidationError(_("This invitation is no longer valid."), code="invitation_over")
    if user.email != invitation.email.lower():
        raise ValidationError(_("This invitation is for another person."), code="other_person")
    return enlist(
        merchant=invitation.merchant,
        user=user,
        role=Role(invitation.role),
        outlets=invitation.outlets.all(),
        by=user,
        now=now,
    )


@transaction.atomic
def sign_up(*, invitation: Invitation, name: str, password: str, now: datetime) -> Member:
    """The invited person, who is new here, gets an account and joins the team.

    ValidationError: those of `accept`; those of a weak password; `has_account`: log in and accept.
    """
    lock_team(invitation.merchant)
    user = User(email=invitation.email.lower(), name=name.strip(), date_joined=now)
    validate_password(password, user)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            # Only the owner of the mailbox could know the link.
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    except IntegrityError as error:
        raise ValidationError(_("You have an account already: log in first."), code="has_account") from error
    return accept(invitation=invitation, user=user, now=now)


def purge(*, now: datetime) -> int:
    """Delete the invitations that have been over for a month; how many they were. Every tenant's."""
    deleted, _by_model = Invitation.objects.over(now - KEPT).delete()
    return deleted
