"""Letters after a sale: to those who agreed, once, with a way out."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from clients import consents, notices
from clients.consents import Kind
from clients.models import Client
from merchants import outbox
from merchants.access import tenant
from merchants.models import OutboxMessage
from tests.cast import Cast
from tests.clients.newcomers import join
from tests.loyalty.shop import TillStory

NOW = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
RULES = {
    "spending": {"confirm": []},
    "rules": [{"id": "base", "title": "5 % с покупки", "effect": {"kind": "percent", "percent": "5"}}],
}


@pytest.fixture(autouse=True)
def our_address(settings: Settings) -> None:
    settings.SITE_URL = "https://kopilka.example"


@pytest.fixture
def anna(cast: Cast) -> Client:
    return join(cast.zerno, email="anna@example.org", notices="on")


@pytest.fixture
def till(cast: Cast) -> TillStory:
    with tenant(cast.zerno.program.pk):
        story = TillStory(cast.zerno, NOW)
        story.publish(RULES)
    return story


def deliver(cast: Cast, *topics: str, now: dt.datetime = NOW) -> int:
    """Every waiting message of the topics to its handler; how many letters went."""
    before = len(mail.outbox)
    with tenant(cast.zerno.program.pk):
        for message in OutboxMessage.objects.filter(topic__in=topics or ("sale.committed", "sale.returned")):
            outbox.HANDLERS[message.topic](message, now)
    return len(mail.outbox) - before


def test_a_purchase_is_told(cast: Cast, anna: Client, till: TillStory) -> None:
    with tenant(cast.zerno.program.pk):
        till.give(anna.account, "50")
        till.sell(anna.account, "340.00", points="40", receipt="A-17")
    assert deliver(cast) == 1
    [letter] = mail.outbox
    assert (letter.subject, letter.to) == ("Покупка: Зерно", ["anna@example.org"])
    for said in (
        "21.11.2026 12:00",
        "A-17",
        "300,00",
        "−40 зёрен",
        "+15 зёрен",
        "Баланс: 25 зёрен",
        "5 % с покупки (+15)",
    ):
        assert said in letter.body, said
    assert "https://kopilka.example/card/" in letter.body
    [(html, kind)] = letter.alternatives
    assert kind == "text/html"
    assert "25 зёрен" in html
    off = letter.extra_headers["List-Unsubscribe"].strip("<>")
    assert off.startswith("https://kopilka.example/notices/")
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_return_is_told(cast: Cast, anna: Client, till: TillStory) -> None:
    with tenant(cast.zerno.program.pk):
        sold = till.sell(anna.account, "100.00", "100.00")
        till.give_back(sold, [(1, "1")])
    assert deliver(cast, "sale.returned") == 1
    assert mail.outbox[0].subject == "Возврат: Зерно"
    assert "Возвращено деньгами: 100,00" in mail.outbox[0].body
    assert "−5 зёрен" in mail.outbox[0].body


def test_the_same_message_twice_is_one_letter(cast: Cast, anna: Client, till: TillStory) -> None:
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
    assert [deliver(cast), deliver(cast)] == [1, 0]


def test_a_letter_that_failed_is_sent_later(
    cast: Cast, anna: Client, till: TillStory, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
    with monkeypatch.context() as patch:
        patch.setattr(notices.EmailMultiAlternatives, "send", lambda _letter: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            deliver(cast)
    assert deliver(cast) == 1


def test_old_news_is_no_news(cast: Cast, anna: Client, till: TillStory) -> None:
    with tenant(cast.zerno.program.pk):
        sold = till.sell(anna.account, "100.00", "50.00")
        till.give_back(sold, [(1, "1")])
    assert deliver(cast, now=NOW + dt.timedelta(days=1, seconds=1)) == 0


def test_only_who_agreed_is_written_to(cast: Cast, till: TillStory) -> None:
    anna = join(cast.zerno, email="anna@example.org")
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
        till.sell(None, "100.00")
    assert deliver(cast) == 0
    say(anna, given=True)
    with tenant(cast.zerno.program.pk):
        Client.objects.filter(pk=anna.pk).update(email="")
    assert deliver(cast) == 0
    with tenant(cast.zerno.program.pk):
        Client.objects.filter(pk=anna.pk).update(email="anna@example.org")
    say(anna, given=False)
    assert deliver(cast) == 0


def say(client: Client, *, given: bool) -> None:
    with tenant(client.program_id):
        consents.say(client=client, said={Kind.NOTICES: given}, texts={}, source="test", now=timezone.now())


def test_a_voided_purchase_is_told_by_its_return_alone(cast: Cast, anna: Client, till: TillStory) -> None:
    with tenant(cast.zerno.program.pk):
        till.void(till.sell(anna.account, "100.00"))
    assert deliver(cast) == 1
    assert mail.outbox[0].subject.startswith("Возврат")


def test_the_link_in_a_letter_ends_them_with_one_press(cast: Cast, anna: Client, till: TillStory) -> None:
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
    deliver(cast)
    off = re.search(r"/notices/\S+/", mail.outbox[0].body)
    assert off
    stranger = Browser(enforce_csrf_checks=True)
    assert "Не присылать письма о покупках?" in stranger.get(off[0]).content.decode()
    assert deliver(cast) == 0, "that one has gone"
    with tenant(cast.zerno.program.pk):
        till.later(minutes=1)
        till.sell(anna.account, "100.00")
    assert deliver(cast) == 1, "a look changes nothing"
    answer = stranger.post(off[0], {"List-Unsubscribe": "One-Click"})
    assert "больше не пишет вам" in answer.content.decode()
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
        assert consents.held(anna)[Kind.NOTICES] is False
    assert deliver(cast) == 0


def test_a_sale_that_nobody_hears_of_costs_one_query(
    cast: Cast, till: TillStory, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    anna = join(cast.zerno)
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
        message = OutboxMessage.objects.get(topic="sale.committed")
        with django_assert_num_queries(1):
            notices.send_purchase(message, NOW)


def test_without_an_address_of_ours_letters_go_without_links(
    cast: Cast, anna: Client, till: TillStory, settings: Settings
) -> None:
    settings.SITE_URL = ""
    with tenant(cast.zerno.program.pk):
        till.sell(anna.account, "100.00")
    assert deliver(cast) == 1
    assert "/card/" not in mail.outbox[0].body
    assert "List-Unsubscribe" not in mail.outbox[0].extra_headers
