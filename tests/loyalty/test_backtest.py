"""The back test lives through what the tills really did: with the rules of the time it ends where the books do."""

from __future__ import annotations

import datetime as dt
import random
from collections import defaultdict
from contextlib import suppress
from decimal import Decimal as D
from typing import Any

import msgspec
import pytest
from msgspec import structs

from loyalty import ledger
from loyalty.backtest import running
from loyalty.backtest.history import History
from loyalty.backtest.running import Past, Plan
from loyalty.backtest.side import Side
from loyalty.engine.cart import line
from loyalty.models import Account, Entry, ProgramVersion, Return, Sale
from loyalty.refusals import Refused
from loyalty.sales.receipt import Receipt
from merchants.access import tenant
from tests.cast import Cast
from tests.loyalty.shop import TillStory

START = dt.datetime(2026, 3, 1, 8, 0, tzinfo=dt.UTC)

TIERS = [
    {"id": "bronze", "title": "Бронза", "earn_percent": "3"},
    {"id": "silver", "title": "Серебро", "spent": "1500", "visits": 9, "earn_percent": "5", "gift": "50"},
    {"id": "gold", "title": "Золото", "spent": "4000", "earn_percent": "8", "discount_percent": "4", "gift": "100"},
]
RULES: list[dict[str, Any]] = [
    {"id": "welcome", "title": "Привет", "effect": {"kind": "welcome", "points": "30"}},
    {"id": "every", "title": "10 за 70", "effect": {"kind": "for_every", "points": "10", "amount": "70"}},
    {
        "id": "tea",
        "title": "Чай −7 %",
        "effect": {"kind": "discount", "percent": "7"},
        "goods": {"categories": ["Чай"]},
    },
    {
        "id": "large",
        "title": "За крупный чек",
        "effect": {"kind": "give", "points": "40"},
        "when": [{"kind": "minimum_receipt", "amount": "400"}],
        "limits": {"times_per_month": 3},
    },
]
PLAIN: dict[str, Any] = {
    "tiers": TIERS,
    "rules": RULES,
    "points": {"pending_days": 1, "expiry": {"kind": "days", "days": 25}, "caps": {"per_day": "150"}},
    "spending": {"max_percent": "60", "per_day": "300", "confirm": []},
}
LAPSING: dict[str, Any] = {
    "tiers": TIERS,
    "status": {"window": {"kind": "days", "days": 30}, "downgrade": "at_once"},
    "rules": [
        *RULES[:3],
        {
            "id": "friend",
            "title": "За друга",
            "effect": {"kind": "referral", "percents": ["5", "2"]},
        },
        {
            "id": "budget",
            "title": "Пока есть бюджет",
            "effect": {"kind": "give", "points": "15"},
            "limits": {"budget": "600"},
        },
        {
            "id": "road",
            "title": "Каждая тысяча",
            "effect": {"kind": "for_every_carried", "points": "25", "amount": "1000"},
        },
        {"id": "mile", "title": "Рубеж", "effect": {"kind": "milestone", "points": "35", "every": "2000"}},
        {"id": "coupon", "title": "Купон", "effect": {"kind": "coupon", "every": "90", "percent": "5", "days": 9}},
        {
            "id": "code",
            "title": "По коду",
            "effect": {"kind": "discount_sum", "amount": "25"},
            "when": [{"kind": "promo_code", "code": "ЧАЙ"}],
            "limits": {"times_per_client": 4},
        },
        {
            "id": "third",
            "title": "Каждый третий визит",
            "effect": {"kind": "give", "points": "9"},
            "when": [{"kind": "nth_visit", "number": 3}],
        },
    ],
    "points": {"debt": "clamp", "inactivity_days": 12, "expiry": {"kind": "days", "days": 40}},
    "spending": {"confirm": []},
}


