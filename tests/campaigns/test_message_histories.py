"""Over random histories: nobody is written to who did not consent, is blocked or erased, nor while it is quiet."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

import pytest
from django.core import mail
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.messages import refusing
from campaigns.models import Channel, Message, MessageSettings
from clients import consents
from clients.models import Client, Consent
from clients.personal.erasing import erase
from loyalty.accounts import block, unblock
from merchants.access import tenant
from tests.campaigns.people import NOON, Writing
from tests.cast import Cast

pytestmark = pytest.mark.django_db(transaction=True)
MOSCOW = zoneinfo.ZoneInfo("Europe/Moscow")
WHO = st.integers(0, 2)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(("ask", "agree", "withdraw", "refuse", "take back", "block", "unblock", "erase")), WHO
        ),
        st.tuples(st.just("later"), st.integers(1, 20)),
        st.tuples(st.just("send"), st.just(0)),
    ),
    max_size=25,
)


class Life:
    """What a reader of the history would say of each client."""

    def __init__(self, writing: Writing) -> None:
        self.writing = writing
        self.clients = [writing.client(name) for name in ("Анна", "Борис", "Вера")]
        self.agreed, self.refused = {0, 1, 2}, set[int]()
        self.blocked, self.erased = set[int](), set[int]()
        self.template = writing.template()

    def step(self, what: str, n: int) -> None:
        if what == "later":
            self.writing.later(hours=n)
        elif what == "send":
            self.send()
        elif n not in self.erased:
            with tenant(self.writing.shop.program.pk):
                getattr(self, what.replace(" ", "_"))(n, self.clients[n])

    def send(self) -> None:
        before = len(mail.outbox)
        self.writing.send()
        local = self.writing.now.astimezone(MOSCOW).time()
        is_quiet = local >= dt.time(21) or local < dt.time(9)
        may = {n for n in range(3) if n in self.agreed} - self.refused - self.blocked - self.erased
        for letter in mail.outbox[before:]:
            assert not is_quiet
            assert letter.to[0] in {self.clients[n].email for n in may}

    def ask(self, n: int, client: Client) -> None:
        self.writing.ask(self.template, client)

    def agree(self, n: int, client: Client) -> None:
        self._say(client, given=True)
        self.agreed.add(n)

    def withdraw(self, n: int, client: Client) -> None:
        self._say(client, given=False)
        self.agreed.discard(n)

    def refuse(self, n: int, client: Client) -> None:
        refusing.refuse(client=client, channel=Channel.EMAIL, source="test", now=self.writing.now)
        self.refused.add(n)

    def take_back(self, n: int, client: Client) -> None:
        refusing.take_back(client=client, channel=Channel.EMAIL)
        self.refused.discard(n)

    def block(self, n: int, client: Client) -> None:
        if n not in self.blocked:
            block(account=client.account, reason="test", now=self.writing.now, by="test")
            self.blocked.add(n)

    def unblock(self, n: int, client: Client) -> None:
        if n in self.blocked:
            unblock(account=client.account, reason="test", now=self.writing.now, by="test")
            self.blocked.discard(n)

    def erase(self, n: int, client: Client) -> None:
        erase(client=client, merchant=self.writing.shop.merchant, source="test", now=self.writing.now, by="test")
        self.erased.add(n)
        assert not Message.objects.filter(account=client.account_id).exists()

    def _say(self, client: Client, *, given: bool) -> None:
        said = {Consent.Kind.ADVERTISING: given}
        consents.say(client=client, said=said, texts={}, source="test", now=self.writing.now)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(steps=STEPS)
def test_nobody_is_written_to_who_must_not_be(cast: Cast, steps: list[tuple[str, int]]) -> None:
    mail.outbox.clear()
    writing = Writing(cast.zerno, NOON + dt.timedelta(seconds=next(_ticks)))
    with tenant(cast.zerno.program.pk):
        MessageSettings.objects.update_or_create(
            program=cast.zerno.program, merchant=cast.zerno.merchant, defaults={"cap_number": 0, "paced_at": None}
        )
        Message.objects.all().delete()
    life = Life(writing)
    for what, n in steps:
        life.step(what, n)
    life.send()
    life.writing.later(hours=26)
    life.send()
    with tenant(cast.zerno.program.pk):
        keys = [letter.extra_headers["Message-ID"] for letter in mail.outbox]
        assert len(keys) == len(set(keys))


def _counting() -> Any:
    n = 0
    while True:
        n += 1
        yield n


_ticks = _counting()
