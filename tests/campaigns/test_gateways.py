"""Each gateway against a server of ours that speaks its protocol, refusals, time-outs and lost answers included."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.management import call_command

from campaigns.messages import claiming, fates, refusing, subscribing
from campaigns.models import ChannelRefusal, Message, TelegramLink
from clients.models import Client
from merchants import sms
from merchants.access import tenant
from merchants.gateways import push, telegram
from merchants.gateways.answers import AnswerLost, Fate, GatewayError, NobodyThere, NotNow, Refused, Trouble
from merchants.gateways.push import Browser
from merchants.gateways.smsc import own_id
from tests.campaigns.gateway import Gateway, gateway
from tests.campaigns.people import Writing
from tests.cast import Cast

PHONE = "+79161230001"
NAMES = ("smsaero", "sms.ru", "smsc")


@pytest.fixture
def local(settings: Any) -> Iterator[Gateway]:
    with gateway() as own:
        settings.SMS_URL, settings.TELEGRAM_URL = own.url, own.url
        settings.SMS_LOGIN, settings.SMS_KEY = "shop@example.org", "secret"
        settings.TELEGRAM_TOKEN, settings.TELEGRAM_BOT, settings.TELEGRAM_SECRET = "1:abc", "zerno_bot", "hook"
        yield own


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_taken_and_its_fate_is_known(local: Gateway, settings: Any, name: str) -> None:
    settings.SMS_BACKEND = name
    own = sms.gateway()
    handed = own.send(PHONE, "Привет & пока", key=uuid.UUID(int=2**100 + 7), sender="Zerno")
    assert handed is not None
    assert (local.taken[0][0].lstrip("+"), local.taken[0][1]) == (PHONE.lstrip("+"), "Привет & пока")
    assert handed.cost in {Decimal("5.49"), Decimal("2.30"), Decimal("3.50")}
    assert own.fates([(handed.id, PHONE)]) == {handed.id: Fate.DELIVERED}
    local.status = "lost"
    assert own.fates([(handed.id, PHONE)])[handed.id] in (Fate.LOST, Fate.NOBODY)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("mood", "error"),
    [
        ("no money", Trouble),
        ("wrong key", Trouble),
        ("wrong number", NobodyThere),
        ("refused", Refused),
        ("silent", AnswerLost),
        ("lost", AnswerLost),
        ("broken", AnswerLost),
        ("busy", NotNow),
    ],
)
def test_what_goes_wrong(local: Gateway, settings: Any, name: str, mood: Any, error: type[GatewayError]) -> None:
    settings.SMS_BACKEND, local.mood = name, mood
    with pytest.raises(error) as caught:
        sms.gateway().send(PHONE, "Привет", key=uuid.uuid4())
    assert "9161230001" not in str(caught.value)


@pytest.mark.parametrize("name", ["smsaero", "smsc"])
def test_after_a_lost_answer_it_is_asked_first(local: Gateway, settings: Any, name: str) -> None:
    settings.SMS_BACKEND, local.mood, key = name, "lost", uuid.uuid4()
    with pytest.raises(AnswerLost):
        sms.gateway().send(PHONE, "Привет", key=key)
    local.mood = "fine"
    assert sms.gateway().send(PHONE, "Привет", key=key, again=True) is not None
    assert len(local.taken) == 1
    assert sms.gateway().send(PHONE, "Другое", key=uuid.uuid4(), again=True) is not None
    assert len(local.taken) == 2


def test_nobody_listens(settings: Any) -> None:
    settings.SMS_BACKEND, settings.SMS_URL = "sms.ru", "http://127.0.0.1:1"
    with pytest.raises(Trouble):
        sms.gateway().send(PHONE, "Привет")


def test_telegram(local: Gateway) -> None:
    assert telegram.send(77, "Привет").id == "1"
    for mood, error in (("blocked", NobodyThere), ("wrong key", Trouble), ("lost", AnswerLost), ("busy", NotNow)):
        local.mood = mood  # type: ignore[assignment]
        with pytest.raises(error):
            telegram.send(77, "Привет")


def test_a_push_message_can_be_read_by_its_browser_alone(settings: Any, capsys: Any) -> None:
    call_command("make_push_key")
    settings.PUSH_KEY = capsys.readouterr().out.split("=", 1)[1].strip()
    own = ec.generate_private_key(ec.SECP256R1())
    browser = Browser(
        "https://fcm.googleapis.com/send/1",
        push._packed(own.public_key().public_bytes(*push._RAW)),
        push._packed(b"0123456789abcdef"),
    )
    assert push.is_known(browser.endpoint)
    assert push.are_keys(browser)
    for strange in ("https://evil.example/x", "http://169.254.169.254/", "https://fcm.googleapis.com.evil.example/"):
        assert not push.is_known(strange)
    body = push.encrypted("Привет".encode(), browser)
    salt, public, sealed = body[:16], body[21:86], body[86:]
    shared = own.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public))
    theirs = own.public_key().public_bytes(*push._RAW)
    secret = push._derived(b"0123456789abcdef", shared, b"WebPush: info\0" + theirs + public, 32)
    key = push._derived(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = push._derived(salt, secret, b"Content-Encoding: nonce\0", 12)
    assert AESGCM(key).decrypt(nonce, sealed, None) == "Привет".encode() + b"\x02"
    assert push._signed("https://fcm.googleapis.com", 1).startswith("vapid t=")


# ---------------------------------------------------------------- the whole way

whole = pytest.mark.django_db(transaction=True)


@whole
def test_a_lost_answer_is_tried_once_more(cast: Cast, local: Gateway, settings: Any) -> None:
    settings.SMS_BACKEND, local.mood = "sms.ru", "lost"
    writing = Writing(cast.zerno)
    writing.ask(writing.template("sms"), writing.client())
    assert writing.send() == 0
    assert writing.states() == [("waiting", "")]
    assert writing.later(minutes=1).send() == 0
    assert writing.states() == [("failed", "no_answer")]
    assert writing.later(days=1).send() == 0
    assert len(local.taken) == 2


@whole
def test_a_killed_worker_leaves_what_it_had(cast: Cast, local: Gateway, settings: Any) -> None:
    settings.SMS_BACKEND = "smsc"
    writing = Writing(cast.zerno)
    writing.ask(writing.template("sms"), writing.client(), writing.client())
    writing.send()
    with tenant(cast.zerno.program.pk):
        # As if it had died after the gateway took the first, and before it began with the second.
        first, _second = Message.objects.order_by("pk")
        Message.objects.update(state="sending", due_at=writing.now, claim=uuid.uuid4(), gateway_id="")
        Message.objects.filter(pk=first.pk).update(begun_at=writing.now)
    local.taken = [one for one in local.taken if one[2] == str(own_id(first.public_id))]
    before = len(local.taken)
    assert writing.send() == 2
    assert writing.states() == [("sent", ""), ("sent", "")]
    keys = [key for _to, _text, key in local.taken]
    assert len(keys) == len(set(keys)) == before + 1


@whole
def test_no_money_waits_for_days_and_then_goes(cast: Cast, local: Gateway, settings: Any) -> None:
    settings.SMS_BACKEND, local.mood = "sms.ru", "no money"
    writing = Writing(cast.zerno)
    writing.ask(writing.template("sms"), *(writing.client() for _n in range(12)))
    assert writing.send() == 0
    assert set(writing.states()) == {("waiting", "")}
    local.mood = "fine"
    assert writing.later(hours=5).send() == 12
    assert len(local.taken) == 12


@whole
def test_delivery_is_asked_for_and_dead_numbers_are_kept(cast: Cast, local: Gateway, settings: Any) -> None:
    settings.SMS_BACKEND = "smsc"
    writing = Writing(cast.zerno)
    anna = writing.client()
    writing.ask(writing.template("sms"), anna)
    writing.send()
    local.status = "dead"
    assert fates.poll(clock=lambda: writing.later(minutes=2).now) == 1
    assert writing.states() == [("failed", "bad_address")]
    writing.ask(writing.template("sms"), anna)
    writing.send()
    assert writing.states()[1] == ("skipped", "dead_address")
    with tenant(anna.program_id):
        assert PHONE[2:6] not in ChannelRefusal.objects.get().address


@whole
def test_telegram_is_linked_written_to_and_unlinked(cast: Cast, local: Gateway, client: Any) -> None:
    writing = Writing(cast.zerno)
    anna = writing.client()

    def update(text: str, secret: str = "hook", chat: int = 77) -> int:
        said = {"message": {"text": text, "chat": {"id": chat, "type": "private"}}}
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
        return int(client.post("/hooks/telegram/", said, content_type="application/json", headers=headers).status_code)

    import time_machine

    code = subscribing.start_code(anna, writing.now)
    assert len(code) <= 64
    assert subscribing.client_of(code, writing.now) == anna
    with time_machine.travel(writing.now, tick=False):
        assert update(f"/start {code}", "wrong") == 404
        assert update("/start made-up-code") == 200
        with tenant(anna.program_id):
            assert not TelegramLink.objects.exists()
        assert update(f"/start {code}") == 200
    local.taken.clear()
    writing.ask(writing.template("telegram", "email"), anna)
    assert writing.send() == 1
    assert local.taken == [("77", "Привет, Анна!\n\nБольше не присылать: /stop", "")]
    assert update("/stop") == 200
    with tenant(anna.program_id):
        assert not TelegramLink.objects.exists()
    assert subscribing.client_of(code, writing.later(hours=3).now) is None


@whole
def test_a_late_bounce_is_about_the_address_that_it_came_from(cast: Cast, client: Any, settings: Any) -> None:
    settings.HOOK_SECRET = "hush"
    writing = Writing(cast.zerno)
    anna = writing.client()
    writing.ask(writing.template(), anna)
    writing.send()
    with tenant(anna.program_id):
        key, old = Message.objects.get().gateway_id, anna.email
        Client.objects.filter(pk=anna.pk).update(email="new@example.org")
    assert client.post("/hooks/letters/hush/", [{"message_id": key, "event": "bounced"}], "application/json")
    with tenant(anna.program_id):
        assert ChannelRefusal.objects.get().address == refusing.digest_of(old)
    writing.ask(writing.template(), anna)
    assert writing.send() == 1


@whole
def test_who_stops_the_bot_in_the_last_moment_gets_nothing(cast: Cast, local: Gateway) -> None:
    writing = Writing(cast.zerno)
    anna, vera = writing.client(), writing.client("Вера")
    with tenant(anna.program_id):
        for chat, one in ((77, anna), (78, vera)):
            TelegramLink.objects.create(
                program_id=one.program_id, account_id=one.account_id, chat=chat, linked_at=writing.now
            )
    writing.ask(writing.template("telegram"), anna, vera)
    with tenant(anna.program_id):
        claiming.settings_of(cast.zerno.merchant)
        batch = claiming.claim(cast.zerno.merchant, writing.now)
        assert batch is not None
        subscribing.unlink_chat(77)
        keys = {one.message.account_id: one.message.pk for one in batch.claimed}
        assert claiming.begin(batch, list(keys.values()), writing.now) == {keys[vera.account_id]}
        # Another chat is another address: it is looked at anew.
        TelegramLink.objects.filter(account=vera.account_id).update(chat=79)
        assert claiming.begin(batch, list(keys.values()), writing.now) == set()


@whole
def test_mail_servers_tell_of_bounces(cast: Cast, client: Any, settings: Any) -> None:
    settings.HOOK_SECRET = "hush"
    writing = Writing(cast.zerno)
    anna = writing.client()
    writing.ask(writing.template(), anna)
    writing.send()
    with tenant(anna.program_id):
        key = Message.objects.get().gateway_id
    said = [{"message_id": f"<{key}>", "event": "bounced"}, {"message_id": "unknown", "event": "bounced"}]
    assert client.post("/hooks/letters/wrong/", said, content_type="application/json").status_code == 404
    assert client.post("/hooks/letters/hush/", said, content_type="application/json").status_code == 204
    assert writing.states() == [("failed", "bad_address")]
    with tenant(anna.program_id):
        assert ChannelRefusal.objects.get().address == refusing.digest_of(anna.email)
