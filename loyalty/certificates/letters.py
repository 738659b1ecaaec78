"""Letters about certificates: the certificate itself, and that its time ends. The outbox sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from loyalty.certificates import codes, links, printing, wording
from loyalty.models import Certificate
from loyalty.wording import words_of
from merchants.messages import one_line
from merchants.models import OutboxMessage
from merchants.outbox import Handler


def send_certificate(message: OutboxMessage, now: datetime) -> None:
    """Payload: `certificate` (key), `site`. Not sent when nothing could be paid with it any more."""
    one = _read(message)
    if one is None or not one.email or one.state(now) != "good":
        return
    site = message.payload["site"]
    with translation.override(one.program.language), timezone.override(one.program.time_zone):
        letter = EmailMessage(
            subject=_("Gift certificate of %(shop)s") % {"shop": one_line(one.merchant.name)},
            body=render_to_string("certificates/email.txt", _told(one, site)),
            to=[one.email],
        )
        letter.attach(f"certificate-{one.code[-4:]}.pdf", printing.pdf([one], site=site, now=now), "application/pdf")
        letter.send()


def send_warning(one: Certificate, email: str, site: str, now: datetime) -> None:
    """That its time ends. Nothing where it has been used or prolonged meanwhile."""
    if one.state(now) != "good":
        return
    with translation.override(one.program.language), timezone.override(one.program.time_zone):
        letter = EmailMessage(
            subject=_("Your certificate of %(shop)s ends soon") % {"shop": one_line(one.merchant.name)},
            body=render_to_string("certificates/ends_email.txt", _told(one, site)),
            to=[email],
        )
        letter.send()


def _told(one: Certificate, site: str) -> dict[str, object]:
    words = words_of(one.program_id)
    return {
        "one": one,
        "shop": one.merchant.name,
        "contacts": one.merchant.contacts,
        "worth": wording.worth(one, words),
        "rest": wording.rest(one, words),
        "code": codes.shown(one.code),
        # Without an address of ours in the settings there is nothing to link to.
        "link": links.address(one, site) if site else "",
    }


def _read(message: OutboxMessage) -> Certificate | None:
    found = Certificate.objects.select_related("program", "merchant")
    return found.filter(program_id=message.program_id, pk=message.payload["certificate"]).first()


HANDLERS: Mapping[str, Handler] = {"certificate.send": send_certificate}
