"""A stage for the admin's tests: every table that it shows has rows, in two programmes."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from clients.enrolment import Consented, enrol
from clients.models import Client, ClientAct, ClientActLine, Consent, Segment
from loyalty import programs
from loyalty.engine.cart import line
from loyalty.models import Account
from merchants import invitations
from merchants.access import tenant
from merchants.models import Role
from tests.cast import Cast, Shop
from tests.loyalty.shop import TillStory

RULES: dict[str, Any] = {
    "points": {"expiry": {"kind": "days", "days": 365}},
    "spending": {"max_percent": "50", "confirm": []},
    "tiers": [
        {"id": "start", "title": "Новичок", "earn_percent": "5"},
        {"id": "gold", "title": "Золото", "spent": "30000", "earn_percent": "10", "gift": "300"},
    ],
    "rules": [
        {"id": "welcome", "title": "Приветственные", "effect": {"kind": "welcome", "points": "100"}},
        {"id": "base", "title": "3 % от чека", "effect": {"kind": "percent", "percent": "3"}},
        {
            "id": "large",
            "title": "50 баллов за чек от 3000 ₽",
            "effect": {"kind": "for_every", "points": "50", "amount": "3000"},
        },
    ],
}


@dataclass
class Stage:
    cast: Cast
    anna: Client
    story: TillStory

    @property
    def account(self) -> Account:
        return self.anna.account

    @contextmanager
    def zerno(self) -> Iterator[None]:
        with tenant(self.cast.zerno.program.pk):
            yield


def set_up(cast: Cast, *, receipts: int = 3) -> Stage:
    now = timezone.now() - dt.timedelta(days=5)
    first, _story = open_doors(cast.pryanik, now, 1)
    anna, story = open_doors(cast.zerno, now, receipts)
    assert first.pk != anna.pk
    with tenant(cast.zerno.program.pk):
        programs.save_draft(program=cast.zerno.program, document=RULES, revision=0, now=now, by=cast.olga)
        invitations.invite(
            merchant=cast.zerno.merchant, email="nina@example.org", role=Role.MANAGER, site="", by=cast.olga, now=now
        )
    other_peoples_tables(cast)
    return Stage(cast, anna, story)


def open_doors(shop: Shop, now: dt.datetime, receipts: int) -> tuple[Client, TillStory]:
    """Publish, enrol, sell, spend, return, hold, adjust."""
    with tenant(shop.program.pk):
        story = TillStory(shop, now)
        story.publish(RULES)
        anna = enrol(
            program_id=shop.program.pk,
            merchant_id=shop.merchant.pk,
            phone="+79161234567",
            name="Анна Смирнова",
            birthday=dt.date(1990, 3, 8),
            consents=[Consented(Consent.Kind.PROCESSING)],
            source="till:1",
            now=now,
        )
        story.give(anna.account, "300")
        for n in range(receipts):
            story.later(hours=2)
            story.sell(
                anna.account, line(price=Decimal(450), name="Капучино", category="Кофе"), "300", receipt=f"R-{n}"
            )
        bought = story.sell(anna.account, "1000", "200", points="200", receipt="R-spent")
        story.later(hours=1)
        story.give_back(bought, [(1, "1")])
        story.later(minutes=5)
        story.hold(anna.account, "500", points="50", receipt="R-held", minutes=60 * 24 * 30)
        story.sell(None, "99", receipt="R-nobody")
        story.sell(anna.account, line(price=Decimal(1000), sells_certificate=True), receipt="R-gift")
        anna.refresh_from_db()
        mine = {"program": shop.program, "merchant": shop.merchant, "created_by": shop.owner}
        Segment.objects.create(name="Все", **mine)
        act = ClientAct.objects.create(public_id=uuid.uuid4(), kind="tag", terms={"tag": "vip"}, clients=1, **mine)
        ClientActLine.objects.create(program=shop.program, act=act, account=anna.account)
    return anna, story


def other_peoples_tables(cast: Cast) -> None:
    every = IntervalSchedule.objects.create(every=5, period=IntervalSchedule.SECONDS)
    CrontabSchedule.objects.create(minute="0", hour="4")
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    PeriodicTask.objects.create(name="deliver the outbox", task="merchants.tasks.deliver_outbox", interval=every)
    Authenticator.objects.create(user=cast.zerno.owner, type=Authenticator.Type.TOTP, data={"secret": "s3cret"})
    EmailAddress.objects.create(user=cast.zerno.owner, email=cast.zerno.owner.email, primary=True, verified=True)
    LogEntry.objects.create(user=cast.olga, action_flag=CHANGE, object_repr="x", change_message="")
