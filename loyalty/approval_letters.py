"""Letters about points by hand that wait for somebody's yes: to those who may decide, and to whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from loyalty import approvals
from loyalty.models import AdjustmentRequest
from loyalty.wording import words_of
from merchants.messages import one_line
from merchants.models import OutboxMessage, User
from merchants.outbox import Handler

ASKED = gettext_noop("Points by hand to approve: %(shop)s")
DECIDED = gettext_noop("Your request for points by hand: %(shop)s")


def send_asked(message: OutboxMessage, now: datetime) -> None:
    """Payload: `request` (key), `user` who may decide. Not sent when it is decided, or he may no more."""
    request = _read(message)
    if request is None or request.state != AdjustmentRequest.State.WAITING or request.until <= now:
        return
    if message.payload["user"] in approvals.who_may_decide(request):
        user = User.objects.get(pk=message.payload["user"])
        send(request, user, ASKED, "approvals/asked_email.txt")


def send_decided(message: OutboxMessage, now: datetime) -> None:
    """Payload: `request` (key)."""
    request = _read(message)
    if request is not None and request.asked_by.is_active:
        send(request, request.asked_by, DECIDED, "approvals/decided_email.txt")


def send(request: AdjustmentRequest, user: User, subject: str, template: str) -> None:
    """One letter; the request may be of something else that is decided on the same page, and no row."""
    program, shop = request.program, one_line(request.merchant.name)
    words = words_of(program.pk)
    with translation.override(program.language), timezone.override(program.time_zone):
        told = {
            "request": request,
            "who": request.asked_by.name or request.asked_by.email,
            "change": _change(request) % {"points": words.points(abs(request.points))},
            "link": _link(request),
        }
        send_mail(
            subject=gettext(subject) % {"shop": shop},
            message=render_to_string(template, told),
            from_email=None,
            recipient_list=[user.email],
        )


def _change(request: AdjustmentRequest) -> str:
    if request.sale_id is not None:
        return _("Move a receipt to another client: %(points)s by hand")
    return _("Add %(points)s") if request.points > 0 else _("Deduct %(points)s")


def _link(request: AdjustmentRequest) -> str:
    """Empty where the settings don't say where we live."""
    site = str(settings.SITE_URL).rstrip("/")
    return site + reverse("approvals", args=[request.merchant_id]) if site else ""


def _read(message: OutboxMessage) -> AdjustmentRequest | None:
    found = AdjustmentRequest.objects.select_related("program", "merchant", "asked_by")
    return found.filter(program_id=message.program_id, pk=message.payload["request"]).first()


HANDLERS: Mapping[str, Handler] = {"adjustment.asked": send_asked, "adjustment.decided": send_decided}
