"""Joining through the service: all of it happens, or nothing."""

from __future__ import annotations

import datetime as dt

import pytest

from clients.enrolment import NotABirthdayError, NotAnEmailError, enrol
from clients.models import Client
from clients.phones import NotAPhoneError
from loyalty.models import Account, Card
from loyalty.refusals import Refused
from merchants.access import tenant
from tests.cast import Cast

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)


def join(cast: Cast, phone: str = "8 916 123 45 67", birthday: dt.date | None = None, email: str = "") -> Client:
    shop = cast.zerno
    with tenant(shop.program.pk):
        return enrol(
            program_id=shop.program.pk,
            merchant_id=shop.merchant.pk,
            phone=phone,
            birthday=birthday,
            email=email,
            source="test",
            now=NOW,
        )


def counts(cast: Cast) -> tuple[int, int, int]:
    with tenant(cast.zerno.program.pk):
        return Client.objects.count(), Account.objects.count(), Card.objects.count()


def test_a_client_an_account_and_two_cards(cast: Cast) -> None:
    client = join(cast)
    assert (str(client.phone), client.account.status) == ("+79161234567", Account.Status.ACTIVE)
    assert counts(cast) == (1, 1, 2)


def test_twice_is_refused_and_leaves_nothing(cast: Cast) -> None:
    first = join(cast)
    with pytest.raises(Refused) as refused:
        join(cast, "+79161234567")
    assert (refused.value.code, refused.value.facts) == ("client_exists", {"account_id": first.account.public_id})
    assert counts(cast) == (1, 1, 2)


def test_the_same_phone_in_another_programme_is_another_client(cast: Cast) -> None:
    first = join(cast)
    shop = cast.pryanik
    with tenant(shop.program.pk):
        second = enrol(
            program_id=shop.program.pk, merchant_id=shop.merchant.pk, phone="+79161234567", source="test", now=NOW
        )
    assert first.account.public_id != second.account.public_id


def test_what_is_wrong_leaves_nothing(cast: Cast) -> None:
    with pytest.raises(NotAPhoneError):
        join(cast, "12345")
    with pytest.raises(NotABirthdayError):
        join(cast, birthday=dt.date(2030, 1, 1))
    with pytest.raises(NotAnEmailError):
        join(cast, email="anna")
    assert counts(cast) == (0, 0, 0)
