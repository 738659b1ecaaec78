"""A client's certificates: on his page, on his card, and in a letter before they end."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D

import pytest
from django.core import mail
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from clients import card_links
from loyalty.certificates import issuing, links, time_passing
from loyalty.certificates.issuing import Terms
from loyalty.models import Certificate
from merchants import outbox
from merchants.access import tenant
from merchants.models import OutboxMessage
from tests.cast import Cast
from tests.clients.newcomers import join


@pytest.fixture(autouse=True)
def our_address(settings: Settings) -> None:
    settings.SITE_URL = "https://kopilka.example"


def given(cast: Cast, holder: object, days: int = 10) -> Certificate:
    now = timezone.now()
    terms = Terms(kind="sum", amount=D(500), expires_at=now + dt.timedelta(days=days))
    with tenant(cast.zerno.program.pk):
        return issuing.issue(
            merchant=cast.zerno.merchant,
            terms=terms,
            now=now,
            by=cast.zerno.owner,
            holder=holder,  # type: ignore[arg-type]
        )[0]


@pytest.mark.parametrize(("agreed", "letters"), [("on", 1), ("", 0)])
def test_a_letter_goes_to_who_agreed(cast: Cast, agreed: str, letters: int) -> None:
    anna = join(cast.zerno, email="anna@example.org", notices=agreed)
    one = given(cast, anna.account)
    later = timezone.now() + dt.timedelta(days=4)
    mail.outbox.clear()
    with tenant(cast.zerno.program.pk):
        time_passing.warn(program_id=cast.zerno.program.pk, now=later)
        for message in OutboxMessage.objects.filter(topic="certificate.ends"):
            outbox.HANDLERS[message.topic](message, later)
    assert len(mail.outbox) == letters
    if letters:
        assert mail.outbox[0].to == ["anna@example.org"]
        assert f"https://kopilka.example/certificate/{links.token_of(one)}/" in mail.outbox[0].body


def test_on_his_page_and_on_his_card(cast: Cast) -> None:
    anna = join(cast.zerno)
    one = given(cast, anna.account)
    desk = Browser()
    desk.force_login(cast.zerno.operator)
    page = desk.get(reverse("client", args=[cast.zerno.merchant.pk, anna.account.public_id])).content.decode()
    assert reverse("certificate", args=[cast.zerno.merchant.pk, one.public_id]) in page
    assert one.code not in page
    assert f"certificates/new/?client={anna.account.public_id}" in page
    form = desk.get(reverse("certificate_new", args=[cast.zerno.merchant.pk]) + f"?client={anna.account.public_id}")
    assert form.context["holder"] == anna.account
    card = Browser().get(reverse("card", args=[card_links.token_of(anna)])).content.decode()
    assert reverse("certificate_public", args=[links.token_of(one)]) in card
    # A reader sees the client, and nothing that could be paid with.
    reader = Browser()
    reader.force_login(cast.zerno.reader)
    seen = reader.get(reverse("client", args=[cast.zerno.merchant.pk, anna.account.public_id])).content.decode()
    assert "certificates/" not in seen
