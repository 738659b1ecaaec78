"""What must not stop the others: one browser, one shop, one letter, a change of mind in the last minute."""

from __future__ import annotations

import datetime as dt
import json
import smtplib
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.db import connection
from django.test import Client as Browser_
from django.urls import reverse

from campaigns.mailings import planning, results, working
from campaigns.messages import channels, claiming, subscribing
from campaigns.messages.claiming import LEASE
from campaigns.messages.writing import Letter
from campaigns.models import Mailing, Message, MessageTemplate, PushSubscription
from campaigns.pages.mailings import views
from clients import card_links, consents
from clients.models import Client, Consent
from merchants.access import tenant
from merchants.gateways import http, push
from merchants.gateways.answers import GatewayError, NobodyThere, NotNow, Refused, Trouble, cost_of
from merchants.gateways.push import Browser
from merchants.gateways.sms_aero import SmsAero
from tests.campaigns.gateway import gateway
from tests.campaigns.people import Writing
from tests.campaigns.test_mailings import plan
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def writing(cast: Cast) -> Writing:
    return Writing(cast.zerno)


def browser_of(client: Client, endpoint: str) -> Browser:
    public = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*push._RAW)
    made = Browser(endpoint, push._packed(public), push._packed(b"0123456789abcdef"))
    with tenant(client.program_id):
        PushSubscription.objects.create(
            program_id=client.program_id, account_id=client.account_id, digest=uuid.uuid4().hex,
            endpoint=endpoint, p256dh=made.p256dh, auth=made.auth, created_at=dt.datetime.now(dt.UTC),
        )  # fmt: skip
    return made


@pytest.mark.parametrize("trouble", [403, 401, Trouble("unreachable")])
def test_one_browser_does_not_hold_the_others_up(
    writing: Writing, settings: Any, monkeypatch: pytest.MonkeyPatch, trouble: int | Trouble
) -> None:
    settings.PUSH_KEY, settings.MESSAGE_THREADS = push.new_key(), 1
    people = [writing.client(f"Клиент {n}") for n in range(4)]
    for n, one in enumerate(people):
        browser_of(one, f"https://fcm.googleapis.com/send/{n}")

    def post(url: str, *args: Any, **more: Any) -> tuple[int, Any]:
        if not url.endswith("/0"):
            return 201, None
        if isinstance(trouble, Trouble):
            raise trouble
        return trouble, None

    monkeypatch.setattr(http, "post", post)
    writing.ask(writing.template("push"), *people)
    assert writing.send() == 3


def test_a_long_push_message_stays_readable() -> None:
    for text in ("ж" * 2_000, "😀" * 1_000, '"' * 2_000, "Привет"):
        document = push._document("Новости", text, "https://example.org/card/x", "tag")
        said = json.loads(document)
        assert len(document) <= push.LONGEST
        assert len(said["text"]) > 300 or said["text"] == text
        assert said["link"] == "https://example.org/card/x"


@pytest.mark.parametrize("endpoint", ["https://[", "https://fcm.googleapis.com/\0", "", "\0"])
def test_nonsense_for_a_browser_is_no_fault_of_ours(writing: Writing, endpoint: str) -> None:
    anna = writing.client()
    page = reverse("card_channels", args=[card_links.token_of(anna)])
    keys = {"p256dh": "AAAA", "auth": "\0"}
    assert Browser_().post(page, {"on": "push", "endpoint": endpoint, **keys}).status_code == 302
    assert Browser_().post(page, {"off": "push", "endpoint": endpoint}).status_code == 302
    with tenant(anna.program_id):
        assert subscribing.of(anna).browsers == 0


