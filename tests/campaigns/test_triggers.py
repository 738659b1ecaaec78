"""Each trigger with its bounds: who is due, for what occasion, and when."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal as D
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from campaigns.models import Campaign
from campaigns.plan import Timing
from campaigns.running.due import sight_of
from campaigns.triggers.base import Trigger, Window
from campaigns.triggers.calendar import Anniversary, Birthday, OnDate, Recurring
from campaigns.triggers.purchases import (
    Absent,
    CustomEvent,
    FirstPurchase,
    JoinedWithoutPurchase,
    Milestone,
    ReceiptAbove,
)
from campaigns.triggers.standing import CertificateExpiring, PointsExpiring, SegmentEntered, TierEnding, TierReached
from clients import editing
from clients.models import Client
from clients.segments import keeping
from clients.segments.conditions.profile import Tagged
from clients.segments.definition import Clause, Definition
from loyalty.certificates import issuing
from loyalty.models import Account, Activity
from merchants.access import tenant
from tests.campaigns.shop import Stage
from tests.cast import Cast

MOSCOW = dt.timezone(dt.timedelta(hours=3))
# Moments are local: «03-12 10:00» of 2026.
Found = list[tuple[str, str, str]]


@pytest.fixture(params=["alone", "shared"])
def stage(request: pytest.FixtureRequest, cast: Cast) -> Iterator[Stage]:
    """A merchant alone in his programme, and one who shares it: his purchases are counted from his receipts."""
    shop = cast.pryanik if request.param == "alone" else cast.zerno
    with tenant(shop.program.pk):
        stage = Stage(shop, dt.datetime(2024, 1, 1, tzinfo=dt.UTC), rules=RULES)
        stage.at("2026-01-31 12:00")
        yield stage


RULES: dict[str, Any] = {
    "tiers": [
        {"id": "bronze", "title": "Бронза", "earn_percent": "0"},
        {"id": "silver", "title": "Серебро", "spent": "1000", "earn_percent": "0"},
    ],
}


def due(stage: Stage, trigger: Trigger, since: str, until: str, *, begins: str | None = None) -> Found:
    """(name, occasion, local moment) of whoever is due in the window (since, until]."""
    now = stage.at(until)
    begun = dt.datetime.fromisoformat(begins or since).replace(tzinfo=MOSCOW)
    campaign = Campaign(program=stage.shop.program, merchant=stage.shop.merchant)
    look = sight_of(campaign, now, plan=None).look
    window = Window(dt.datetime.fromisoformat(since).replace(tzinfo=MOSCOW), now, begun, dt.time(10))
    rows = trigger.due(look, window)
    with connection.cursor() as cursor:
        cursor.execute(rows.sql, rows.params)
        found = cursor.fetchall()
    names = dict(Client.objects.values_list("account", "name"))
    return sorted((names[key], what, f"{at.astimezone(MOSCOW):%m-%d %H:%M}") for key, what, at in found)


BIRTHDAYS: list[tuple[Birthday, str, str, list[str]]] = [
    (Birthday(), "2026-03-12 09:59", "2026-03-12 10:00", ["12"]),
    (Birthday(), "2026-03-12 10:00", "2026-03-13 09:59", []),
    (Birthday(), "2026-03-11 23:00", "2026-03-14 00:00", ["12", "13"]),
    (Birthday(before=1), "2026-03-11 00:00", "2026-03-11 23:00", ["12"]),
    (Birthday(after=2), "2026-03-14 00:00", "2026-03-14 23:00", ["12"]),
    # 29 February: on the 28th of a common year, on its own day of a leap year.
    (Birthday(), "2026-02-28 00:00", "2026-02-28 23:00", ["28", "29"]),
    (Birthday(), "2026-02-27 00:00", "2026-02-27 23:00", []),
    (Birthday(), "2026-03-01 00:00", "2026-03-01 23:00", ["1"]),
    (Birthday(), "2028-02-28 00:00", "2028-02-28 23:00", ["28"]),
    (Birthday(), "2028-02-29 00:00", "2028-02-29 23:00", ["29"]),
    (Birthday(before=1), "2026-02-27 00:00", "2026-02-27 23:00", ["28", "29"]),
    (Birthday(before=1), "2027-12-31 00:00", "2027-12-31 23:00", ["new year"]),
]


def test_birthdays(stage: Stage) -> None:
    born = {
        "12": "1990-03-12",
        "13": "1990-03-13",
        "28": "1990-02-28",
        "29": "1992-02-29",
        "1": "1990-03-01",
        "new year": "1990-01-01",
        "nobody knows": None,
    }
    for name, birthday in born.items():
        stage.join(name, birthday)
    for trigger, since, until, expected in BIRTHDAYS:
        assert [name for name, _occasion, _at in due(stage, trigger, since, until)] == sorted(expected), until
    # The year of the birthday itself, not of the day before it.
    assert due(stage, Birthday(before=1), "2027-12-31 00:00", "2027-12-31 23:00")[0][1:] == ("2028", "12-31 10:00")


def test_no_gift_within_a_month_of_a_changed_birthday(stage: Stage) -> None:
    anna = Client.objects.get(account=stage.join("Анна", "1990-05-01"))
    stage.at("2026-02-20 12:00")
    said = editing.Particulars(phone=str(anna.phone), name="Анна", birthday=dt.date(1990, 3, 12))
    editing.edit(client=anna, particulars=said, now=stage.now, by="test")
    assert due(stage, Birthday(), "2026-03-12 00:00", "2026-03-12 23:00") == []
    assert due(stage, Birthday(after=12), "2026-03-24 00:00", "2026-03-24 23:00") == [("Анна", "2026", "03-24 10:00")]
    assert due(stage, Birthday(), "2027-03-12 00:00", "2027-03-12 23:00") == [("Анна", "2027", "03-12 10:00")]


def test_days_where_clocks_change(cast: Cast) -> None:
    """On 29 March 2026 half past two is not in Berlin, and has its turn; on 25 October it is twice."""
    program = cast.pryanik.program
    program.time_zone = "Europe/Berlin"
    program.save()
    with tenant(program.pk):
        stage = Stage(cast.pryanik)
        stage.join("Анна", "1990-03-29")
        stage.join("Борис", "1990-10-25")
        campaign = Campaign(program=program, merchant=cast.pryanik.merchant)
        for day, moments in (("2026-03-29", 1), ("2026-10-25", 1)):
            now = dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")
            look = sight_of(campaign, now).look
            for hour in (dt.time(2, 30), dt.time(3), dt.time(0)):
                window = Window(now - dt.timedelta(days=1), now, now, hour)
                rows = Birthday().due(look, window)
                with connection.cursor() as cursor:
                    cursor.execute(rows.sql, rows.params)
                    assert len(cursor.fetchall()) == moments, (day, hour)


def test_joined_without_a_purchase(stage: Stage) -> None:
    stage.at("2026-03-05 23:59")
    stage.join("Анна")
    boris = stage.join("Борис")
    stage.at("2026-03-06 00:01")
    stage.join("Вера")
    stage.at("2026-03-07 12:00")
    stage.story.sell(boris, "10")
    week = JoinedWithoutPurchase(days=7)
    assert due(stage, week, "2026-03-12 00:00", "2026-03-12 23:59") == [("Анна", "joined", "03-12 10:00")]
    assert due(stage, week, "2026-03-12 23:59", "2026-03-13 23:59") == [("Вера", "joined", "03-13 10:00")]


def test_absent(stage: Stage) -> None:
    anna, boris = stage.join("Анна"), stage.join("Борис")
    stage.join("Вера")
    stage.at("2026-02-10 23:30")
    stage.story.sell(anna, "10")
    stage.story.sell(anna, "20")
    stage.story.sell(boris, "10")
    stage.at("2026-02-11 00:30")
    stage.story.sell(boris, "10")
    month = Absent(days=30)
    assert due(stage, month, "2026-03-12 00:00", "2026-03-12 23:00") == [("Анна", "2026-02-10", "03-12 10:00")]
    assert due(stage, month, "2026-03-13 00:00", "2026-03-13 23:00") == [("Борис", "2026-02-11", "03-13 10:00")]


def test_first_purchase_receipts_and_milestones(stage: Stage) -> None:
    anna, boris = stage.join("Анна"), stage.join("Борис")
    stage.at("2026-03-10 12:00")
    stage.story.sell(boris, "800")
    stage.at("2026-03-12 12:00")
    first = stage.story.sell(anna, "999.99")
    stage.at("2026-03-12 13:00")
    second = stage.story.sell(boris, "1000")
    stage.story.void(stage.story.sell(boris, "5000").id)
    window = ("2026-03-12 11:00", "2026-03-12 14:00")
    assert due(stage, FirstPurchase(), *window) == [("Анна", "first", "03-12 12:00")]
    assert first.id != second.id
    assert [(name, at) for name, _sale, at in due(stage, ReceiptAbove(at_least=D(1000)), *window)] == [
        ("Борис", "03-12 13:00")
    ]
    # 1800 now, 800 when the campaign began.
    assert due(stage, Milestone(at=D(1000)), *window) == [("Борис", "1", "03-12 13:00")]
    assert due(stage, Milestone(at=D(800)), *window)[0][0] == "Анна"
    assert [one[0] for one in due(stage, Milestone(at=D(800)), *window)] == ["Анна"]
    assert due(stage, Milestone(at=D(600), again=True), *window)[1] == ("Борис", "3", "03-12 13:00")
    # Another before anybody looks: the first one stays the first.
    stage.at("2026-03-12 13:30")
    stage.story.sell(anna, "1")
    assert due(stage, FirstPurchase(), *window) == [("Анна", "first", "03-12 12:00")]


def test_what_was_written_late_is_found_but_nothing_from_before_the_beginning(stage: Stage) -> None:
    anna = stage.join("Анна")
    stage.at("2026-03-12 12:00")
    stage.story.sell(anna, "1000")
    large = ReceiptAbove(at_least=D(1000))
    later = ("2026-03-12 12:30", "2026-03-12 12:31")
    assert len(due(stage, large, *later, begins="2026-03-12 11:00")) == 1
    assert due(stage, large, *later, begins="2026-03-12 12:10") == []


def test_tiers(stage: Stage) -> None:
    anna, boris, vera = (stage.join(name) for name in ("Анна", "Борис", "Вера"))
    end = dt.datetime(2026, 3, 25, 21, tzinfo=dt.UTC)  # all of the 25th, in Moscow
    Account.objects.filter(pk=anna.pk).update(tier_ends_at=end)
    Account.objects.filter(pk=boris.pk).update(manual_tier="silver", manual_tier_until=end + dt.timedelta(hours=1))
    fortnight = TierEnding(days=14)
    assert due(stage, fortnight, "2026-03-11 00:00", "2026-03-11 23:00") == [("Анна", "2026-03-25", "03-11 10:00")]
    assert due(stage, fortnight, "2026-03-12 00:00", "2026-03-12 23:00") == [("Борис", "2026-03-26", "03-12 10:00")]
    campaign = Campaign(program=stage.shop.program, merchant=stage.shop.merchant)

    def inside() -> list[str]:
        rows = TierReached(tiers=("silver",)).inside(sight_of(campaign, stage.now).look)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT c.name FROM clients_client c WHERE c.account_id IN ({rows.sql})", rows.params)
            return sorted(name for (name,) in cursor.fetchall())

    assert inside() == ["Борис"]
    stage.story.sell(vera, "1000")
    assert inside() == ["Борис", "Вера"]


def test_points_and_certificates_that_expire(stage: Stage) -> None:
    anna, boris = stage.join("Анна"), stage.join("Борис")
    end = dt.datetime(2026, 3, 19, 21, tzinfo=dt.UTC)
    for points, until in (("30", end), ("20", end - dt.timedelta(hours=3)), ("7", end + dt.timedelta(seconds=1))):
        stage.story.give(anna, points, until=until)
    week = ("2026-03-12 00:00", "2026-03-12 23:00")
    assert due(stage, PointsExpiring(days=7), *week) == [("Анна", "2026-03-19", "03-12 10:00")]
    assert due(stage, PointsExpiring(days=7, at_least=D(50)), *week) == [("Анна", "2026-03-19", "03-12 10:00")]
    assert due(stage, PointsExpiring(days=7, at_least=D(51)), *week) == []
    terms = issuing.Terms(kind="sum", amount=D(100), expires_at=end)
    [one] = issuing.issue(merchant=stage.shop.merchant, terms=terms, now=stage.now, by="test", holder=boris)
    found = due(stage, CertificateExpiring(days=7), *week)
    assert found == [("Борис", f"{one.pk}:2026-03-19", "03-12 10:00")]


def test_anniversaries_and_dates(stage: Stage) -> None:
    for name, joined in (("2024", "2024-02-29 12:00"), ("2025", "2025-02-28 23:59"), ("march", "2025-03-01 00:00")):
        stage.at(joined)
        stage.join(name)
    assert due(stage, Anniversary(), "2026-02-28 00:00", "2026-02-28 23:00") == [
        ("2024", "2026", "02-28 10:00"),
        ("2025", "2026", "02-28 10:00"),
    ]
    assert [one[0] for one in due(stage, Anniversary(), "2028-02-29 00:00", "2028-02-29 23:00")] == ["2024"]
    on = OnDate(day=dt.date(2026, 5, 9), time=dt.time(12))
    assert len(due(stage, on, "2026-05-09 11:59", "2026-05-09 12:00")) == 3
    assert due(stage, on, "2026-05-09 12:00", "2026-05-10 12:00") == []
    fridays = Recurring(weekdays=(5,))
    assert {one[1] for one in due(stage, fridays, "2026-05-01 11:00", "2026-05-16 00:00")} == {
        "2026-05-08",
        "2026-05-15",
    }
    last = Recurring(every="month", month_day=31)
    assert {one[1] for one in due(stage, last, "2026-04-01 00:00", "2026-06-01 00:00")} == {"2026-04-30", "2026-05-31"}


def test_events_of_other_programs(stage: Stage) -> None:
    anna = stage.join("Анна")
    stage.at("2026-03-12 12:00")
    for action, status in (("review", "given"), ("review", "refused"), ("survey", "given")):
        Activity.objects.create(
            program=stage.shop.program,
            merchant=stage.shop.merchant,
            account=anna,
            public_id=uuid.uuid4(),
            action=action,
            reference=status,
            rule="r",
            points=D(1),
            status=status,
            at=stage.now,
        )
    found = due(stage, CustomEvent(action="review"), "2026-03-12 11:00", "2026-03-12 13:00")
    assert [name for name, _occasion, _at in found] == ["Анна"]


def test_coming_into_a_segment_each_time(stage: Stage) -> None:
    anna, boris = stage.join("Анна"), stage.join("Борис")
    Account.objects.filter(pk=anna.pk).update(tags=["опт"])
    segment = keeping.make(
        merchant=stage.shop.merchant,
        name="Опт",
        definition=Definition((Clause(Tagged(any=("опт",))),)),
        now=stage.now,
        by="test",
    )
    stage.at("2026-03-12 12:00")
    campaign = stage.campaign(SegmentEntered(segment=segment.pk), timing=Timing(quiet_from=None, quiet_to=None))
    stage.beat()
    assert stage.turns() == []  # Anna was there before
    Account.objects.filter(pk=boris.pk).update(tags=["опт"])
    Account.objects.filter(pk=anna.pk).update(tags=[])
    stage.story.later(minutes=16)
    stage.beat()
    assert stage.turns(campaign) == [("Борис", "done", "")]
    Account.objects.filter(pk=anna.pk).update(tags=["опт"])
    stage.story.later(minutes=16)
    stage.beat()
    stage.story.later(days=1)
    stage.beat()
    assert [name for name, _state, _why in stage.turns(campaign)] == ["Борис", "Анна"]


def test_the_reference_is_of_these_classes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("campaign_vocabulary")
    assert capsys.readouterr().out == Path("docs/campaigns-reference.md").read_text()
