from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clients.enrolment import enrol
from clients.models import Client as Person
from loyalty.models import Account
from merchants import cashiers, devices
from merchants.access import tenant
from merchants.models import Cashier
from merchants.throttling import own_guesses
from tests.cast import Cast
from tests.loyalty.shop import ONE_PER_ONE, TillStory

PIN = "4821"


class TillPage:
    """A phone at a till of «Зерно», as a browser without scripts sees it."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.client = Client()
        self.story = TillStory(cast.zerno, timezone.now())
        self.anna: Cashier = cashiers.hire(
            merchant=cast.zerno.merchant, name="Анна", pin=PIN, by=cast.zerno.owner, now=self.story.now
        )

    @property
    def now(self) -> dt.datetime:
        return timezone.now()

    def connect(self) -> None:
        token = devices.invite(till=self.cast.zerno.till, by=self.cast.zerno.manager, now=self.now)
        self.client.post(reverse("till_connect", args=[token]), {"name": "Телефон"})

    def unlock(self, pin: str = PIN) -> Any:
        return self.client.post(reverse("till_who"), {"cashier": self.anna.pk, "pin": pin})

    def get(self, name: str, *args: object, query: str = "") -> Any:
        return self.client.get(reverse(name, args=args) + query)

    def post(self, url: str, **fields: object) -> Any:
        return self.client.post(url, fields)

    def find(self, q: str) -> Any:
        return self.post(reverse("till_find"), q=q)

    def form(self, url: str) -> dict[str, str]:
        """The hidden fields of the receipt's form."""
        return hidden(self.client.get(url))

    def key_in(self, url: str, *, act: str = "sell", **fields: object) -> Any:
        return self.client.post(url, {**self.form(url), "act": act, **fields})

    def sell(self, url: str, **fields: object) -> Any:
        return self.key_in(url, **fields)

    def join(self, phone: str = "+79161234567", name: str = "Вера", points: str = "", **more: Any) -> Person:
        person = enrol(
            program_id=self.story.program_id,
            merchant_id=self.cast.zerno.merchant.pk,
            phone=phone,
            name=name,
            source="test",
            now=self.now,
            **more,
        )
        if points:
            self.story.now = self.now
            self.story.give(person.account, points)
        return person

    def available(self, person: Person) -> int:
        return self.balance(person.account)

    def balance(self, account: Account) -> int:
        self.story.now = self.now
        return int(self.story.standing(account).available)


def hidden(response: Any) -> dict[str, str]:
    text = response.content.decode()
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text)
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def text_of(response: Any) -> str:
    """What stands on the page, without tags, spaces made plain."""
    text = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", text).replace("\u00a0", " ").replace("\u202f", " ")
    return " ".join(text.replace("&nbsp;", " ").split())


@pytest.fixture
def connected(cast: Cast) -> Iterator[TillPage]:
    """A connected phone that is locked. The rules: one point for one rouble."""
    own_guesses.seen.clear()
    with tenant(cast.zerno.program.pk):
        page = TillPage(cast)
        page.story.publish(ONE_PER_ONE)
        page.connect()
        yield page


@pytest.fixture
def till(connected: TillPage) -> TillPage:
    """Anna stands at the till."""
    connected.unlock()
    return connected
