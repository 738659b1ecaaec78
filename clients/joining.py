"""Joining from the poster: the code that proves whose phone it is, and what follows.

Until the code is right, a phone that is known and one that is new are treated alike: nobody learns who is a client.
"""

from __future__ import annotations

import datetime as dt
import hmac
import math
import secrets
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext, override
from msgspec import Struct

from clients import consents
from clients.enrolment import Consented, enrol
from clients.models import Client, PhoneCheck
from loyalty.accounts import find
from loyalty.models import Account
from loyalty.refusals import Refused
from loyalty.sales.request import Who
from merchants import outbox, sms
from merchants.models import Merchant, Program

LIVES: Final = dt.timedelta(minutes=10)
PAUSE: Final = dt.timedelta(minutes=1)
ATTEMPTS: Final = 5
KEPT: Final = dt.timedelta(days=1)


class Applicant(Struct, frozen=True):
    """What somebody has said of himself. `phone` is E.164; `source` says where: «poster:lesnaya»."""

    phone: str
    consents: tuple[Consented, ...]
    source: str
    name: str = ""
    birthday: dt.date | None = None
    birthday_year_known: bool = True
    email: str = ""
    # The public id of the account of whoever invited.
    invited_by: str = ""
    # The network that the form came from.
    address: str = ""


class WrongCode(Struct, frozen=True):
    """The code was not right; after the last attempt, or its ten minutes, only a new one helps."""

    attempts_left: int


class KnownPhoneError(Exception):
    """The phone is a client's, and nobody has proved that it is his."""


class NoCardError(Exception):
    """The phone belongs to an account without a person: only the shop can tell whose it is."""


def checks_phones(program: Program) -> bool:
    """Whether a code has to prove the phone: the programme wants it, and there is a gateway to send it with."""
    return program.join_by_sms and sms.is_set_up()


def seconds_to_wait(*, program_id: int, phone: str, now: dt.datetime) -> int:
    """Until another code may be sent; 0 means now."""
    sent_at = PhoneCheck.objects.filter(program_id=program_id, phone=phone).values_list("sent_at", flat=True).first()
    return max(0, math.ceil((sent_at + PAUSE - now).total_seconds())) if sent_at else 0


@transaction.atomic
def send_code(*, merchant: Merchant, phone: str, now: dt.datetime) -> None:
    """Send six digits by SMS through the outbox; an earlier code is dead at once. Nothing within a minute of it."""
    program_id = merchant.program_id
    PhoneCheck.objects.filter(program_id=program_id, expires_at__lt=now - KEPT).delete()
    last = PhoneCheck.objects.select_for_update().filter(program_id=program_id, phone=phone).first()
    if last is not None and now < last.sent_at + PAUSE:
        return
    code = f"{secrets.randbelow(10**6):06}"
    PhoneCheck.objects.update_or_create(
        program_id=program_id,
        phone=phone,
        defaults={"digest": _digest(program_id, phone, code), "attempts": 0, "sent_at": now, "expires_at": now + LIVES},
    )
    with override(Program.objects.get(pk=program_id).language):
        text = gettext("%(code)s is your code for the card of %(shop)s. Tell it to nobody.") % {
            "code": code,
            "shop": merchant.name,
        }
    outbox.put(program_id=program_id, topic="confirmation.send", payload={"phone": phone, "text": text}, now=now)


@transaction.atomic
def join_with_code(*, merchant: Merchant, applicant: Applicant, code: str, now: dt.datetime) -> Client | WrongCode:
    """The client of the phone, new or known, where the code is right. Raises NoCardError."""
    wrong = prove(program_id=merchant.program_id, phone=applicant.phone, code=code, now=now)
    return wrong or _newcomer(merchant, applicant, now) or _acquaintance(merchant, applicant, now)


@transaction.atomic
def prove(*, program_id: int, phone: str, code: str, now: dt.datetime) -> WrongCode | None:
    """None where it is the code that was sent to the phone; it is used up then."""
    check = PhoneCheck.objects.select_for_update().filter(program_id=program_id, phone=phone).first()
    if check is None or now >= check.expires_at or check.attempts >= ATTEMPTS:
        return WrongCode(0)
    if not hmac.compare_digest(check.digest, _digest(program_id, phone, code)):
        # Returned, not raised: the count has to stay.
        check.attempts += 1
        check.save(update_fields=["attempts"])
        return WrongCode(ATTEMPTS - check.attempts)
    check.delete()
    return None


@transaction.atomic
def join_without_code(*, merchant: Merchant, applicant: Applicant, now: dt.datetime) -> Client:
    """A new client. KnownPhoneError where the phone is known: his card is shown to nobody who has proved nothing."""
    client = _newcomer(merchant, applicant, now)
    if client is None:
        raise KnownPhoneError
    return client


def _newcomer(merchant: Merchant, applicant: Applicant, now: dt.datetime) -> Client | None:
    try:
        return enrol(
            program_id=merchant.program_id,
            merchant_id=merchant.pk,
            phone=applicant.phone,
            name=applicant.name,
            birthday=applicant.birthday,
            birthday_year_known=applicant.birthday_year_known,
            email=applicant.email,
            consents=applicant.consents,
            referrer=_referrer(merchant, applicant, now),
            source=applicant.source,
            address=applicant.address,
            now=now,
        )
    except Refused as refused:
        if refused.code == "client_exists":
            return None
        raise


def _referrer(merchant: Merchant, applicant: Applicant, now: dt.datetime) -> Account | None:
    if not applicant.invited_by:
        return None
    try:
        return find(program_id=merchant.program_id, who=Who("id", applicant.invited_by), now=now)
    except Refused:  # erased meanwhile
        return None


def _acquaintance(merchant: Merchant, applicant: Applicant, now: dt.datetime) -> Client:
    """Somebody who is known already. Ticks are added and none is taken away: an empty box withdraws nothing."""
    try:
        account = find(program_id=merchant.program_id, who=Who("phone", applicant.phone), now=now)
    except Refused as refused:  # the phone is no longer good as a card
        raise NoCardError from refused
    client = Client.objects.select_related("account").filter(account=account).first()
    if client is None:
        raise NoCardError
    if applicant.email and not client.email:
        client.email = applicant.email
        client.save(update_fields=["email"])
    consents.say(
        client=client,
        said={consent.kind: True for consent in applicant.consents if consent.given},
        texts=consents.texts_in_force(merchant),
        source=applicant.source,
        address=applicant.address,
        now=now,
    )
    return client


def _digest(program_id: int, phone: str, code: str) -> str:
    # A million codes are tried in a second: the server's secret is what keeps a stolen table useless.
    return salted_hmac("clients.joining", f"{program_id}:{phone}:{code}", algorithm="sha256").hexdigest()
