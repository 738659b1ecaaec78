"""A small shop whose six people are known: at its own programme, or as one of two merchants of a programme."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

from clients.enrolment import Consented, enrol
from clients.models import Client, Consent
from loyalty.certificates import issuing
from loyalty.engine.cart import line
from loyalty.models import Account
from tests.cast import Shop
from tests.loyalty.shop import TillStory

# Moscow is three hours ahead: the 12th of March, one in the afternoon.
NOW = dt.datetime(2026, 3, 12, 10, tzinfo=dt.UTC)
RULES: dict[str, Any] = {
    "status": {"window": {"kind": "lifetime"}},
    "tiers": [
        {"id": "bronze", "title": "Бронза", "earn_percent": "0"},
        {"id": "silver", "title": "Серебро", "spent": "400", "earn_percent": "0"},
    ],
}


class People:
    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.story = TillStory(shop, at("2026-01-31 12:00"))
        self.story.publish(RULES)
        self.clients: dict[str, Client] = {}
        self._live()
        self.story.now = NOW

    def account(self, name: str) -> Account:
        return Account.objects.get(pk=self.clients[name].account_id)

    def join(self, name: str, when: str, source: str, agreed: tuple[str, ...] = (), **more: Any) -> None:
        self.story.now = at(when)
        client = enrol(
            program_id=self.shop.program.pk,
            merchant_id=self.shop.merchant.pk,
            phone=f"+7916123450{len(self.clients)}",
            name=name,
            source=source,
            consents=[Consented(Consent.Kind(kind)) for kind in ("processing", *agreed)],
            now=self.story.now,
            **more,
        )
        self.clients[name] = client

    def buys(self, name: str, when: str, price: str, **goods: str) -> Any:
        self.story.now = at(when)
        return self.story.sell(self.account(name), line(price=D(price), **goods))

    def _live(self) -> None:
        story, day = self.story, dt.date
        self.join("Анна", "2026-02-01 12:00", f"poster:{self.shop.outlet.code}", ("advertising",))
        self.join("Дарья", "2026-02-10 21:00", "join page", referrer=self.account("Анна"))
        self.buys("Анна", "2026-02-10 10:00", "100", sku="tea", category="Чай", brand="Гринфилд")
        gone = self.buys("Анна", "2026-02-10 11:00", "70", sku="cake", category="Десерты")
        story.void(gone.id)
        self.buys("Дарья", "2026-02-11 10:00", "1000", sku="cake", category="Десерты")
        self.join("Борис", "2026-02-20 12:00", f"till:{self.shop.till.pk} anna", ("advertising", "notices"))
        half = self.buys("Борис", "2026-03-01 10:00", "500", sku="tea", category="Чай")
        story.now = at("2026-03-05 10:00")
        story.give_back(half.id, amount="200")
        self.join("Глеб", "2026-03-11 20:59", "import:7")
        self.join("Вера", "2026-03-11 21:01", "member:5", referrer=self.account("Анна"))
        self.join("Егор", "2026-03-12 08:00", "till:999999")
        self.buys("Анна", "2026-03-12 09:00", "300", sku="tea", category="Чай")
        story.now = at("2026-03-12 09:30")
        story.give(self.account("Дарья"), "50", until=at("2026-03-21 21:00"))
        story.give(self.account("Борис"), "30", until=at("2026-03-22 21:00"))
        story.give(self.account("Егор"), "80")
        Consent.objects.create(
            program=self.shop.program, client=self.clients["Борис"], kind="advertising", given=False, at=story.now
        )
        born = {
            "Анна": day(1990, 3, 12),
            "Борис": day(1990, 3, 13),
            "Вера": day(2000, 3, 26),
            "Глеб": day(1980, 3, 27),
            "Егор": day(2000, 2, 29),
        }
        for name, birthday in born.items():
            Client.objects.filter(pk=self.clients[name].pk).update(birthday=birthday)
        Client.objects.filter(name="Егор").update(phone=None, email="egor@example.org")
        Client.objects.filter(name="Анна").update(email="anna@example.org")
        self.set("Анна", tags=["друзья", "опт"])
        self.set("Борис", tags=["опт"])
        self.set("Глеб", status="blocked")
        self.set("Вера", manual_tier="silver", manual_tier_until=NOW + dt.timedelta(days=1))
        terms = issuing.Terms(kind="sum", amount=D(100), expires_at=NOW + dt.timedelta(days=9))
        for name, until in (("Егор", 9), ("Глеб", 0)):
            terms = issuing.Terms(kind="sum", amount=D(100), expires_at=NOW + dt.timedelta(days=until))
            issuing.issue(merchant=self.shop.merchant, terms=terms, now=story.now, by="test", holder=self.account(name))

    def set(self, name: str, **values: Any) -> None:
        Account.objects.filter(pk=self.clients[name].account_id).update(**values)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