class Crowd:
    """A few clients, and everything that may happen at a till."""

    def __init__(self, story: TillStory, seed: int) -> None:
        self.story, self.rng = story, random.Random(seed)
        self.clients: list[Account] = []
        self.sold: list[Receipt] = []

    def live(self, events: int, *, swept: bool) -> None:
        acts = [self.sell] * 12 + [self.give_back] * 4 + [self.late, self.by_hand, self.hold, self.sweep, self.join]
        self.join()
        for _n in range(events):
            self.story.later(minutes=self.rng.choice([7, 45, 300, 1300, 2900]))
            try:
                if swept:
                    self.sweep()
                self.rng.choice(acts)()
            except Refused:
                continue

    def join(self) -> None:
        if len(self.clients) < 7:
            account = self.story.join(f"+7916000{len(self.clients):04}")
            if self.clients and self.rng.random() < 0.7:
                Account.objects.filter(pk=account.pk).update(referrer=self.rng.choice(self.clients))
            self.clients.append(account)

    def cart(self) -> list[Any]:
        rng = self.rng
        return [
            line(
                price=D(rng.randrange(3000, 30000)) / 100,
                quantity=D(rng.choice(["1", "2", "3", "0.350"])),
                sku=f"sku-{rng.randrange(6)}",
                category=rng.choice(["Чай", "Кофе", ""]),
                earn=rng.random() > 0.15,
                redeem=rng.random() > 0.15,
                discount=rng.random() > 0.15,
                min_price=rng.choice([D(0), D(0), D(25)]),
            )
            for _n in range(rng.randrange(1, 4))
        ]

    def sell(self, **more: Any) -> None:
        points = self.rng.choice([None, None, "max", "20", "75"])
        client = None if self.rng.random() < 0.1 else self.rng.choice(self.clients)
        request = self.story.request(client, *self.cart(), points=points if client else None, **more)
        if self.rng.random() < 0.2:
            request = structs.replace(request, cart=structs.replace(request.cart, promo_codes=("ЧАЙ",)))
        answer = self.story.sell_raw(request)
        self.sold.append(msgspec.json.decode(answer.text, type=Receipt))

    def late(self) -> None:
        self.sell(at=self.story.now - dt.timedelta(days=self.rng.randrange(1, 20), hours=3))

    def hold(self) -> None:
        held = self.story.hold(self.rng.choice(self.clients), *self.cart(), points="max")
        self.story.later(minutes=3)
        if self.rng.random() < 0.5:
            with suppress(Refused):
                self.sell()
        self.story.later(minutes=2)
        self.sold.append(self.story.commit(held))

    def give_back(self) -> None:
        if not self.sold:
            return
        sale = self.rng.choice(self.sold)
        wish = self.rng.random()
        if wish < 0.35:
            self.story.void(sale)
        elif wish < 0.75:
            n = self.rng.randrange(len(sale.lines))
            quantity = sale.lines[n].quantity
            self.story.give_back(sale, [(n, str(quantity if quantity < 1 else D(1)))])
        else:
            self.story.give_back(sale, amount=str(D(self.rng.randrange(100, 9000)) / 100))

    def by_hand(self) -> None:
        self.story.give(self.rng.choice(self.clients), self.rng.choice(["60", "-10", "25"]))

    def sweep(self) -> None:
        ledger.end_due_holds(program_id=self.story.program_id, now=self.story.now)
        ledger.lapse_inactive(program_id=self.story.program_id, now=self.story.now)
        self.story.sweep()


def lived(cast: Cast, document: dict[str, Any], seed: int, events: int = 160) -> TillStory:
    story = TillStory(cast.zerno, START)
    with tenant(story.program_id):
        try:
            story.publish(document)
        except Refused as refused:
            raise AssertionError(refused.facts) from None
        crowd = Crowd(story, seed)
        story.later(minutes=1)
        # Points that lapse are gone when the sweep says so: it comes every minute.
        crowd.live(events, swept="inactivity_days" in document["points"])
        story.later(days=9)
        crowd.sweep()
    return story


def as_it_was(program_id: int, until: dt.datetime) -> Side:
    past = Past(program_id)
    rulebook = past.rulebooks[-1]
    side = Side(
        past.rules_at,
        calendar=rulebook.calendar,
        precision=rulebook.program.precision,
        back=past.looks_back,
        welcomes=past.welcomes,
    )
    for event in History(program_id, rulebook.calendar, until=until).events(past.welcomes):
        side.live(event)
    side.end(until)
    return side


def moved(program_id: int, since: dt.datetime, until: dt.datetime) -> dict[str, D]:
    """The books' own sums by kind; an expiry counts when it happened."""
    sums: dict[str, D] = defaultdict(D)
    for kind, points, at, written in Entry.objects.filter(program_id=program_id).values_list(
        "kind", "points", "at", "created_at"
    ):
        if since <= (at if kind == "expire" else written) < until:
            sums[kind] += points
    return sums


