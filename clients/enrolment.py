"""Joining the programme."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from msgspec import Struct

from clients.models import Client, Consent
from clients.phones import e164
from loyalty.accounts import open_account
from loyalty.models import Account

OLDEST = dt.date(1900, 1, 1)


class Consented(Struct, frozen=True):
    """A consent given or refused, and the version of the text that the person was shown."""

    kind: Consent.Kind
    given: bool = True
    text_version: str = ""


class NotABirthdayError(ValueError):
    """Nobody alive was born on that day."""


class NotAnEmailError(ValueError):
    """No mail can be sent there."""


@transaction.atomic
def enrol(
    *,
    program_id: int,
    merchant_id: int,
    phone: str,
    name: str = "",
    birthday: dt.date | None = None,
    birthday_year_known: bool = True,
    email: str = "",
    consents: Sequence[Consented] = (),
    referrer: Account | None = None,
    source: str,
    now: dt.datetime,
    address: str = "",
) -> Client:
    """A new client with an account, its cards and the welcome points. `source` says who enrolled: «till:17 anna»,
    `address` from which network, or at which place.

    Refused `client_exists` with the other's `account_id` where the phone is known. Raises NotAPhoneError,
    NotABirthdayError, NotAnEmailError.
    """
    number = e164(phone)
    check_birthday(birthday, now)
    check_email(email)
    account = open_account(
        program_id=program_id,
        merchant_id=merchant_id,
        phone=number,
        birthday=birthday,
        birthday_year_known=birthday_year_known,
        referrer=referrer,
        now=now,
        actor=source,
    )
    client = Client.objects.create(
        program_id=program_id,
        account=account,
        name=" ".join(name.split()),
        phone=number,
        email=email,
        birthday=birthday,
        birthday_year_known=birthday_year_known,
        created_at=now,
    )
    Consent.objects.bulk_create(
        Consent(
            program_id=program_id,
            client=client,
            kind=consent.kind,
            given=consent.given,
            text_version=consent.text_version,
            source=source[:60],
            address=address[:120],
            at=now,
        )
        for consent in consents
    )
    return client


def check_birthday(birthday: dt.date | None, now: dt.datetime) -> None:
    # A day's grace: the client's zone may be ahead of UTC.
    if birthday is not None and not OLDEST <= birthday <= (now + dt.timedelta(days=1)).date():
        raise NotABirthdayError(birthday.isoformat())


def check_email(email: str) -> None:
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise NotAnEmailError from error
