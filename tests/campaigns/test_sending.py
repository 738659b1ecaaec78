"""What is due is sent: to whom it may be, once, when nobody sleeps."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core import mail

from campaigns.messages import refusing
from campaigns.models import Channel, ChannelRefusal, Message, MessageSettings
from clients import consents, merging
from clients.models import Consent
from clients.personal.erasing import erase
from loyalty.accounts import block
from merchants.access import tenant
from tests.campaigns.people import Writing
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writing(cast: Cast) -> Writing:
    return Writing(cast.zerno)


def test_a_letter_goes_out(writing: Writing) -> None:
    anna = writing.client("Анна")
    writing.ask(
        writing.template(texts={"email": "У вас {баллы|балл|балла|баллов}, {имя}.\nСайт: https://shop.ru"}), anna
    )
    assert writing.send() == 1
    assert writing.states() == [("sent", "")]
    [letter] = mail.outbox
    assert letter.to == [anna.email]
    assert letter.subject == "Новости"
    assert letter.from_email.startswith("=?utf-8?") or "Зерно" in letter.from_email
    assert "У вас 0 баллов, Анна." in letter.body
    assert "/unsubscribe/" in letter.body
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert '<a href="https://shop.ru"' in str(letter.alternatives[0][0])
    # Again there is nothing to do.
    assert writing.send() == 0
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("agreed", "purpose", "channel", "outcome"),
    [
        (("advertising",), "advertising", "email", ("sent", "")),
        (("notices",), "advertising", "email", ("skipped", "no_consent")),
        (("advertising",), "service", "email", ("skipped", "no_consent")),
        (("notices",), "service", "email", ("sent", "")),
        (("notices",), "service", "sms", ("sent", "")),
        (("processing",), "service", "sms", ("skipped", "no_consent")),
        (("advertising",), "advertising", "telegram", ("skipped", "no_address")),
    ],
)
def test_consents(
    writing: Writing, agreed: tuple[str, ...], purpose: str, channel: str, outcome: tuple[str, str]
) -> None:
    writing.ask(writing.template(channel, purpose=purpose), writing.client("Анна", *agreed))
    writing.send()
    assert writing.states() == [outcome]


def test_the_newest_word_holds_when_it_is_sent(writing: Writing) -> None:
    anna, boris = writing.client("Анна"), writing.client("Борис")
    writing.ask(writing.template(), anna, boris)
    with tenant(anna.program_id):
        consents.say(client=anna, said={Consent.Kind.ADVERTISING: False}, texts={}, source="test", now=writing.now)
    writing.send()
    assert writing.states() == [("skipped", "no_consent"), ("sent", "")]


def test_blocked_and_erased_clients_get_nothing(writing: Writing, cast: Cast) -> None:
    anna, boris = writing.client("Анна"), writing.client("Борис")
    writing.ask(writing.template(), anna, boris)
    with tenant(anna.program_id):
        block(account=anna.account, reason="test", now=writing.now, by="test")
        erase(client=boris, merchant=cast.zerno.merchant, source="test", now=writing.now, by="test")
    assert writing.send() == 0
    assert ("skipped", "blocked") in writing.states()
    assert not mail.outbox


def test_the_first_channel_that_reaches_the_client(writing: Writing, capsys: Any) -> None:
    both, phone_only, refuser = writing.client(), writing.client("Борис", email=""), writing.client("Вера")
    with tenant(both.program_id):
        refusing.refuse(client=refuser, channel=Channel.EMAIL, source="test", now=writing.now)
    writing.ask(writing.template("telegram", "email", "sms"), both, phone_only, refuser)
    writing.send()
    with tenant(both.program_id):
        rows = Message.objects.order_by("pk").values_list("channel", flat=True)
        assert list(rows) == ["email", "sms", "sms"]


def test_quiet_hours_put_off_and_do_not_drop(writing: Writing) -> None:
    writing.now = dt.datetime(2026, 3, 12, 19, tzinfo=dt.UTC)  # ten in the evening
    anna = writing.client()
    template = writing.template()
    writing.ask(template, anna)
    writing.ask(template, anna, expires_at=writing.now + dt.timedelta(hours=3))
    assert writing.send() == 0
    assert writing.states() == [("waiting", ""), ("skipped", "expired")]
    assert writing.later(hours=10).send() == 0  # eight in the morning
    assert writing.later(hours=1, minutes=1).send() == 1


def test_the_cap_counts_what_merged_cards_got(writing: Writing) -> None:
    anna, twin, template = writing.client(), writing.client(), writing.template()
    for one in (anna, twin, twin):
        writing.ask(template, one)
    assert writing.send() == 3
    with tenant(anna.program_id):
        merging.merge(keep=anna, drop=twin, now=writing.now, by="test")
    writing.later(days=1).ask(template, anna)
    assert writing.send() == 0
    assert writing.states()[3] == ("skipped", "too_often")


def test_the_cap_counts_what_was_sent(writing: Writing) -> None:
    anna, template = writing.client(), writing.template()
    for _time in range(4):
        writing.ask(template, anna)
    assert writing.send() == 3
    assert writing.states()[3] == ("skipped", "too_often")
    writing.later(days=6).ask(template, anna)
    assert writing.send() == 0
    writing.later(days=2).ask(template, anna)
    assert writing.send() == 1
    # Notices are not counted.
    writing.ask(writing.template(purpose="service"), anna, anna)
    for _time in range(3):
        writing.ask(writing.template(purpose="service"), anna)
    assert writing.send() == 4


def test_what_it_is_about_must_be_there(writing: Writing) -> None:
    nameless = writing.client("")
    writing.ask(writing.template(texts={"email": "Ваш код {код}"}), nameless)
    writing.ask(
        writing.template(texts={"email": "{если имя}Привет, {имя}{иначе}Привет{конец}! Код {код}."}),
        nameless,
        details={"code": "ABC"},
    )
    writing.send()
    assert writing.states() == [("skipped", "incomplete"), ("sent", "")]
    assert mail.outbox[0].body.startswith("Привет! Код ABC.")


def test_a_shop_sends_no_faster_than_its_rate(writing: Writing, settings: Any) -> None:
    settings.MESSAGES_PER_SECOND = 1
    writing.ask(writing.template(), *(writing.client(f"Клиент {n}") for n in range(15)))
    assert writing.send() == 10
    assert writing.later(seconds=3).send() == 3
    assert writing.later(seconds=30).send() == 2


def test_broken_mail_server_waits_and_names_itself(writing: Writing, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    writing.ask(writing.template(), *(writing.client() for _n in range(20)))
    assert writing.send() == 0
    assert set(writing.states()) == {("waiting", "")}
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert writing.later(minutes=6).send() == 20


def test_queries_do_not_grow_with_the_batch(writing: Writing, django_assert_max_num_queries: Any) -> None:
    template = writing.template(texts={"email": "{имя} {баллы} {карта} {уровень}"})
    writing.ask(template, *(writing.client() for _n in range(40)))
    with django_assert_max_num_queries(60):
        assert writing.send() == 40


def test_dead_addresses_are_kept_by_their_digest(writing: Writing) -> None:
    anna = writing.client()
    with tenant(anna.program_id):
        refusing.note_dead(
            program_id=anna.program_id,
            account_id=anna.account_id,
            channel="email",
            address=refusing.digest_of(anna.email),
            source="test",
            now=writing.now,
        )
        assert anna.email not in ChannelRefusal.objects.get().address
    writing.ask(writing.template(), anna)
    writing.send()
    with tenant(anna.program_id):
        type(anna).objects.filter(pk=anna.pk).update(email="new@example.org")
    writing.ask(writing.template(), anna)
    writing.send()
    assert writing.states() == [("skipped", "dead_address"), ("sent", "")]


def test_no_cap_and_no_quiet_hours(writing: Writing) -> None:
    anna = writing.client()
    with tenant(anna.program_id):
        MessageSettings.objects.create(
            program=writing.shop.program,
            merchant=writing.shop.merchant,
            cap_number=0,
            quiet_from=dt.time(0),
            quiet_until=dt.time(0),
        )
    writing.now = dt.datetime(2026, 3, 12, 1, tzinfo=dt.UTC)
    for _n in range(5):
        writing.ask(writing.template(), anna)
    assert writing.send() == 5