def test_one_shops_trouble_is_not_the_others(writing: Writing, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Writing(cast.pryanik)
    for one in (writing, other):
        one.ask(one.template(), one.client())
    first = min(writing.shop.merchant.pk, other.shop.merchant.pk)
    whole = claiming.claim

    def claim(merchant: Any, now: dt.datetime) -> Any:
        if merchant.pk == first:
            raise RuntimeError("broken")
        return whole(merchant, now)

    monkeypatch.setattr(claiming, "claim", claim)
    assert writing.send() == 1


def claimed(writing: Writing) -> tuple[claiming.Batch, list[int]]:
    merchant = writing.shop.merchant
    claiming.settings_of(merchant)
    batch = claiming.claim(merchant, writing.now)
    assert batch is not None
    return batch, [one.message.pk for one in batch.claimed]


@pytest.mark.parametrize(("purpose", "kind"), [("advertising", "advertising"), ("service", "notices")])
def test_who_takes_his_consent_back_in_the_last_moment_gets_nothing(writing: Writing, purpose: str, kind: str) -> None:
    anna = writing.client()
    writing.ask(writing.template(purpose=purpose), anna)
    with tenant(anna.program_id):
        batch, keys = claimed(writing)
        consents.say(client=anna, said={Consent.Kind(kind): False}, texts={}, source="test", now=writing.now)
        assert claiming.begin(batch, keys, writing.now) == set()


def test_nothing_is_begun_near_the_end_of_the_lease(writing: Writing) -> None:
    anna = writing.client()
    writing.ask(writing.template(), anna)
    with tenant(anna.program_id):
        batch, keys = claimed(writing)
        assert claiming.begin(batch, keys, writing.now + LEASE - dt.timedelta(seconds=30)) == set()
        assert claiming.begin(batch, keys, writing.now) == set(keys)


def test_a_notice_that_has_become_advertising_needs_the_consent(writing: Writing) -> None:
    template = writing.template(purpose="service")
    writing.ask(template, writing.client("Анна", "notices"))
    with tenant(writing.shop.program.pk):
        MessageTemplate.objects.filter(pk=template.pk).update(purpose="advertising")
    assert writing.send() == 0
    assert writing.states() == [("skipped", "no_consent")]


@pytest.mark.parametrize(
    ("error", "means"),
    [
        (smtplib.SMTPRecipientsRefused({"a@b.ru": (550, b"5.1.1 no such user")}), NobodyThere),
        (smtplib.SMTPRecipientsRefused({"a@b.ru": (554, b"5.7.1 relay access denied")}), Refused),
        (smtplib.SMTPRecipientsRefused({"a@b.ru": (552, b"5.2.2 mailbox full")}), Refused),
        (smtplib.SMTPRecipientsRefused({"a@b.ru": (451, b"4.7.1 greylisted")}), NotNow),
        (smtplib.SMTPSenderRefused(553, b"5.7.1 not owned by the user", "us@b.ru"), Trouble),
        (smtplib.SMTPDataError(554, b"5.7.1 spam"), Refused),
    ],
)
def test_what_a_mail_server_means(error: Exception, means: type[GatewayError]) -> None:
    assert type(channels._of_mail(error)) is means


def test_a_trial_carries_no_secret_of_the_client(writing: Writing, settings: Any) -> None:
    settings.SITE_URL = "https://kopilka.example"
    anna = writing.client("Анна")
    template = writing.template(texts={"email": "Привет, {имя}! {карта}"})
    browser = Browser_()
    browser.force_login(writing.shop.owner)
    page = reverse("message_template_test", args=[writing.shop.merchant.pk, template.pk])
    assert browser.post(page, {"channel": "email", "address": "any@example.org"}).status_code == 302
    [letter] = mail.outbox
    assert "Привет, Анна!" in letter.body
    assert "unsubscribe" not in str(letter.message()) + letter.body
    shown = browser.get(reverse("message_template", args=[writing.shop.merchant.pk, template.pk])).content.decode()
    for text in (letter.body, shown):
        assert card_links.token_of(anna) not in text
    preview = reverse("message_template_preview", args=[writing.shop.merchant.pk])
    assert browser.post(preview, {"whom": "\0", "text_email": "Привет"}).status_code == 200


def test_a_trial_through_a_broken_gateway_says_so(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    def deliver(letter: Letter) -> None:
        raise RuntimeError("a mistake of somebody’s own")

    monkeypatch.setattr(channels, "deliver", deliver)
    writing.client()
    template, browser = writing.template(), Browser_()
    browser.force_login(writing.shop.owner)
    page = reverse("message_template_test", args=[writing.shop.merchant.pk, template.pk])
    answer = browser.post(page, {"channel": "email", "address": "any@example.org"})
    assert answer.status_code == 200
    assert "Шлюз не принял" in answer.content.decode()


def test_prices_that_are_none() -> None:
    assert [cost_of(said) for said in (None, "", "NaN", "-1", 10**9, [1])] == [None] * 6
    assert str(cost_of("2.30")) == "2.30"


def test_the_same_words_of_last_year_are_another_message(settings: Any) -> None:
    with gateway() as local:
        settings.SMS_URL, settings.SMS_LOGIN, settings.SMS_KEY = local.url, "shop@example.org", "secret"
        SmsAero().send("+79161230001", "С днём рождения!")
        local.years = 1
        SmsAero().send("+79161230001", "С днём рождения!", again=True)
        assert len(local.taken) == 2


def test_what_takes_too_long_to_count_can_still_be_sent(writing: Writing, monkeypatch: pytest.MonkeyPatch) -> None:
    writing.client("Анна")
    writing.client("Борис", "notices")
    monkeypatch.setattr(views, "within", lambda _patience, _asked: None)
    browser = Browser_()
    browser.force_login(writing.shop.owner)
    page = reverse("mailing_new", args=[writing.shop.merchant.pk])
    form = {"title": "Всем", "template": writing.template("sms").pk}
    shown = browser.post(page, form).content.decode()
    assert "Получат не больше" in shown
    answer = browser.post(page, {**form, "confirmed": "yes", "expected": "2", "key": str(uuid.uuid4())})
    assert answer.status_code == 302
    with tenant(writing.shop.program.pk):
        assert Mailing.objects.get().expected == 2


def test_an_ended_mailing_is_not_counted_again(writing: Writing, django_assert_num_queries: Any) -> None:
    writing.client()
    mailing = plan(writing)
    working.run_due(clock=lambda: writing.now)
    writing.send()
    working.run_due(clock=lambda: writing.now)
    working.run_due(clock=lambda: writing.now + dt.timedelta(days=8))
    with tenant(mailing.program_id):
        Message.objects.all().delete()  # purged after a year
        mailing.refresh_from_db()
        with django_assert_num_queries(0):
            told = results.of(mailing)
        assert (told.total, told.sent, told.by_channel) == (1, 1, {"email": 1})


def test_a_slow_writer_of_an_audience_keeps_it_and_can_be_stopped(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker comes by when it has been silent for long, and the owner stops it meanwhile."""
    writing.client()
    mailing, whole, met = plan(writing), working._write, []

    def write(mine: Mailing, now: dt.datetime) -> int:
        from threading import Thread

        def others() -> None:
            met.append(working.claim(writing.now + dt.timedelta(minutes=10)))
            with tenant(mine.program_id):
                planning.stop(mailing=mine, now=writing.now, by=writing.shop.owner)
            met.append("stopped")
            connection.close()

        thread = Thread(target=others)
        thread.start()
        thread.join(10)
        return whole(mine, now)

    monkeypatch.setattr(working, "_write", write)
    assert working.run_due(clock=lambda: writing.now) == 1
    assert met == [None, "stopped"]
    with tenant(mailing.program_id):
        mailing.refresh_from_db()
        assert mailing.state == "stopped"
        assert not Message.objects.exists()


def test_what_only_campaigns_know_is_not_sent_by_hand(writing: Writing) -> None:
    writing.client()
    browser = Browser_()
    browser.force_login(writing.shop.owner)
    page = reverse("mailing_new", args=[writing.shop.merchant.pk])
    bad = writing.template(texts={"email": "Сгорит {сгорает}: {дата}"})
    shown = browser.post(page, {"title": "Всем", "template": bad.pk}).content.decode()
    assert "{дата}, {сгорает}: это известно только кампаниям" in shown
    good = writing.template(texts={"email": "{если дата}{дата}{иначе}Скоро{конец}"})
    assert "Получат" in browser.post(page, {"title": "Всем", "template": good.pk}).content.decode()
