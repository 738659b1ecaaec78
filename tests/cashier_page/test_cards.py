"""Plastic cards at the till page: bound, given at joining, refused with a sentence; the code of the client's phone."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any
from unittest import mock

import pytest
from django.urls import reverse
from django.utils import timezone

from clients.plastic import making
from clients.plastic.numbers import Order
from loyalty import binding, presence
from loyalty.cards import issue_code
from loyalty.models import Card, Sale
from merchants.models import AuditRecord
from merchants.throttling import wait_for_guesses
from tests.cashier_page.conftest import TillPage, hidden, text_of
from tests.loyalty.shop import ONE_PER_ONE

FIRST, SECOND = "2700000000014", "2700000000021"


@pytest.fixture
def batch(till: TillPage) -> None:
    till.story.publish(ONE_PER_ONE)
    making.order_batch(
        merchant=till.cast.zerno.merchant,
        name="Синие",
        line="",
        codes="both",
        order=Order(source="range", prefix="27", first=1, last=2),
        now=timezone.now(),
        by="test",
    )


def opened(till: TillPage, q: str) -> str:
    """The address of the client's receipt."""
    return str(till.find(q)["Location"])


def bind(till: TillPage, number: str, q: str = "+79161234567") -> Any:
    word = opened(till, q).rstrip("/").rpartition("/")[2]
    return till.post(reverse("till_card", args=[word]), q=number)


def test_bound_by_a_cashier_and_found_by_the_scanner(till: TillPage, batch: None) -> None:
    till.join()
    assert "Карты с таким номером нет" in text_of(bind(till, "777-777"))
    done = bind(till, "2 700000 000014")
    assert "Карта привязана." in text_of(till.client.get(done["Location"]))
    assert bind(till, FIRST).status_code == 303, "sent twice"
    url = opened(till, FIRST)
    till.sell(url, total="100")
    assert Sale.objects.get().identified_by == "card"
    assert AuditRecord.objects.get(action="card.bound").actor.endswith("Анна")


def test_a_card_that_the_cashier_has_bound_does_not_spend_for_the_client(till: TillPage, batch: None) -> None:
    vera = till.join(points="50")
    bind(till, FIRST)
    assert "код" in text_of(till.sell(opened(till, FIRST), total="100", points="50"))
    assert not Sale.objects.exists()
    bind(till, FIRST, q=issue_code(account=vera.account, now=timezone.now()).code)
    till.sell(opened(till, FIRST), total="100", points="50")
    assert Sale.objects.get().points_redeemed == 50


def test_a_correction_spends_no_more_than_the_card_that_was_bound(till: TillPage, batch: None) -> None:
    till.join(points="50")
    bind(till, FIRST)
    till.sell(opened(till, FIRST), total="100")
    url = reverse("till_correct", args=[Sale.objects.get().public_id])
    till.sell(url, total="100", points="50")
    assert not Sale.objects.exclude(points_redeemed=0).exists()


def test_a_card_that_waits_is_given_to_a_new_client(till: TillPage, batch: None) -> None:
    home = text_of(till.find(FIRST))
    assert "Эта карта ещё ничья." in home
    assert "Новый клиент с этой картой" in home
    form = till.post(reverse("till_new"), give=FIRST)
    assert FIRST in form.content.decode()
    joined = till.post(reverse("till_new"), **hidden(form), phone="8 916 123-45-67", card=FIRST, agreed="on")
    assert joined.status_code == 303
    assert opened(till, FIRST)
    other = till.get("till_new")
    refused = till.post(reverse("till_new"), **hidden(other), phone="8 916 123-45-68", card=FIRST, agreed="on")
    assert "Эта карта уже у другого клиента." in text_of(refused)
    assert "ещё не вступил" not in text_of(refused)


def test_a_blocked_card_says_what_it_is(till: TillPage, batch: None) -> None:
    till.join()
    bind(till, FIRST)
    old = Card.objects.get(number=FIRST)
    binding.replace(card=old, number=SECOND, note="", now=timezone.now(), by="test")
    assert "Карта заменена" in text_of(till.find(FIRST))
    binding.block(card=Card.objects.get(number=SECOND), why=Card.Why.STOLEN, note="", now=timezone.now(), by="test")
    assert "Карта заблокирована." in text_of(till.find(SECOND))
    assert "Карта заблокирована." in text_of(bind(till, SECOND))


def test_numbers_are_not_tried_out(till: TillPage, batch: None) -> None:
    till.join()
    for n in range(30):
        bind(till, f"NO-{n}")
    assert wait_for_guesses(till.story.caller) > 0
    assert "Слишком много" in text_of(till.find(FIRST))


def test_cards_that_wait_are_no_guesses(till: TillPage, batch: None) -> None:
    for _n in range(31):
        till.find(FIRST)
    assert wait_for_guesses(till.story.caller) == 0


def test_the_phones_picture_is_presence_once(till: TillPage, batch: None) -> None:
    vera = till.join(points="50")
    now = timezone.now()
    token = presence.token_of(issue_code(account=vera.account, now=now), now=now)
    url = opened(till, token)
    till.sell(url, total="100", points="50")
    assert Sale.objects.get().points_redeemed == 50
    assert "Код не подошёл" in text_of(till.find(token))


def test_the_picture_confirms_spending_by_phone(till: TillPage, batch: None) -> None:
    vera = till.join(points="50")
    now = timezone.now()
    code = issue_code(account=vera.account, now=now)
    url = opened(till, "+79161234567")
    old = presence.token_of(code, now=now - dt.timedelta(minutes=3))
    assert "устарел" in text_of(till.sell(url, total="100", points="50", confirmation=old))
    till.sell(url, total="100", points="50", confirmation=presence.token_of(code, now=now))
    assert Sale.objects.get().identified_by == "code"


def test_a_page_opened_with_a_card_that_is_stolen_goes_no_further(till: TillPage, batch: None) -> None:
    till.join()
    bind(till, FIRST)
    url = opened(till, FIRST)
    binding.block(card=Card.objects.get(number=FIRST), why=Card.Why.STOLEN, note="", now=timezone.now(), by="test")
    assert "Карта заблокирована." in text_of(till.sell(url, total="100"))
    assert not Sale.objects.exists()


def test_a_page_is_good_for_one_shift(till: TillPage, batch: None) -> None:
    till.join()
    url = opened(till, "+79161234567")
    assert till.client.get(url).status_code == 200
    with mock.patch("django.core.signing.time.time", return_value=time.time() + 12 * 3600 + 1):
        assert till.client.get(url).status_code == 303


@pytest.mark.parametrize("number", ["10-001", "1234-5678", "VIP-00042", "2700000000014", "AB12", "00077"])
def test_whatever_may_be_bound_is_found_again(till: TillPage, number: str) -> None:
    till.story.publish(ONE_PER_ONE)
    till.join()
    binding.let_any_number(program_id=till.story.program_id, allowed=True, now=timezone.now(), by="test")
    assert bind(till, number).status_code == 303
    assert opened(till, f" {number} ")