KINDS = ("earn", "redeem", "expire", "clawback", "reinstate", "adjust")


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
@pytest.mark.parametrize("document", [PLAIN, LAPSING], ids=["plain", "lapsing"])
def test_it_ends_where_the_books_do(cast: Cast, document: dict[str, Any], seed: int) -> None:
    story = lived(cast, document, seed)
    with tenant(story.program_id):
        until = story.now + dt.timedelta(seconds=1)
        side = as_it_was(story.program_id, until)
        found = {
            key: (one.state.points, one.state.debt, one.state.tier, one.state.spent, one.state.visits)
            for key, one in side.people.items()
        }
        books = {
            row.pk: (row.points, row.debt, row.tier, row.spent, row.visits)
            for row in Account.objects.filter(program_id=story.program_id)
        }
        assert found == books
        sums = side.totals.sums
        happened = moved(story.program_id, START, until)
        assert {kind: getattr(sums, kind) for kind in KINDS} == {kind: happened[kind] for kind in KINDS}
        assert Return.objects.count() > 10
        assert sums.receipts == Sale.objects.filter(status__in=["committed", "voided"]).count()


def plan_for(story: TillStory, since: dt.datetime, document: dict[str, Any] | None = None, shards: int = 1) -> Plan:
    version = ProgramVersion.objects.filter(program_id=story.program_id).latest("number")
    draft = {**version.document, **(document or {})}
    return Plan(
        program_id=story.program_id,
        draft=msgspec.json.encode(draft),
        live=version.number,
        since=since,
        until=story.now + dt.timedelta(seconds=1),
        shards=shards,
    )


def test_a_part_of_the_past_under_the_live_rules_is_what_happened(cast: Cast) -> None:
    story = lived(cast, PLAIN, 5, events=100)
    with tenant(story.program_id):
        since = START + dt.timedelta(days=30)
        found = running.run(plan_for(story, since))
        happened = moved(story.program_id, since, story.now + dt.timedelta(seconds=1))
        for side in ("live", "draft"):
            assert {kind: D(found[side]["sums"][kind]) for kind in KINDS} == {kind: happened[kind] for kind in KINDS}
        assert found["winners"] == found["losers"] == []
        assert set(found["spread"]) == {"same"}


def test_the_same_past_gives_the_same_report_in_any_number_of_parts(cast: Cast) -> None:
    story = lived(cast, PLAIN, 6, events=80)
    with tenant(story.program_id):
        better = {"rules": [*RULES, {"id": "more", "title": "+2 %", "effect": {"kind": "give", "points": "3"}}]}
        reports = [msgspec.json.encode(running.run(plan_for(story, START, better, shards))) for shards in (1, 1, 2, 3)]
        assert len(set(reports)) == 1
        found = msgspec.json.decode(reports[0])
        assert D(found["draft"]["sums"]["earn"]) > D(found["live"]["sums"]["earn"])
        assert found["winners"]
        assert not found["losers"]
        assert found["draft"]["rules"]["more"]["receipts"] > 0


def test_many_clients_are_lived_through_in_parts_and_the_progress_counts_them_all(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = lived(cast, PLAIN, 6, events=80)
    with tenant(story.program_id):
        whole = running.run(plan_for(story, START, shards=1))
        monkeypatch.setattr(running, "EVERY", 1)
        monkeypatch.setattr(running, "CLIENTS_AT_ONCE", 2)
        plan = plan_for(story, START, shards=0)
        said: list[int] = []
        assert running.shards_of(plan) > 2
        assert running.run(plan, progress=said.append) == whole
        assert said == list(range(1, whole["receipts"] + 1))


def test_whoever_took_the_most_takes_the_most(cast: Cast) -> None:
    """Points spent are the same share of what the rules allow."""
    story = TillStory(cast.zerno, START)
    with tenant(story.program_id):
        story.publish({"rules": [], "spending": {"max_percent": "50", "confirm": []}})
        client = story.join()
        story.later(minutes=1)
        story.give(client, "1000")
        for points in ("max", "20", None):
            story.later(minutes=1)
            story.sell(client, "100", points=points)
        found = running.run(plan_for(story, START, {"spending": {"max_percent": "30", "confirm": []}}))
        assert D(found["live"]["sums"]["redeem"]) == -70
        assert D(found["draft"]["sums"]["redeem"]) == -(30 + 12)
