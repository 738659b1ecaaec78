"""Letters about what is asked for many clients and waits for somebody's yes: of points, like those for one client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_noop

from clients.acts.asking import Kind, State, as_request, terms_of
from clients.models import ClientAct
from loyalty import approval_letters, approvals
from loyalty.approval_letters import ASKED, DECIDED
from loyalty.wording import words_of
from merchants.messages import one_line
from merchants.models import OutboxMessage, User
from merchants.outbox import Handler

GIFTS_ASKED = gettext_noop("Certificates to approve: %(shop)s")
GIFTS_DECIDED = gettext_noop("Your request for certificates: %(shop)s")


def send_asked(message: OutboxMessage, now: datetime) -> None:
    """Payload: `act` (key), `user` who may decide. Not sent when it is decided, or he may no more."""
    act = _read(message)
    if act is None or act.state != State.ASKED:
        return
    request = as_request(act)
    if request.until > now and message.payload["user"] in approvals.who_may_decide(request):
        user = User.objects.get(pk=message.payload["user"])
        if act.kind == Kind.GIFT:
            _send(act, user, GIFTS_ASKED, "clients/acts/asked_email.txt")
        else:
            approval_letters.send(request, user, ASKED, "approvals/asked_email.txt")


def send_decided(message: OutboxMessage, now: datetime) -> None:
    """Payload: `act` (key)."""
    act = _read(message)
    if act is None or not act.created_by.is_active or (act.decided_by is None and act.state != State.EXPIRED):
        return
    if act.kind == Kind.GIFT:
        _send(act, act.created_by, GIFTS_DECIDED, "clients/acts/decided_email.txt")
    else:
        approval_letters.send(as_request(act), act.created_by, DECIDED, "approvals/decided_email.txt")


def _send(act: ClientAct, user: User, subject: str, template: str) -> None:
    program, terms, words = act.program, terms_of(act), words_of(act.program_id)
    site = str(settings.SITE_URL).rstrip("/")
    with translation.override(program.language), timezone.override(program.time_zone):
        told = {
            "act": act,
            "request": as_request(act),
            "who": act.created_by.name or act.created_by.email,
            "each": words.round_money(terms.amount) if terms.amount else words.percent(terms.percent),
            "link": site + reverse("client_act", args=[act.merchant_id, act.pk]) if site else "",
        }
        send_mail(
            subject=gettext(subject) % {"shop": one_line(act.merchant.name)},
            message=render_to_string(template, told),
            from_email=None,
            recipient_list=[user.email],
        )


def _read(message: OutboxMessage) -> ClientAct | None:
    found = ClientAct.objects.select_related("program", "merchant", "created_by", "decided_by")
    return found.filter(program_id=message.program_id, pk=message.payload["act"]).first()


HANDLERS: Mapping[str, Handler] = {"client_act.asked": send_asked, "client_act.decided": send_decided}
