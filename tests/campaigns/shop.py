"""A shop whose clients have birthdays, and campaigns in a few words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

from campaigns.actions.points import GivePoints
from campaigns.models import Campaign, CampaignTurn
from campaigns.plan import Plan, Step
from campaigns.running import changing, scanning, working
from campaigns.triggers.base import Trigger
from clients.enrolment import enrol
from clients.models import Client
from loyalty.models import Account
from tests.cast import Shop
from tests.loyalty.shop import TillStory

# Moscow, three hours ahead: Thursday, the 12th of March, one in the afternoon.
NOW = dt.datetime(2026, 3, 12, 10, tzinfo=dt.UTC)
GIFT = (Step(do=GivePoints(points=D(100), days=30)),)


class Stage:
    def __init__(self, shop: Shop, now: dt.datetime = NOW, rules: dict[str, Any] | None = None) -> None:
        self.shop = shop
        self.story = TillStory(shop, now)
        self.story.publish(rules or {})
        self.number = 0

    @property
    def now(self) -> dt.datetime:
        return self.story.now

    def at(self, text: str) -> dt.datetime:
        """A local moment of Moscow, which the clock is set to."""
        self.story.now = dt.datetime.fromisoformat(text).replace(tzinfo=dt.timezone(dt.timedelta(hours=3)))
        return self.story.now

    def join(self, name: str = "Анна", birthday: str | None = None, **more: Any) -> Account:
        self.number += 1
        born = dt.date.fromisoformat(birthday) if birthday else None
        client = enrol(
            program_id=self.shop.program.pk,
            merchant_id=self.shop.merchant.pk,
            phone=f"+7916{self.number:07}",
            name=name,
            birthday=born,
            source="test",
            now=self.now,
            **more,
        )
        return Account.objects.get(pk=client.account_id)

    def campaign(self, trigger: Trigger, name: str = "Подарок", *, start: bool = True, **plan: Any) -> Campaign:
        plan.setdefault("steps", GIFT)
        audience = plan.pop("audience", None)
        made = changing.make(
            merchant=self.shop.merchant,
            name=name,
            plan=Plan(trigger=trigger, **plan),
            audience=audience,
            now=self.now,
            by="test",
        )
        return changing.start(campaign=made, now=self.now, by="test") if start else made

    def beat(self) -> int:
        """What a minute's nudge does: look who is due, and treat them. How many were looked at."""
        scanning.scan_due(now=self.now)
        return working.work_due(clock=lambda: self.now)

    def turns(self, campaign: Campaign | None = None) -> list[tuple[str, str, str]]:
        rows = CampaignTurn.objects.order_by("pk")
        if campaign is not None:
            rows = rows.filter(campaign=campaign)
        names = dict(Client.objects.values_list("account", "name"))
        return [
            (names.get(account, "?"), state, why) for account, state, why in rows.values_list("account", "state", "why")
        ]

    def points(self, account: Account) -> D:
        account.refresh_from_db()
        return D(account.points - account.debt)
