"""What the outbox sends for this app: each handler does one message, by its topic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from merchants import sms
from merchants.models import Invitation, Member, OutboxMessage
from merchants.outbox import Handler

# A code that comes later than this only puzzles its reader.
CODE_IS_FRESH = timedelta(minutes=10)


def send_invitation(message: OutboxMessage, now: datetime) -> None:
    """Payload: `invitation` (id), `link`. Not sent when the invitation is over by now."""
    invitation = (
        Invitation.objects.open(now)
        .select_related("merchant", "program", "invited_by")
        .filter(pk=message.payload["invitation"])
        .first()
    )
    if invitation is None:
        return
    program = invitation.program
    with translation.override(program.language), timezone.override(program.time_zone):
        send_mail(
            subject=_("Invitation: %(merchant)s") % {"merchant": one_line(invitation.merchant.name)},
            message=render_to_string(
                "merchants/invitation_email.txt", {"invitation": invitation, "link": message.payload["link"]}
            ),
            from_email=None,
            recipient_list=[invitation.email],
        )


def send_reset(message: OutboxMessage, now: datetime) -> None:
    """Payload: `member` (id) whose second factor was taken."""
    member = Member.objects.select_related("user", "merchant", "program").filter(pk=message.payload["member"]).first()
    if member is None:
        return
    with translation.override(member.program.language), timezone.override(member.program.time_zone):
        send_mail(
            subject=_("Your two-factor login was reset"),
            message=render_to_string(
                "merchants/second_factor_reset_email.txt", {"member": member, "at": message.created_at}
            ),
            from_email=None,
            recipient_list=[member.user.email],
        )


def send_confirmation(message: OutboxMessage, now: datetime) -> None:
    """Payload: `phone` (E.164), `text` with the code."""
    if now - message.created_at > CODE_IS_FRESH:
        return
    sms.backend().send(message.payload["phone"], message.payload["text"])


def one_line(text: str) -> str:
    """A mail's subject has no line breaks; names that people type might."""
    return " ".join(text.split())


HANDLERS: Mapping[str, Handler] = {
    "invitation.send": send_invitation,
    "second_factor.reset": send_reset,
    "confirmation.send": send_confirmation,
}
