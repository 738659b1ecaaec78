"""Web push, from the card's page to the browser, through a push service on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client as Browser
from django.urls import reverse

from campaigns.models import PushSubscription
from clients import card_links
from clients.models import Client
from merchants.access import tenant
from merchants.gateways import push
from tests.campaigns.people import Writing
from tests.campaigns.push_service import PushService, decrypted, packed, public_of, push_service, unpacked
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    with push_service() as own:
        settings.PUSH_KEY, settings.PUSH_HOSTS, settings.LOCAL = push.new_key(), ["127.0.0.1"], True
        settings.PUSH_CONTACT = "mailto:owner@zerno.example"
        push._signed.cache_clear()
        yield own


@pytest.fixture
def writing(cast: Cast) -> Writing:
    return Writing(cast.zerno)


def let_in(service: PushService, client: Client, name: str) -> str:
    """The client's browser subscribes on the page of his card."""
    endpoint, p256dh, auth = service.subscribe(name, push.public_key())
    with tenant(client.program_id):
        page = reverse("card_channels", args=[card_links.token_of(client)])
    said = {"on": "push", "endpoint": endpoint, "p256dh": p256dh, "auth": auth}
    assert Browser().post(page, said).status_code == 302
    return endpoint


def subscribed(client: Client) -> list[str]:
    with tenant(client.program_id):
        return list(PushSubscription.objects.order_by("pk").values_list("endpoint", flat=True))


def test_the_service_reads_as_the_standard_says() -> None:
    """The example of RFC 8291, section 5."""
    key = ec.derive_private_key(
        int.from_bytes(unpacked("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big"), ec.SECP256R1()
    )
    theirs = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    assert packed(public_of(key)) == theirs
    body = (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3j"
        "l7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    said = decrypted(unpacked(body), key, unpacked("BTBZMqHH6r4Tts7J_aSIgg"))
    assert said == b"When I grow up, I want to be a watermelon"


def test_a_message_reaches_every_browser_and_those_that_are_gone_are_forgotten(
    service: PushService, writing: Writing
) -> None:
    anna = writing.client()
    let_in(service, anna, "phone")
    stays = let_in(service, anna, "laptop")
    template = writing.template("push")
    writing.ask(template, anna)
    assert (writing.send(), service.refused) == (1, [])
    assert sorted(path for path, _said in service.shown) == ["/send/laptop", "/send/phone"]
    assert {(said["title"], said["text"]) for _path, said in service.shown} == {("Новости", "Привет, Анна!")}
    assert writing.states() == [("sent", "")]
    # One browser has unsubscribed: the other gets it, and that one is not asked again.
    service.answers["/send/phone"] = 410
    writing.ask(template, anna)
    assert writing.send() == 1
    assert subscribed(anna) == [stays]
    service.answers["/send/laptop"] = 404
    writing.ask(template, anna)
    assert writing.send() == 0
    assert writing.states()[2] == ("failed", "unsubscribed")
    assert subscribed(anna) == []


def test_a_busy_service_is_asked_again_when_it_says(service: PushService, writing: Writing) -> None:
    anna = writing.client()
    let_in(service, anna, "phone")
    writing.ask(writing.template("push"), anna)
    service.answers["/send/phone"] = 429
    assert writing.send() == 0
    assert (writing.states(), service.asked) == ([("waiting", "")], 1)
    del service.answers["/send/phone"]
    assert (writing.later(seconds=119).send(), service.asked) == (0, 1)
    assert writing.later(seconds=2).send() == 1
    assert subscribed(anna)


def test_a_browser_that_was_let_in_by_another_key_is_refused_and_kept(
    service: PushService, writing: Writing, settings: Any
) -> None:
    anna = writing.client()
    let_in(service, anna, "phone")
    settings.PUSH_KEY = push.new_key()
    push._signed.cache_clear()
    writing.ask(writing.template("push"), anna)
    assert (writing.send(), writing.states()) == (0, [("failed", "rejected")])
    assert subscribed(anna)
